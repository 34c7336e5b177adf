// Devices that ask for their cloud-to-device messages over HTTPS, beside whatever else they are connected with: they
// complete, reject, abandon, or forget them.
#pragma once

#include <string>
#include <vector>

#include "hub/c2d/outcome.h"
#include "sim/actors/actor.h"
#include "sim/actors/http_client.h"

namespace nave::sim {

class HttpReceiver final : public Actor {
 public:
  HttpReceiver(Stage& stage, std::vector<IdentityKey> keys) : Actor(stage), keys_(std::move(keys)), client_(stage) {}

  [[nodiscard]] std::string waits_for() const override {
    return client_.busy() || !held_.empty() ? "an HTTPS receiver" : "";
  }

 private:
  struct Held {
    IdentityKey key;
    std::string body;
    std::string lock;
  };
  void act() override;
  void close_all() override { client_.drop(); }
  void receive(const IdentityKey& key);
  void settle(const Held& held);

  const std::vector<IdentityKey> keys_;
  HttpClient client_;
  std::vector<Held> held_;
};

}  // namespace nave::sim
