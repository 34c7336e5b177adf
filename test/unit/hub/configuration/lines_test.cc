#include "hub/configuration/lines.h"

#include <gtest/gtest.h>

#include "json/parse.h"
#include "store/memory/device_store.h"
#include "support/fake_shard.h"
#include "support/thread_executor.h"

namespace nave::hub {
namespace {

class ConfigurationLinesTest : public testing::Test {
 protected:
  ConfigurationLinesTest() {
    registry.set_listener(service.listener());
    twins.set_listener(service.listener());
  }
  ~ConfigurationLinesTest() override { worker.stop(); }
  std::string imported(const std::string& line) {
    const auto error = lines.import_line(json::parse(line).value());
    return error ? error->message : "";
  }

  test::FakeShard shard;
  Metrics metrics;
  store::memory::MemoryDeviceStore store;
  HubInfo hub{"hub.example.test", {}};
  SessionDirectory sessions{store, shard.clock, metrics};
  Registry registry{store, sessions, hub, shard.clock};
  TwinService twins{store, registry, sessions, shard.clock, metrics};
  test::ThreadExecutor worker;
  ConfigurationService service{{store, store, store, store, registry, twins, worker, shard.clock}, metrics};
  LinesOfConfigurations lines{service};
};

constexpr const char* kSmall =
    R"({"id":"a","content":{"deviceContent":{"properties.desired.x":{"Kept":1}}},"targetCondition":"*","priority":3,)"
    R"("labels":{"Who":"me"},"metrics":{"queries":{"Own":"SELECT deviceId FROM devices"}}})";

TEST_F(ConfigurationLinesTest, NamesOfTheServiceBeginWithCapitalsThoseOfUsersStay) {
  EXPECT_EQ(imported(kSmall), "");
  const std::string text = lines.export_lines().value();
  for (const char* part :
       {R"("Id":"a")", R"("Content":{"DeviceContent":{"properties.desired.x":{"Kept":1}}})", R"("TargetCondition":"*")",
        R"("Priority":3)", R"("Labels":{"Who":"me"})", R"("Own":)", R"("Queries":)", R"("ETag":)"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  }
  EXPECT_EQ(text.find('\n'), text.size() - 1);
}

TEST_F(ConfigurationLinesTest, WhatWasExportedComesBack) {
  EXPECT_EQ(imported(kSmall), "");
  const std::string line = lines.export_lines().value();
  EXPECT_EQ(imported(line), "") << "over one that is there";
  store::memory::MemoryDeviceStore other_store;
  ConfigurationService other{{other_store, other_store, other_store, other_store, registry, twins, worker, shard.clock},
                             metrics};
  LinesOfConfigurations there(other);
  EXPECT_FALSE(there.import_line(json::parse(line).value()));
  const auto id_and_content = [](const std::string& text) {
    const json::Value value = json::parse(text).value();
    return std::pair(*value.if_object()->find("Id"), *value.if_object()->find("Content"));
  };
  EXPECT_EQ(id_and_content(there.export_lines().value()), id_and_content(line));
  worker.stop();  // before the other service goes
}

TEST_F(ConfigurationLinesTest, BadLinesSayWhy) {
  EXPECT_EQ(imported("[]"), "The line is not a JSON object");
  EXPECT_EQ(imported("{}"), "The line has no valid configuration id");
  EXPECT_EQ(imported(R"({"id":"Upper"})"), "The line has no valid configuration id");
  EXPECT_NE(imported(R"({"Id":"a"})"), "") << "without content";
  EXPECT_EQ(lines.export_lines().value(), "");
}

}  // namespace
}  // namespace nave::hub
