#include "hub/telemetry/ingest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "base/limits.h"
#include "support/fake_shard.h"

namespace nave::hub {
namespace {

using SP = SystemProperty;

// Keeps what is appended; commits when told.
class FakeLog final : public EventLog {
 public:
  [[nodiscard]] uint16_t partition_count() const override { return 4; }
  [[nodiscard]] bool append(PartitionId partition, std::string_view payload, AppendTicket ticket,
                            AppendListener& listener) override {
    if (refuse) return false;
    partitions.push_back(partition);
    payloads.emplace_back(payload);
    pending.push_back({ticket, SequenceNumber{static_cast<int64_t>(payloads.size()) - 1}, true});
    heard = &listener;
    return true;
  }
  void commit(bool ok = true) {
    for (AppendOutcome& o : pending) o.ok = ok;
    heard->on_appended(std::exchange(pending, {}));
  }
  [[nodiscard]] PartitionInfo info(PartitionId) const override { return {}; }
  [[nodiscard]] SequenceNumber resolve(PartitionId, EventPosition) const override { return {}; }
  void read(PartitionId, SequenceNumber, size_t, size_t, Executor&, EventReply) override {}
  uint64_t wait(PartitionId, SequenceNumber, Executor&, UniqueFunction<void()>) override { return 0; }
  void cancel_wait(uint64_t) override {}

  bool refuse = false;
  std::vector<PartitionId> partitions;
  std::vector<std::string> payloads;
  std::vector<AppendOutcome> pending;
  AppendListener* heard = nullptr;
};

class Sink final : public TelemetrySink {
 public:
  Sink(std::string name, std::vector<std::string>& calls) : name_(std::move(name)), calls_(calls) {}
  void on_telemetry_done(uint64_t detail, bool ok) override {
    calls_.push_back(name_ + std::to_string(detail) + (ok ? "" : "!"));
    if (then) then();
  }
  void on_telemetry_batch_end() override { calls_.push_back(name_ + "/"); }
  std::function<void()> then;

 private:
  std::string name_;
  std::vector<std::string>& calls_;
};

class IngestTest : public ::testing::Test {
 protected:
  IngestTest() {
    origin.identity = {"dev-1", ""};
    origin.generation_id = "637375045610235418";
    origin.auth_method = auth_method_json(AuthScope::kDevice, "sas");
    origin.partition = ingest.partition_of_device("dev-1");
  }
  HubResult<void> submit(uint64_t sink, uint64_t detail, std::string_view body = "x") {
    EventView event;
    event.body = body;
    return ingest.submit(event, origin, sink, detail);
  }
  [[nodiscard]] uint64_t metric(std::string_view name) { return metrics.counter(name, "").value(); }

  FakeLog log;
  HubInfo hub;
  test::FakeShard shard;
  Metrics metrics;
  Ingest ingest{log, hub, shard.context, metrics};
  TelemetryOrigin origin;
  std::vector<std::string> calls;
  Sink a{"a", calls};
  Sink b{"b", calls};
};

TEST(AuthMethod, Json) {
  EXPECT_EQ(auth_method_json(AuthScope::kDevice, "sas"),
            R"({"scope":"device","type":"sas","issuer":"iothub","acceptingIpFilterRule":null})");
  EXPECT_EQ(auth_method_json(AuthScope::kHub, "sas"),
            R"({"scope":"hub","type":"sas","issuer":"iothub","acceptingIpFilterRule":null})");
  EXPECT_EQ(auth_method_json(AuthScope::kModule, "x509"),
            R"({"scope":"module","type":"x509","issuer":"iothub","acceptingIpFilterRule":null})");
}

TEST_F(IngestTest, StampsTheConnection) {
  origin.identity.module = "m1";
  origin.model_id = "dtmi:x;1";
  const uint64_t id = ingest.attach(a);
  EventView event;
  event.system = {{SP::kMessageId, "mid"}};
  event.application = {{"k", "v"}};
  event.body = "body";
  ASSERT_TRUE(ingest.submit(event, origin, id, 1));
  ASSERT_EQ(log.payloads.size(), 1U);
  EXPECT_EQ(log.partitions[0], PartitionId{1});
  EventView stored;
  ASSERT_TRUE(decode_event(log.payloads[0], stored));
  EXPECT_EQ(stored.system.size(), 7U);
  EXPECT_EQ(stored.find(SP::kMessageId), "mid");
  EXPECT_EQ(stored.find(SP::kModelId), "dtmi:x;1");
  EXPECT_EQ(stored.find(SP::kConnectionDeviceId), "dev-1");
  EXPECT_EQ(stored.find(SP::kConnectionModuleId), "m1");
  EXPECT_EQ(stored.find(SP::kAuthMethod), origin.auth_method);
  EXPECT_EQ(stored.find(SP::kAuthGenerationId), "637375045610235418");
  EXPECT_EQ(stored.find(SP::kMessageSource), "Telemetry");
  EXPECT_EQ(stored.application.size(), 1U);
  EXPECT_EQ(stored.body, "body");
}

TEST_F(IngestTest, ADeviceCannotForgeTheStamps) {
  const uint64_t id = ingest.attach(a);
  EventView event;
  for (uint8_t p = 1; p <= 22; ++p) event.system.push_back({static_cast<SP>(p), "forged"});
  origin.model_id = "dtmi:real;1";
  ASSERT_TRUE(ingest.submit(event, origin, id, 1));
  EventView stored;
  ASSERT_TRUE(decode_event(log.payloads[0], stored));
  EXPECT_EQ(stored.find(SP::kConnectionDeviceId), "dev-1");
  EXPECT_EQ(stored.find(SP::kConnectionModuleId), std::nullopt) << "a device is not a module";
  EXPECT_EQ(stored.find(SP::kMessageSource), "Telemetry");
  EXPECT_EQ(stored.find(SP::kModelId), "dtmi:real;1");
  EXPECT_EQ(stored.find(SP::kAck), "forged") << "not a stamp: the device's own";
  EXPECT_EQ(std::ranges::count(stored.system, SP::kAuthMethod, &SystemPropertyValue::name), 1);
}

TEST_F(IngestTest, SizeLimitAtAndPastTheEdge) {
  const uint64_t id = ingest.attach(a);
  const std::string full(limits::kD2cMessageBytesMax, 'x');
  EXPECT_TRUE(submit(id, 1, full));
  const HubResult<void> refused = submit(id, 2, full + "x");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kMessageTooLarge);
  EXPECT_EQ(log.payloads.size(), 1U);

  EventView event;  // properties count as well
  event.body = std::string_view(full).substr(2);
  event.application = {{"k", "v"}};
  EXPECT_TRUE(ingest.submit(event, origin, id, 3));
  event = {};
  event.body = std::string_view(full).substr(1);
  event.application = {{"k", "v"}};
  EXPECT_FALSE(ingest.submit(event, origin, id, 4));
}

TEST_F(IngestTest, AFullLogThrottles) {
  const uint64_t id = ingest.attach(a);
  log.refuse = true;
  const HubResult<void> refused = submit(id, 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kThrottlingException);
  EXPECT_EQ(metric("d2c_telemetry_ingress_allProtocol"), 1U);
  EXPECT_EQ(metric("d2c_telemetry_ingress_sendThrottle"), 1U);
  EXPECT_EQ(metric("d2c_telemetry_ingress_success"), 0U);
  shard.run_until_idle();
  EXPECT_TRUE(calls.empty());
}

TEST_F(IngestTest, OneCommitIsOnePostAndOneBatchEndPerSink) {
  const uint64_t ia = ingest.attach(a);
  const uint64_t ib = ingest.attach(b);
  ASSERT_TRUE(submit(ia, 1));
  ASSERT_TRUE(submit(ib, 1));
  ASSERT_TRUE(submit(ia, 2));
  shard.run_until_idle();
  EXPECT_TRUE(calls.empty()) << "nothing before the commit";
  log.commit();
  EXPECT_TRUE(calls.empty()) << "nothing on the log's thread";
  ASSERT_TRUE(shard.executor.run_one());
  EXPECT_TRUE(shard.executor.idle());
  EXPECT_EQ(calls, (std::vector<std::string>{"a1", "b1", "a2", "a/", "b/"}));
  EXPECT_EQ(metric("d2c_telemetry_ingress_success"), 3U);

  calls.clear();
  ASSERT_TRUE(submit(ia, 3));
  log.commit();
  shard.run_until_idle();
  EXPECT_EQ(calls, (std::vector<std::string>{"a3", "a/"}));
}

TEST_F(IngestTest, AFailedLogIsToldAndNotCounted) {
  const uint64_t ia = ingest.attach(a);
  ASSERT_TRUE(submit(ia, 7));
  log.commit(false);
  shard.run_until_idle();
  EXPECT_EQ(calls, (std::vector<std::string>{"a7!", "a/"}));
  EXPECT_EQ(metric("d2c_telemetry_ingress_success"), 0U);
  EXPECT_EQ(metric("d2c_telemetry_ingress_allProtocol"), 1U);
}

TEST_F(IngestTest, AfterDetachNothingIsHeardEvenIfTheSlotIsTaken) {
  const uint64_t ia = ingest.attach(a);
  ASSERT_TRUE(submit(ia, 1));
  EXPECT_EQ(ingest.attached(), 1U);
  ingest.detach(ia);
  ingest.detach(ia);
  EXPECT_EQ(ingest.attached(), 0U);
  const uint64_t ib = ingest.attach(b);
  EXPECT_NE(ia, ib);
  log.commit();
  shard.run_until_idle();
  EXPECT_TRUE(calls.empty());
  ASSERT_TRUE(submit(ib, 2));
  log.commit();
  shard.run_until_idle();
  EXPECT_EQ(calls, (std::vector<std::string>{"b2", "b/"}));
}

TEST_F(IngestTest, SinksMayLeaveAndComeDuringDelivery) {
  const uint64_t ia = ingest.attach(a);
  const uint64_t ib = ingest.attach(b);
  std::vector<std::unique_ptr<Sink>> more;
  a.then = [&] {
    ingest.detach(ia);
    ingest.detach(ib);
    for (int i = 0; i < 100; ++i) {
      more.push_back(std::make_unique<Sink>("n", calls));
      EXPECT_NE(ingest.attach(*more.back()), 0U);
    }
  };
  ASSERT_TRUE(submit(ia, 1));
  ASSERT_TRUE(submit(ib, 1));
  ASSERT_TRUE(submit(ia, 2));
  log.commit();
  shard.run_until_idle();
  EXPECT_EQ(calls, (std::vector<std::string>{"a1"}));
}

}  // namespace
}  // namespace nave::hub
