// A service that sends to devices over HTTPS, empties queues, and asks what became of its messages.
#pragma once

#include <string>
#include <vector>

#include "sim/actors/actor.h"
#include "sim/actors/http_client.h"

namespace nave::sim {

class C2dBackEnd final : public Actor {
 public:
  // `changing` ones may be gone or disabled at the end, when nobody can receive what waits for them.
  C2dBackEnd(Stage& stage, std::vector<IdentityKey> keys, std::vector<IdentityKey> changing)
      : Actor(stage), keys_(std::move(keys)), changing_(std::move(changing)), client_(stage) {}

  [[nodiscard]] std::string waits_for() const override;
  void check() override;

 private:
  struct Held {
    FeedbackLedger::Batch batch;
    std::string lock;
  };
  void act() override;
  void close_all() override { client_.drop(); }
  void send(const IdentityKey& to);
  void purge(const IdentityKey& key);
  void receive_feedback();
  void settle_feedback(const Held& held);
  // `reply` hears nullopt if the answer is lost.
  void call(const std::string& method, const std::string& path, const std::string& body, HttpClient::Headers headers,
            HttpClient::Reply reply);

  const std::vector<IdentityKey> keys_;
  const std::vector<IdentityKey> changing_;
  HttpClient client_;
  std::vector<Held> held_;
};

}  // namespace nave::sim
