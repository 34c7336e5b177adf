// A hub small enough for a test: one device, two policies, one fake shard, and connections to the AMQP front.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "auth/sas_token.h"
#include "base/base64.h"
#include "front/amqp/cbs_node.h"
#include "front/amqp/connection.h"
#include "store/memory/device_store.h"
#include "support/fake_transport.h"
#include "unit/front/amqp/amqp_client.h"

namespace nave::test {

class AmqpFront : public ::testing::Test {
 protected:
  static constexpr const char* kHost = "hub.example";

  AmqpFront() {
    info.host_name = kHost;
    info.aliases = {"localhost"};
    hub::IdentityWrite write;
    write.expect = hub::IdentityWrite::Expect::kAbsent;
    write.identity.key = {"d1", ""};
    write.identity.authentication.primary_key = device_key;
    store.apply({write}, shard.executor, [](auto result) { ASSERT_TRUE(result); });
    shard.run_until_idle();
    front.router.add(std::make_unique<front::amqp::CbsNode>());
  }

  [[nodiscard]] int64_t now_s() const { return unix_seconds(shard.clock.utc()); }
  [[nodiscard]] std::string policy_token(const std::string& policy = "service", std::string resource = kHost,
                                         int64_t seconds = 3600) const {
    return auth::make_sas(resource, policy == "service" ? service_key : device_policy_key, now_s() + seconds, policy);
  }
  [[nodiscard]] std::string device_token(int64_t seconds = 3600) const {
    return auth::make_sas(std::string(kHost) + "/devices/d1", device_key, now_s() + seconds, "");
  }
  // A new connection to the front; the transport owns its handler.
  [[nodiscard]] std::unique_ptr<FakeTransport> dial() {
    auto transport = std::make_unique<FakeTransport>(shard);
    transport->open(factory(shard.context));
    return transport;
  }

  const std::string service_key = base64_encode("service-key-of-32-bytes-........");
  const std::string device_policy_key = base64_encode("device-policy-key-of-32-bytes...");
  const std::string device_key = base64_encode("device-key-of-32-bytes-.........");

  FakeShard shard;
  Metrics metrics;
  hub::HubInfo info;
  store::memory::MemoryDeviceStore store;
  auth::Policies policies{
      {{"service", auth::Rights{auth::Right::kServiceConnect}, service_key, base64_encode("another 16 bytes")},
       {"device", auth::Rights{auth::Right::kDeviceConnect}, device_policy_key, base64_encode("another 16 bytes")}}};
  hub::Authenticator authenticator{store, policies, info, shard.clock};
  front::amqp::FrontContext front{info, authenticator, metrics};
  net::HandlerFactory factory = front::amqp::make_amqp_factory(front);
};

// Puts a token through a $cbs pair on channel 0, handles 0 and 1, and returns the status code of the reply.
inline int put_token(AmqpClient& client, const std::string& token,
                     const std::string& type = "servicebus.windows.net:sastoken") {
  client.attach(0, AmqpClient::sender(0, "cbs-tx", "$cbs"));
  client.attach(0, AmqpClient::receiver(1, "cbs-rx", "$cbs"));
  client.credit(0, 1, 10);
  client.transfer(
      0, 0,
      amqp_request(wamqp::Value::of_string("put"), "", {{"operation", "put-token"}, {"type", type}, {"name", "x"}},
                   wamqp::Value::of_string(token)));
  const auto reply = client.take_message();
  if (!reply) return 0;
  const auto status = wamqp::find_entry(reply->view().application_properties(), "status-code");
  client.forget();
  return static_cast<int>(status.as_int64().value_or(-1));
}

}  // namespace nave::test
