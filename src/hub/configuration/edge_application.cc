#include "hub/configuration/edge_application.h"

#include <algorithm>
#include <utility>

#include "base/url.h"
#include "hub/device/ids.h"

namespace nave::hub {
namespace {

constexpr const char* kManagedBy = "IotEdge";

bool is_ours(const Identity& module) {
  return !is_system_module_id(module.key.module) && module.managed_by &&
         equals_ignore_case(*module.managed_by, kManagedBy);
}

// Somebody else was faster, which comes to the same.
bool is_harmless(ErrorCode code) {
  return code == ErrorCode::kModuleAlreadyExistsOnDevice || code == ErrorCode::kModuleNotFound;
}

}  // namespace

void EdgeApplication::start(const Parts& parts, std::string device, Manifest manifest, Done done) {
  auto run = std::make_shared<EdgeApplication>(parts, std::move(device), std::move(manifest), std::move(done));
  const auto modules = parts.registry.list_modules(run->device_);
  const auto agent = parts.store.load_twin({run->device_, "$edgeAgent"});
  if (!modules || !agent) {
    run->outcome_ = fail(modules ? Error(ErrorCode::kServiceUnavailable) : modules.error());
    return run->finish();
  }
  run->existing_ = *modules;
  run->named_ = modules_of(run->manifest_.modules, *agent ? (*agent)->desired.values : "{}");
  run->remove();
}

void EdgeApplication::proceed(Step next) {
  next_ = next;
  if (pending_ == 0) (this->*next)();
}

void EdgeApplication::answered(const HubResult<void>& outcome) {
  if (!outcome && outcome_ && !is_harmless(outcome.error().code)) outcome_ = fail(outcome.error());
  if (--pending_ == 0) (this->*next_)();
}

// First, because there is a limit to the modules of a device.
void EdgeApplication::remove() {
  std::vector<IdentityKey> gone;
  for (const Identity& m : existing_) {
    if (is_ours(m) && !named_.contains(m.key.module)) gone.push_back(m.key);
  }
  pending_ = gone.size();
  for (const IdentityKey& key : gone) {
    IfMatch any;
    any.kind = IfMatch::Kind::kAny;
    parts_.registry.remove(key, any, parts_.worker,
                           [self = shared_from_this()](HubResult<void> done) { self->answered(done); });
  }
  std::erase_if(existing_, [&](const Identity& m) { return std::find(gone.begin(), gone.end(), m.key) != gone.end(); });
  proceed(&EdgeApplication::create);
}

void EdgeApplication::create() {
  std::vector<std::string> missing;
  for (const std::string& name : named_) {
    const auto is_it = [&](const Identity& m) { return m.key.module == name; };
    if (std::none_of(existing_.begin(), existing_.end(), is_it)) missing.push_back(name);
  }
  pending_ = missing.size();
  for (const std::string& name : missing) {
    ModuleInput input;
    input.managed_by = kManagedBy;
    parts_.registry.put_module({device_, name}, input, IfMatch{}, parts_.worker,
                               [self = shared_from_this()](HubResult<Identity> made) {
                                 self->answered(made ? HubResult<void>() : fail(made.error()));
                               });
  }
  proceed(&EdgeApplication::write);
}

bool EdgeApplication::needs_write(const Identity& module) const {
  if (manifest_.is_busy(module.key)) return true;
  auto stored = parts_.store.load_twin(module.key);
  if (!stored) return true;
  Twin twin = *stored ? std::move(**stored) : fresh_twin(module);
  return manifest_.decide(module, twin).store;
}

void EdgeApplication::write() {
  const auto modules = parts_.registry.list_modules(device_);
  if (!modules) {
    outcome_ = fail(modules.error());
    return finish();
  }
  std::vector<IdentityKey> keys;
  for (const Identity& m : *modules) {
    if (needs_write(m)) keys.push_back(m.key);
  }
  pending_ = keys.size();
  for (const IdentityKey& key : keys) {
    parts_.twins.change_by_hub(
        key,
        [self = shared_from_this()](const Identity& identity, Twin& twin) {
          return self->manifest_.decide(identity, twin);
        },
        parts_.worker,
        [self = shared_from_this()](HubResult<bool> done) {
          self->answered(done ? HubResult<void>() : fail(done.error()));
        });
  }
  proceed(&EdgeApplication::finish);
}

void EdgeApplication::finish() {
  Done done = std::move(done_);
  done(std::move(outcome_));
}

}  // namespace nave::hub
