// A hub on one fake shard with an MQTT front on it: the real services over memory stores, a disk that commits when
// told, and clients that are fake transports.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "auth/sas_token.h"
#include "front/mqtt/front.h"
#include "store/memory/device_store.h"
#include "store/memory/event_log.h"
#include "support/event_text.h"
#include "support/fake_shard.h"
#include "support/fake_transport.h"
#include "unit/front/mqtt/held_stores.h"
#include "unit/wire/mqtt/client_packets.h"

namespace nave::test {

inline const std::string kHost = "hub1.example.test";
inline const std::string kKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
inline const std::string kOtherKey = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

class MqttRig {
 public:
  MqttRig() {
    add_identity({"dev-1", ""});
    add_identity({"dev-1", "mod-1"});
    add_identity({"dev-2", ""});
  }
  ~MqttRig() { log.stop(); }

  void add_identity(const IdentityKey& key) {
    hub::Identity identity;
    identity.key = key;
    identity.generation_id = "637375045610235418";
    identity.authentication.primary_key = kKey;
    identity.authentication.secondary_key = kOtherKey;
    write(std::move(identity), hub::IdentityWrite::Expect::kAbsent);
  }
  // Changes an identity in the store, without telling anyone.
  template <class F>
  void change_identity(const IdentityKey& key, F change) {
    hub::Identity identity = store.find(key).value();
    change(identity);
    write(std::move(identity), hub::IdentityWrite::Expect::kPresent);
  }

  [[nodiscard]] int64_t now_s() const { return unix_seconds(shard.clock.utc()); }
  [[nodiscard]] std::string token(const IdentityKey& key, int64_t lifetime_s = 3600) const {
    std::string resource = kHost + "/devices/" + key.device;
    if (key.is_module()) resource += "/modules/" + key.module;
    return auth::make_sas(resource, kKey, now_s() + lifetime_s, "");
  }
  [[nodiscard]] std::string policy_token(const std::string& policy, int64_t lifetime_s = 3600) const {
    return auth::make_sas(kHost, kKey, now_s() + lifetime_s, policy);
  }
  [[nodiscard]] static std::string username(const IdentityKey& key, const std::string& more = "") {
    return kHost + "/" + key.text() + "/?api-version=2021-04-12" + more;
  }
  [[nodiscard]] ConnectSpec connect_spec(const IdentityKey& key) const {
    return {.client_id = key.text(), .username = username(key), .password = token(key)};
  }

  // For connections that are made from now on: devices may ask for faults.
  void allow_faults() { factory = make_factory(&faults); }

  // Makes everything durable that was appended so far and tells the shard.
  void commit() {
    while (log_thread.run_one()) {
    }
    shard.run_until_idle();
  }

  // Every event of the device in the log, as text: see support/event_text.h.
  [[nodiscard]] std::vector<std::string> events(const std::string& device);

  [[nodiscard]] uint64_t closed(const std::string& reason) {
    return metrics.counter("nave_mqtt_closed_total", "", "reason=\"" + reason + "\"").value();
  }
  [[nodiscard]] uint64_t connects(const std::string& result) {
    return metrics.counter("nave_mqtt_connects_total", "", "result=\"" + result + "\"").value();
  }

  FakeShard shard;
  QueueExecutor log_thread;
  Metrics metrics;
  hub::HubInfo hub_info{.host_name = kHost, .aliases = {"gateway.local"}};
  HeldDeviceStore store;
  auth::Policies policies{{{"device", auth::Rights{auth::Right::kDeviceConnect}, kKey, kOtherKey},
                           {"service", auth::Rights{auth::Right::kServiceConnect}, kKey, kOtherKey}}};
  hub::Authenticator authenticator{store, policies, hub_info, shard.clock};
  hub::SessionDirectory directory{store, shard.clock, metrics};
  hub::Registry registry{store, directory, hub_info, shard.clock};
  HeldTwinStore twin_store{store.twins()};
  hub::TwinService twins{twin_store, registry, directory, shard.clock, metrics};
  hub::MethodService methods{registry, directory, 1, metrics};
  FailingEventLog log{hub_info.partition_count, shard.clock, log_thread};
  hub::Ingest ingest{log, hub_info, shard.context, metrics};
  hub::FaultInjection faults{shard.clock, metrics};
  net::HandlerFactory factory = make_factory(nullptr);

 private:
  [[nodiscard]] net::HandlerFactory make_factory(hub::FaultInjection* injection) {
    return front::mqtt::make_mqtt_factory({.authenticator = authenticator,
                                           .directory = directory,
                                           .store = store,
                                           .hub = hub_info,
                                           .metrics = metrics,
                                           .ingests = {&ingest},
                                           .twins = twins,
                                           .methods = methods,
                                           .faults = injection});
  }
  void write(hub::Identity identity, hub::IdentityWrite::Expect expect) {
    hub::IdentityWrite w;
    w.expect = expect;
    w.identity = std::move(identity);
    store.apply({std::move(w)}, shard.executor, [](const Result<void, hub::StoreError>&) {});
    shard.run_until_idle();
  }
};

// One client's connection.
class MqttClient {
 public:
  explicit MqttClient(MqttRig& rig) : transport(rig.shard) { transport.open(rig.factory(rig.shard.context)); }

  // The last call of a handler is on_closed(), in tests too.
  ~MqttClient() { transport.drop(); }
  MqttClient(const MqttClient&) = delete;
  MqttClient& operator=(const MqttClient&) = delete;

  // Sends, lets the hub work, and returns what it answered.
  std::string send(std::string_view bytes) {
    transport.deliver(bytes);
    return transport.take_sent();
  }
  std::string connect(MqttRig& rig, const IdentityKey& key, bool clean = false) {
    ConnectSpec spec = rig.connect_spec(key);
    spec.clean = clean;
    return send(connect_packet(spec));
  }
  [[nodiscard]] bool closed() const { return transport.closed; }

  FakeTransport transport;
};

inline std::string connack(uint8_t code, bool present = false) {
  return {'\x20', '\x02', static_cast<char>(present ? 1 : 0), static_cast<char>(code)};
}
inline std::string puback(unsigned id) {
  return puback_packet(id);
}
inline std::string suback(unsigned id, const std::string& codes) {
  return mqtt_packet(0x90, mqtt_u16(id) + codes);
}
inline std::string unsuback(unsigned id) {
  return mqtt_packet(0xb0, mqtt_u16(id));
}
inline std::string pingresp() {
  return mqtt_packet(0xd0, "");
}

inline std::vector<std::string> MqttRig::events(const std::string& device) {
  return events_of(log, shard, ingest.partition_of_device(device), device);
}

}  // namespace nave::test
