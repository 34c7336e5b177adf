#include "hub/device/key_renewal.h"

#include <memory>
#include <utility>

namespace nave::hub {
namespace {

struct Batch {
  std::vector<RenewalOutcome> outcomes;
  size_t open = 0;
  RenewalReply reply;
};

}  // namespace

void renew_keys(Registry& registry, const std::vector<IdentityKey>& keys, KeyRenewal renewal, Executor& reply_on,
                RenewalReply reply) {
  if (keys.empty()) {
    reply_on.post([reply = std::move(reply)]() mutable { reply({}); });
    return;
  }
  auto batch = std::make_shared<Batch>();
  batch->open = keys.size();
  batch->reply = std::move(reply);
  for (const IdentityKey& key : keys) batch->outcomes.push_back({key, Authentication()});
  IfMatch any;
  any.kind = IfMatch::Kind::kAny;
  for (size_t i = 0; i < keys.size(); ++i) {
    registry.write({keys[i], renewal, any}, reply_on, [batch, i](HubResult<Registry::Written> written) {
      auto& out = batch->outcomes[i].authentication;
      if (written) {
        out = std::move(written->identity.authentication);
      } else {
        out = fail(std::move(written.error()));
      }
      if (--batch->open == 0) batch->reply(std::move(batch->outcomes));
    });
  }
}

}  // namespace nave::hub
