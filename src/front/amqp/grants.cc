#include "front/amqp/grants.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace nave::front::amqp {
namespace {

constexpr int64_t kCheckMsMin = 1000;
constexpr int64_t kCheckMsMax = 60'000;  // wall-clock time may jump

// A grant ends when its token says so. A token that was taken although its time had passed (clock skew) lasts as long
// as it could still have been taken.
int64_t end_of(const hub::Credential& credential, int64_t now) {
  if (credential.expires_unix_seconds > now) return credential.expires_unix_seconds;
  return credential.expires_unix_seconds + limits::kSasClockSkewSeconds;
}

bool same_place(const hub::ServiceGrant& a, const hub::ServiceGrant& b) {
  return a.credential.policy == b.credential.policy && a.scope == b.scope;
}

}  // namespace

bool Grants::add(std::variant<hub::DeviceGrant, hub::ServiceGrant> grant, int64_t now_unix_seconds) {
  const bool full = services_.size() + devices_.size() >= limits::kAmqpGrantsPerConnectionMax;
  if (auto* device = std::get_if<hub::DeviceGrant>(&grant)) {
    const IdentityKey key = device->identity.key;
    if (full && !devices_.contains(key)) return false;
    const int64_t until = end_of(device->credential, now_unix_seconds);
    devices_.insert_or_assign(key, Held<hub::DeviceGrant>{std::move(*device), until});
    return true;
  }
  auto& service = std::get<hub::ServiceGrant>(grant);
  const int64_t until = end_of(service.credential, now_unix_seconds);
  const auto old = std::find_if(services_.begin(), services_.end(),
                                [&](const auto& held) { return same_place(held.grant, service); });
  if (old != services_.end()) {
    *old = {std::move(service), until};
    return true;
  }
  if (full) return false;
  services_.push_back({std::move(service), until});
  return true;
}

const hub::ServiceGrant* Grants::service(auth::Right right, const std::vector<std::string_view>& resource) const {
  for (const auto& held : services_) {
    if (held.grant.allows(right, resource)) return &held.grant;
  }
  return nullptr;
}

const hub::DeviceGrant* Grants::device(const IdentityKey& key) const {
  const auto held = devices_.find(key);
  return held == devices_.end() ? nullptr : &held->second.grant;
}

bool Grants::prune(int64_t now_unix_seconds) {
  const size_t revoked = std::erase_if(services_, [&](const auto& held) {
    return held.valid_until <= now_unix_seconds || !authenticator_.still_stands(held.grant.credential);
  });
  const size_t expired =
      std::erase_if(devices_, [&](const auto& entry) { return entry.second.valid_until <= now_unix_seconds; });
  return revoked + expired > 0;
}

int64_t Grants::check_within_ms(int64_t now_unix_seconds) const {
  if (!services_.empty()) return kCheckMsMin;
  int64_t within = kCheckMsMax;
  for (const auto& [key, held] : devices_) within = std::min(within, (held.valid_until - now_unix_seconds) * 1000);
  return std::max(within, kCheckMsMin);
}

}  // namespace nave::front::amqp
