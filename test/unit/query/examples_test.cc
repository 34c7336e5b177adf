// Every example of the reference (query-language.md §10), and the shapes seen in the wild behind it.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "unit/query/run.h"

namespace nave::query::test {
namespace {

const std::string kFolder = NAVE_SOURCE_DIR "/test/golden/query/";

json::Object fixture() {
  std::ifstream file(kFolder + "fixture.json");
  std::stringstream text;
  text << file.rdbuf();
  auto out = json::parse(text.str());
  return std::move(*out.value().if_object());
}

const json::Array& documents(const json::Object& fixture, Collection collection) {
  constexpr const char* kNames[] = {"devices", "modules", "jobs"};
  return *fixture.find(kNames[static_cast<size_t>(collection)])->if_array();
}

std::string id_of(const json::Object& row, Collection collection) {
  const std::string device = *row.find("deviceId")->if_string();
  if (collection == Collection::kModules) return device + "/" + *row.find("moduleId")->if_string();
  return collection == Collection::kJobs ? *row.find("jobId")->if_string() + "/" + device : device;
}

// Numbers by value, members by name.
std::string canonical(const json::Value& v) {
  if (const json::Number* n = v.if_number()) return std::to_string(std::stod(n->text));
  const json::Object* object = v.if_object();
  if (object == nullptr) return json::to_text(v);
  std::set<std::string> members;
  for (const json::Member& m : *object) members.insert(m.name + ":" + canonical(m.value));
  std::string out;
  for (const std::string& m : members) out += m + ",";
  return "{" + out + "}";
}

std::multiset<std::string> expected_rows(const std::string& type, const std::string& text) {
  std::multiset<std::string> out;
  if (type == "Raw") {
    const auto rows = json::parse(text);
    for (const json::Value& row : *rows.value().if_array()) out.insert(canonical(row));
  } else {
    std::istringstream ids(text);
    for (std::string id; ids >> id;) out.insert(id);
  }
  return out;
}

std::string item_type(const Statement& s) {
  if (s.collection == Collection::kJobs) return "DeviceJob";
  return s.selects_all() ? "Twin" : "Raw";
}

TEST(QueryExamples, EveryExampleOfTheReference) {
  const json::Object data = fixture();
  std::ifstream file(kFolder + "examples.txt");
  size_t examples = 0;
  for (std::string query, answer; std::getline(file, query);) {
    if (query.empty() || query[0] == '#') continue;
    SCOPED_TRACE(query);
    ASSERT_TRUE(std::getline(file, answer));
    ++examples;
    const auto statement = parse(query);
    const std::string type = answer.substr(0, answer.find(' '));
    EXPECT_EQ(statement ? item_type(*statement) : "400", type) << (statement ? "" : statement.error().message);
    if (!statement || type == "400") continue;
    std::multiset<std::string> rows;
    for (const std::string& text : run(*statement, documents(data, statement->collection))) {
      const auto row = json::parse(text);
      rows.insert(type == "Raw" ? canonical(row.value()) : id_of(*row->if_object(), statement->collection));
    }
    EXPECT_EQ(rows, expected_rows(type, answer.substr(type.size())));
  }
  EXPECT_EQ(examples, 85U);
}

TEST(QueryExamples, ShapesInUse) {
  for (const char* condition : {
           "DeviceId IN ['x']",
           "deviceId = 'urn:di:simulator001'",
           "tags.tfacc = 'm'",
           "(tags.__type__ = 'iiotedge' AND IS_DEFINED(tags.unmanaged))",
           "tags.building=9 and tags.environment='test'",
           "properties.reported.chillerWaterSettings.status='pending'",
           "properties.desired.$metadata.$lastUpdated >= '2023-01-01T00:00:00.0000000Z' OR "
           "properties.reported.$metadata.DevAddr.$lastUpdated >= '2023-01-01T00:00:00.0000000Z'",
           "is_defined(properties.desired.AppKey) OR is_defined(properties.desired.AppSKey)",
           "(NOT IS_DEFINED (tags.deviceType) OR tags.deviceType <> 'LoRa Concentrator') AND (capabilities.iotEdge = "
           "false)",
       }) {
    EXPECT_TRUE(parse(std::string("\n  SELECT * FROM devices where ") + condition)) << condition;
  }
  EXPECT_TRUE(parse("select moduleId from devices.modules where tags.location='US'"));
  EXPECT_TRUE(parse("SELECT * FROM devices.modules WHERE properties.reported.__type__ = 'OpcPublisher'"));
}

// reference/query-language.md §7: the key of each column is what Azure IoT Explorer and lorawan-starterkit look for.
TEST(QueryExamples, TheAnswerKeepsSpellingOfNumbers) {
  EXPECT_EQ(run("SELECT tags.a FROM devices", R"([{"tags":{"a":1.0}},{"tags":{"a":1e2}}])"), R"({"a":1.0} {"a":1e2})");
}

}  // namespace
}  // namespace nave::query::test
