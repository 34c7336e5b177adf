// The AMQP front with the Event-Hubs-compatible endpoint on a log in memory.
#pragma once

#include <string>
#include <vector>

#include "front/eventhub/event_hub.h"
#include "front/eventhub/nodes.h"
#include "hub/telemetry/event.h"
#include "store/memory/event_log.h"
#include "unit/front/amqp/amqp_fixture.h"

namespace nave::test {

class EventHubFront : public AmqpFront {
 protected:
  static constexpr const char* kReceiver0 = "hub/ConsumerGroups/$Default/Partitions/0";

  EventHubFront() {
    info.amqp_port = 5671;
    front.router.add(front::eventhub::make_event_hub_node(event_hub));
  }
  ~EventHubFront() override { log.stop(); }

  void append(uint16_t partition, std::string_view body, size_t times = 1) {
    hub::EventView event;
    event.system = {{hub::SystemProperty::kConnectionDeviceId, "d1"}};
    event.body = body;
    std::string record;
    hub::encode_event(event, record);
    for (size_t i = 0; i < times; ++i) ASSERT_TRUE(log.append(PartitionId{partition}, record, {}, nobody));
    shard.run_until_idle();
  }
  // A connection whose SASL identity may read.
  [[nodiscard]] std::unique_ptr<FakeTransport> dial_reader() {
    auto transport = dial();
    AmqpClient client(*transport);
    client.plain("service@sas.root.hub", policy_token());
    client.connect();
    client.forget();
    return transport;
  }
  [[nodiscard]] static wamqp::Attach receiver(uint32_t handle, std::string_view source, std::string_view selector = "",
                                              std::optional<int64_t> epoch = {}) {
    wamqp::Attach v = AmqpClient::receiver(handle, "rx" + std::to_string(handle), source);
    if (!selector.empty()) {
      v.source->filter =
          wamqp::Value::map().add(wamqp::Value::of_symbol("apache.org:selector-filter:string"),
                                  wamqp::Value::described(wamqp::Value::of_symbol("apache.org:selector-filter:string"),
                                                          wamqp::Value::of_string(selector)));
    }
    if (epoch) {
      v.properties =
          wamqp::Value::map().add(wamqp::Value::of_symbol("com.microsoft:epoch"), wamqp::Value::of_long(*epoch));
    }
    return v;
  }
  // The error of the oldest detach; empty condition if there is none.
  [[nodiscard]] static wamqp::Error detach_error(AmqpClient& client) {
    const auto detach = client.take(wamqp::Code::kDetach);
    if (!detach) return {};
    return detach->as<wamqp::Detach>().error.value_or(wamqp::Error{"none", {}, {}});
  }
  [[nodiscard]] static std::string body_of(const AmqpMessage& message) {
    std::string scratch;
    return std::string(message.view().data(scratch));
  }
  [[nodiscard]] static std::vector<std::string> bodies(AmqpClient& client) {
    std::vector<std::string> out;
    while (const auto message = client.take_message()) out.push_back(body_of(*message));
    return out;
  }

  class Nobody final : public hub::AppendListener {
   public:
    void on_appended(std::vector<hub::AppendOutcome>) override {}
  };

  Nobody nobody;
  store::memory::MemoryEventLog log{4, shard.clock, shard.executor};
  front::eventhub::EventHub event_hub{
      log, info, authenticator, metrics, {{"backend"}, from_unix_ms(1'700'000'000'000)}};
};

}  // namespace nave::test
