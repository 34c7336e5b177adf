// What the peer of one connection has proven: tokens put on $cbs, or the one of SASL PLAIN. Links ask here whether they
// may be; when something is renewed, expires or is revoked the connection asks every link again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "hub/device/authenticator.h"

namespace nave::front::amqp {

class Grants {
 public:
  // `authenticator` outlives this.
  explicit Grants(const hub::Authenticator& authenticator) : authenticator_(authenticator) {}

  // Replaces the grant of the same policy and scope, or of the same identity. False when the connection already holds
  // limits::kAmqpGrantsPerConnectionMax others.
  [[nodiscard]] bool add(std::variant<hub::DeviceGrant, hub::ServiceGrant> grant, int64_t now_unix_seconds);

  // A policy grant with `right` on `resource` (segments below the host), if there is one.
  [[nodiscard]] const hub::ServiceGrant* service(auth::Right right,
                                                 const std::vector<std::string_view>& resource) const;
  // The identity's own token, if it was put.
  [[nodiscard]] const hub::DeviceGrant* device(const IdentityKey& key) const;

  // Drops what has expired and what no longer stands after a change of policies. True if anything was dropped. Keys of
  // devices are not looked up here: a device link learns of such changes through the SessionDirectory.
  [[nodiscard]] bool prune(int64_t now_unix_seconds);

  // When prune() should run next: every second while policies may change under a grant, otherwise at the next expiry.
  [[nodiscard]] int64_t check_within_ms(int64_t now_unix_seconds) const;

  [[nodiscard]] bool empty() const { return services_.empty() && devices_.empty(); }

 private:
  template <class Grant>
  struct Held {
    Grant grant;
    int64_t valid_until;
  };

  const hub::Authenticator& authenticator_;
  std::vector<Held<hub::ServiceGrant>> services_;
  std::unordered_map<IdentityKey, Held<hub::DeviceGrant>> devices_;
};

}  // namespace nave::front::amqp
