// A service that calls the HTTPS API: it changes twins, calls methods, and creates, changes and deletes identities.
#pragma once

#include <string>
#include <vector>

#include "hub/ports.h"
#include "sim/actors/actor.h"
#include "sim/actors/http_client.h"

namespace nave::sim {

class BackEnd final : public Actor {
 public:
  // `stable` identities are never deleted; `own` ones are nobody else's to change. `rows` is what is on the disk.
  BackEnd(Stage& stage, std::vector<IdentityKey> stable, std::vector<IdentityKey> own, const hub::DeviceStore& rows)
      : Actor(stage), stable_(std::move(stable)), own_(std::move(own)), rows_(rows), client_(stage) {}

  [[nodiscard]] std::string waits_for() const override {
    return client_.busy() ? "an answer to " + client_.what() : "";
  }

 private:
  using OnAnswer = UniqueFunction<void(const HttpAnswer&)>;
  void act() override;
  void close_all() override { client_.drop(); }
  // `reply` is not called if the answer is lost.
  void call(const std::string& method, const std::string& path, const std::string& body, HttpClient::Headers headers,
            OnAnswer reply);

  void read_twin(const IdentityKey& key);
  // With the tag that was read before, if it is given.
  void write_twin(const IdentityKey& key, const std::string& etag, uint64_t version);
  void invoke_method(const IdentityKey& key);

  void put_identity(const IdentityKey& key, bool create, bool enabled);
  void delete_identity(const IdentityKey& key);

  const std::vector<IdentityKey> stable_;
  const std::vector<IdentityKey> own_;
  const hub::DeviceStore& rows_;
  HttpClient client_;
};

}  // namespace nave::sim
