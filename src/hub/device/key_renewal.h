// New keys for many identities at once (reference/service-rest.md §9).
#pragma once

#include <vector>

#include "hub/device/registry.h"

namespace nave::hub {

struct RenewalOutcome {
  IdentityKey key;
  // With the new keys, and the old one where only one was asked for.
  HubResult<Authentication> authentication;
};

using RenewalReply = UniqueFunction<void(std::vector<RenewalOutcome>)>;

// Each succeeds or fails by itself. To be called on `reply_on`'s own thread, where `reply` runs later with an outcome
// for each, in their order. `registry` outlives the replies on their way.
void renew_keys(Registry& registry, const std::vector<IdentityKey>& keys, KeyRenewal renewal, Executor& reply_on,
                RenewalReply reply);

}  // namespace nave::hub
