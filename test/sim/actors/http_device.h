// A device that sends telemetry over HTTPS.
#pragma once

#include <string>
#include <vector>

#include "sim/actors/actor.h"
#include "sim/actors/http_client.h"

namespace nave::sim {

class HttpDevice final : public Actor {
 public:
  HttpDevice(Stage& stage, IdentityKey key) : Actor(stage), key_(std::move(key)), client_(stage) {}

  [[nodiscard]] std::string waits_for() const override {
    return client_.busy() ? "an answer to " + client_.what() : "";
  }

 private:
  void act() override;
  void close_all() override { client_.drop(); }
  void send_messages();

  const IdentityKey key_;
  HttpClient client_;
  uint64_t stream_ = 0;
};

}  // namespace nave::sim
