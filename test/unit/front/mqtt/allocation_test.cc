// What a connection costs: nothing from the heap for each message, and little for being there. Counts every allocation
// of this program through the replaced operator new.
#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "unit/front/mqtt/rig.h"

namespace {
std::atomic<size_t> allocations{0};
std::atomic<int64_t> live_bytes{0};

void* counted_allocation(size_t size) {
  void* const p = std::malloc(size);
  if (p == nullptr) std::abort();
  allocations.fetch_add(1, std::memory_order_relaxed);
  live_bytes.fetch_add(static_cast<int64_t>(malloc_usable_size(p)), std::memory_order_relaxed);
  return p;
}

void counted_free(void* p) {
  if (p != nullptr) live_bytes.fetch_sub(static_cast<int64_t>(malloc_usable_size(p)), std::memory_order_relaxed);
  std::free(p);
}
}  // namespace

void* operator new(size_t size) {
  return counted_allocation(size);
}
// The standard library's sorting asks this one; whoever frees does not know which it was.
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return counted_allocation(size);
}
void operator delete(void* p) noexcept {
  counted_free(p);
}
void operator delete(void* p, const std::nothrow_t&) noexcept {
  counted_free(p);
}
void operator delete(void* p, size_t) noexcept {
  counted_free(p);
}

namespace nave::front::mqtt {
namespace {

using namespace nave::test;

const IdentityKey kDevice{"dev-1", ""};

// A hub whose log takes everything and keeps nothing.
class NowhereLog final : public hub::EventLog {
 public:
  [[nodiscard]] uint16_t partition_count() const override { return 4; }
  [[nodiscard]] bool append(PartitionId, std::string_view, hub::AppendTicket ticket, hub::AppendListener&) override {
    last = ticket;
    ++appended;
    return true;
  }
  [[nodiscard]] hub::PartitionInfo info(PartitionId) const override { return {}; }
  [[nodiscard]] SequenceNumber resolve(PartitionId, hub::EventPosition) const override { return {}; }
  void read(PartitionId, SequenceNumber, size_t, size_t, Executor&, hub::EventReply) override {}
  uint64_t wait(PartitionId, SequenceNumber, Executor&, UniqueFunction<void()>) override { return 0; }
  void cancel_wait(uint64_t) override {}

  hub::AppendTicket last;
  size_t appended = 0;
};

class MqttCost : public testing::Test {
 protected:
  MqttRig rig_;
  NowhereLog log_;
  hub::Ingest ingest_{log_, rig_.hub_info, rig_.shard.context, rig_.metrics};
  net::HandlerFactory factory_ = make_mqtt_factory({.authenticator = rig_.authenticator,
                                                    .directory = rig_.directory,
                                                    .store = rig_.store,
                                                    .hub = rig_.hub_info,
                                                    .metrics = rig_.metrics,
                                                    .ingests = {&ingest_},
                                                    .twins = rig_.twins,
                                                    .methods = rig_.methods,
                                                    .c2d = rig_.c2d});
};

TEST_F(MqttCost, ATelemetryMessageAllocatesNothing) {
  FakeTransport transport(rig_.shard);
  transport.open(factory_(rig_.shard.context));
  transport.deliver(connect_packet(rig_.connect_spec(kDevice)));
  auto& sink = dynamic_cast<hub::TelemetrySink&>(*transport.handler());
  const std::string packet = publish_packet(
      "devices/dev-1/messages/events/"
      "%24.mid=m%201&%24.ct=application%2Fjson&temperature%20alert=yes&%24.exp=2030-01-01",
      std::string(256, 'x'), 1, 7);
  const auto one_message = [&] {
    transport.sent.clear();
    transport.handler()->on_bytes(packet);
    sink.on_telemetry_done(log_.last.detail, true);
    sink.on_telemetry_batch_end();
  };
  one_message();
  const size_t before = allocations;
  for (int i = 0; i < 1000; ++i) one_message();
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_EQ(log_.appended, 1001U);
  EXPECT_EQ(transport.sent, puback(7));
  transport.drop();
}

TEST_F(MqttCost, AnIdleConnectionIsSmall) {
  FakeTransport transport(rig_.shard);
  transport.sent.reserve(64);
  const std::string packet = connect_packet(rig_.connect_spec(kDevice));
  {
    // Whatever grows once for all connections.
    MqttClient other(rig_);
    other.connect(rig_, {"dev-2", ""});
  }
  const int64_t before = live_bytes;
  transport.open(factory_(rig_.shard.context));
  transport.deliver(packet);
  transport.deliver(publish_packet("devices/dev-1/messages/events/", std::string(1000, 'x'), 1, 1).substr(0, 500));
  transport.deliver(publish_packet("devices/dev-1/messages/events/", std::string(1000, 'x'), 1, 1).substr(500));
  transport.deliver(subscribe_packet(1, {{"$iothub/methods/POST/#", 0}}));
  // With the entry in the directory, the subscription in the memory store, and one scratch of the shard.
  EXPECT_LT(live_bytes - before, 3500);
  transport.drop();
}

}  // namespace
}  // namespace nave::front::mqtt
