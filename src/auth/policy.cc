#include "auth/policy.h"

#include "base/base64.h"
#include "base/random.h"

namespace nave::auth {

const Policy* PolicySet::find(std::string_view name) const {
  for (const Policy& p : policies_) {
    if (p.name == name) return &p;
  }
  return nullptr;
}

std::vector<Policy> make_default_policies() {
  constexpr size_t kPolicyKeyBytes = 32;
  const auto make = [](const char* name, Rights rights) {
    return Policy{.name = name,
                  .rights = rights,
                  .primary_key = base64_encode(random_bytes(kPolicyKeyBytes)),
                  .secondary_key = base64_encode(random_bytes(kPolicyKeyBytes))};
  };
  return {
      make("iothubowner", {Right::kRegistryRead, Right::kRegistryWrite, Right::kServiceConnect, Right::kDeviceConnect}),
      make("service", {Right::kServiceConnect}),
      make("device", {Right::kDeviceConnect}),
      make("registryRead", {Right::kRegistryRead}),
      make("registryReadWrite", {Right::kRegistryRead, Right::kRegistryWrite}),
  };
}

}  // namespace nave::auth
