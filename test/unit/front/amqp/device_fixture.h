// The AMQP front with telemetry links, on a log that commits when told.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "front/amqp/telemetry_node.h"
#include "hub/device/registry.h"
#include "support/event_text.h"
#include "unit/front/amqp/amqp_fixture.h"
#include "unit/front/mqtt/held_stores.h"

namespace nave::test {

inline constexpr const char* kEventsOfD1 = "/devices/d1/messages/events";

// Sections in the order in which they are given.
class MessageText {
 public:
  [[nodiscard]] static std::string data(ByteView body) {
    std::string out;
    wamqp::MessageWriter(out).data(body);
    return out;
  }
  [[nodiscard]] static std::string application(const std::vector<std::pair<std::string, wamqp::Value>>& properties) {
    std::string out;
    auto map = wamqp::MessageWriter(out).application_properties();
    for (const auto& [name, value] : properties) map.value(name, value);
    map.end();
    return out;
  }
  [[nodiscard]] static std::string annotations(const std::vector<std::pair<std::string, std::string>>& annotations) {
    std::string out;
    auto map = wamqp::MessageWriter(out).message_annotations();
    for (const auto& [name, value] : annotations) map.string(name, value);
    map.end();
    return out;
  }
  [[nodiscard]] static std::string properties(const wamqp::Properties& properties) {
    std::string out;
    wamqp::MessageWriter(out).properties(properties);
    return out;
  }
  [[nodiscard]] static std::string value(const wamqp::Value& value) {
    std::string out;
    wamqp::MessageWriter(out).value(value);
    return out;
  }
  [[nodiscard]] static std::string batch(const std::vector<std::string>& messages) {
    std::string out;
    for (const std::string& m : messages) out += data(m);
    return out;
  }
};

// Twin writes wait, if told so.
class HoldingTwinStore final : public hub::TwinStore {
 public:
  explicit HoldingTwinStore(hub::TwinStore& inner) : inner_(inner) {}
  bool held = false;

  void release() {
    held = false;
    while (!waiting_.empty()) {
      Put put = std::move(waiting_.front());
      waiting_.pop_front();
      inner_.put_twin(std::move(put.write), *put.reply_on, std::move(put.reply));
    }
  }
  [[nodiscard]] Result<std::optional<hub::Twin>, hub::StoreError> load_twin(const IdentityKey& key) const override {
    return inner_.load_twin(key);
  }
  void put_twin(hub::TwinWrite write, Executor& reply_on, hub::StoreReply reply) override {
    waiting_.push_back({std::move(write), &reply_on, std::move(reply)});
    if (!held) release();
  }

 private:
  struct Put {
    hub::TwinWrite write;
    Executor* reply_on;
    hub::StoreReply reply;
  };
  hub::TwinStore& inner_;
  std::deque<Put> waiting_;
};

class AmqpDevices : public AmqpFront {
 protected:
  AmqpDevices() {
    add_identity({"d2", ""});
    add_identity({"d1", "m1"});
    front.router.add(front::amqp::make_telemetry_node(services, {&ingest}));
  }
  ~AmqpDevices() override { log.stop(); }

  void add_identity(const IdentityKey& key) {
    hub::IdentityWrite write;
    write.expect = hub::IdentityWrite::Expect::kAbsent;
    write.identity.key = key;
    write.identity.generation_id = "637375045610235418";
    write.identity.authentication.primary_key = device_key;
    write.identity.authentication.secondary_key = other_key;
    store.apply({write}, shard.executor, [](auto result) { ASSERT_TRUE(result); });
    shard.run_until_idle();
  }
  // A registry change as the service API makes it, sessions told.
  template <class F>
  void change_identity(const IdentityKey& key, F change) {
    hub::IdentityWrite write;
    write.expect = hub::IdentityWrite::Expect::kPresent;
    write.identity = store.find(key).value();
    change(write.identity);
    store.apply({write}, shard.executor, [](auto result) { ASSERT_TRUE(result); });
    shard.run_until_idle();
    directory.reauthorize(write.identity);
    shard.run_until_idle();
  }
  [[nodiscard]] std::string token_of(const IdentityKey& key, int64_t seconds = 3600) const {
    return token_signed(key, device_key, seconds);
  }
  [[nodiscard]] std::string token_signed(const IdentityKey& key, const std::string& with,
                                         int64_t seconds = 3600) const {
    std::string resource = std::string(kHost) + "/devices/" + key.device;
    if (key.is_module()) resource += "/modules/" + key.module;
    return auth::make_sas(resource, with, now_s() + seconds, "");
  }
  // Everything appended so far becomes durable, and the links hear of it.
  void commit() {
    while (log_thread.run_one()) {
    }
    shard.run_until_idle();
  }
  [[nodiscard]] std::vector<std::string> events(const std::string& device, bool with_stamps = false) {
    return events_of(log, shard, ingest.partition_of_device(device), device, with_stamps);
  }
  [[nodiscard]] bool connected(const IdentityKey& key) const { return directory.presence(key).has_value(); }

  const std::string other_key = base64_encode("other-key-of-32-bytes-..........");
  QueueExecutor log_thread;
  hub::SessionDirectory directory{store, shard.clock, metrics};
  FailingEventLog log{4, shard.clock, log_thread};
  hub::Ingest ingest{log, info, shard.context, metrics};
  hub::Registry registry{store, directory, info, shard.clock};
  HoldingTwinStore twin_store{store};
  hub::TwinService twins{twin_store, registry, directory, shard.clock, metrics};
  front::amqp::DeviceServices services{directory, twins, info, metrics};
};

// A connection with $cbs attached on channel 0, handles 0 and 1.
class DeviceClient {
 public:
  explicit DeviceClient(std::unique_ptr<FakeTransport> dialled) : transport(std::move(dialled)), amqp(*transport) {
    amqp.connect();
    amqp.attach(0, AmqpClient::sender(0, "cbs-tx", "$cbs"));
    amqp.attach(0, AmqpClient::receiver(1, "cbs-rx", "$cbs"));
    amqp.credit(0, 1, 10'000);
    amqp.forget();
  }
  ~DeviceClient() { transport->drop(); }
  DeviceClient(const DeviceClient&) = delete;
  DeviceClient& operator=(const DeviceClient&) = delete;

  // The status code of the answer.
  int put(const std::string& token) {
    amqp.transfer(0, 0,
                  amqp_request(wamqp::Value::of_string("put"), "",
                               {{"operation", "put-token"}, {"type", "servicebus.windows.net:sastoken"}, {"name", "x"}},
                               wamqp::Value::of_string(token)));
    const auto reply = amqp.take_message();
    amqp.forget();
    if (!reply) return 0;
    const auto status = wamqp::find_entry(reply->view().application_properties(), "status-code");
    return static_cast<int>(status.as_int64().value_or(-1));
  }
  // "" when attached with credit, else the condition of the refusal.
  std::string attach(uint32_t handle, const std::string& address, uint16_t channel = 0) {
    return attach(AmqpClient::sender(handle, "TelemetrySenderLink-" + std::to_string(handle), address), channel);
  }
  std::string attach(const wamqp::Attach& request, uint16_t channel = 0) {
    amqp.forget();
    amqp.attach(channel, request);
    if (!amqp.take(wamqp::Code::kAttach)) return "no answer";
    if (const auto detach = amqp.take(wamqp::Code::kDetach))
      return detach->as<wamqp::Detach>().error.value_or(wamqp::Error{"none", {}, {}}).condition;
    return amqp.take(wamqp::Code::kFlow) ? "" : "no credit";
  }
  // The oldest detach that the server sent: its condition, "" if there is none.
  std::string detached() {
    const auto detach = amqp.take(wamqp::Code::kDetach);
    if (!detach) return "";
    return detach->as<wamqp::Detach>().error.value_or(wamqp::Error{"none", {}, {}}).condition;
  }
  // "first-last outcome" of every disposition that came, in order.
  std::vector<std::string> dispositions() {
    std::vector<std::string> out;
    while (const auto f = amqp.take(wamqp::Code::kDisposition)) {
      const auto d = f->as<wamqp::Disposition>();
      const auto outcome = wamqp::decode_outcome(d.state);
      std::string word = "?";
      if (std::holds_alternative<wamqp::Accepted>(outcome)) word = "accepted";
      if (const auto* r = std::get_if<wamqp::Rejected>(&outcome)) word = r->error ? r->error->condition : "rejected";
      if (!d.settled || d.role != wamqp::Role::kReceiver) word += " unsettled";
      out.push_back(std::to_string(d.first) + "-" + std::to_string(d.last.value_or(d.first)) + " " + word);
    }
    return out;
  }

  std::unique_ptr<FakeTransport> transport;
  AmqpClient amqp;
};

}  // namespace nave::test
