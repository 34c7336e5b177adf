#include "hub/query/queried_twin.h"

#include <gtest/gtest.h>

#include <random>

#include "hub/twin/render.h"
#include "json/parse.h"
#include "query/json_document.h"

namespace nave::hub {
namespace {

Identity some_identity(bool module) {
  Identity out;
  out.key = {"d\"1", module ? "m" : ""};
  out.generation_id = "637131779299315265";
  out.etag = 12;
  out.status_reason = "why";
  out.device_scope = "ms-azure-iot-edge://e-1";
  out.parent_scopes = {"ms-azure-iot-edge://e-1", "x"};
  out.authentication.type = AuthType::kSelfSigned;
  out.authentication.primary_thumbprint = "AB";
  return out;
}

Twin some_twin() {
  Twin out;
  out.revision = 1;
  out.changes = 3;
  out.model_id = "dtmi:x;1";
  out.tags = R"({"a":{"b":[1,"two",{"c":null}]},"t":"tag \"x\"","n":1.50,"yes":true})";
  out.desired = {R"({"d":{"e":-2e3},"list":[]})", R"({"$lastUpdated":"2026-01-01T00:00:00Z","$lastUpdatedVersion":4})",
                 4};
  out.reported = {R"({"r":"é\n","o":{}})", R"({"$lastUpdated":"2026-01-01T00:00:00Z"})", 5};
  out.configurations = R"({"cfg":{"status":"Applied"}})";
  return out;
}

// The names of the document, and some that are not there.
query::Path random_path(std::mt19937& random) {
  static constexpr const char* kRoots[] = {"tags",         "configurations", "properties", "deviceId",
                                           "moduleId",     "etag",           "status",     "connectionState",
                                           "capabilities", "modelId",        "version",    "deviceScope",
                                           "parentScopes", "x509Thumbprint", "deviceEtag", "statusReason"};
  static constexpr const char* kNames[] = {"desired",  "reported",
                                           "a",        "b",
                                           "c",        "d",
                                           "e",        "t",
                                           "n",        "yes",
                                           "list",     "r",
                                           "o",        "$metadata",
                                           "$version", "$lastUpdated",
                                           "iotEdge",  "primaryThumbprint",
                                           "cfg",      "status",
                                           "absent"};
  query::Path out;
  out.steps.push_back({kRoots[random() % std::size(kRoots)], {}});
  for (size_t n = random() % 5; n > 0; --n) {
    if (random() % 4 == 0) {
      out.steps.push_back({"", static_cast<uint32_t>(random() % 4)});
    } else {
      out.steps.push_back({kNames[random() % std::size(kNames)], {}});
    }
  }
  return out;
}

std::string text(const query::Value& v) {
  return std::to_string(static_cast<int>(v.type)) + (v.boolean ? " true " : " ") + std::to_string(v.number) + " " +
         std::string(v.text);
}

// Wherever one looks, it says what the document says that the service API answers.
TEST(QueriedTwin, AgreesWithTheWholeDocument) {
  std::mt19937 random(3);
  for (const bool module : {false, true}) {
    for (const Twin& twin : {some_twin(), Twin{1, 1, "", R"({"a":1})", {}, {}, ""}}) {
      const Identity identity = some_identity(module);
      Presence presence;
      presence.connected = module;
      const json::Value whole = json::parse(service_twin_text(identity, presence, twin)).value();
      const query::JsonDocument expected(whole);
      for (int i = 0; i < 20'000; ++i) {
        const query::Path path = random_path(random);
        if (path.steps[0].name == "modelId" && twin.model_id.empty()) continue;  // to a query, none is none
        const QueriedTwin document(identity, presence, twin);
        EXPECT_EQ(text(document.find(path)), text(expected.find(path)));
        std::string found, wanted;
        EXPECT_EQ(document.write(path, found), expected.write(path, wanted));
        EXPECT_EQ(found, wanted);
        std::string seen, there;
        const auto collect = [](std::string& out) {
          return [&out](const query::Value& v) {
            out += text(v) + ",";
            return v.type == query::Type::kString;
          };
        };
        EXPECT_EQ(document.any_of(path, collect(seen)), expected.any_of(path, collect(there)));
        EXPECT_EQ(seen, there);
      }
    }
  }
}

}  // namespace
}  // namespace nave::hub
