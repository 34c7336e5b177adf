#include "hub/device/registry.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/limits.h"
#include "base/log.h"
#include "hub/device/edge_scope.h"
#include "hub/device/ids.h"

namespace nave::hub {
namespace {

// A write with If-Match: * that always meets somebody else's write gives up after this many.
constexpr int kTriesMax = 16;

IdentityWrite put_of(Identity next, const Identity* current) {
  IdentityWrite write;
  write.identity = std::move(next);
  write.expect = current == nullptr ? IdentityWrite::Expect::kAbsent : IdentityWrite::Expect::kEtag;
  if (current != nullptr) write.expected_etag = current->etag;
  return write;
}

IdentityWrite erase_of(const Identity& current) {
  IdentityWrite write;
  write.kind = IdentityWrite::Kind::kErase;
  write.identity.key = current.key;
  write.expect = IdentityWrite::Expect::kEtag;
  write.expected_etag = current.etag;
  return write;
}

bool lost_a_race(StoreError error) {
  return error == StoreError::kVersionMismatch || error == StoreError::kNotFound || error == StoreError::kAlreadyExists;
}

void log_change(const char* what, const IdentityKey& key) {
  log::write_limited(log::Level::kInfo, log::Category::kDeviceIdentityOperations, what, what,
                     {{"identity", key.text()}});
}

Registry::WriteReply identity_only(Registry::IdentityReply reply) {
  return [reply = std::move(reply)](HubResult<Registry::Written> written) mutable {
    if (written) return reply(std::move(written->identity));
    reply(fail(std::move(written.error())));
  };
}

}  // namespace

struct Registry::Put {
  Write write;
  Executor& reply_on;
  WriteReply reply;
  int tries = 0;
};

struct Registry::Removal {
  IdentityKey key;
  IfMatch if_match;
  Executor& reply_on;
  DoneReply reply;
  int tries = 0;
};

Registry::Registry(DeviceStore& store, SessionDirectory& sessions, const HubInfo& hub, const Clock& clock)
    : store_(store), sessions_(sessions), hub_(hub), clock_(clock) {}

HubResult<void> Registry::check_parent(const IdentityKey& key) const {
  if (!key.is_module() || store_.find({key.device, ""})) return {};
  return fail(not_found({key.device, ""}));
}

HubResult<Identity> Registry::get(const IdentityKey& key) const {
  if (const auto ok = check_ids(key, false); !ok) return fail(ok.error());
  std::optional<Identity> identity = store_.find(key);
  if (identity) return *std::move(identity);
  if (const auto ok = check_parent(key); !ok) return fail(ok.error());
  return fail(not_found(key));
}

HubResult<std::vector<Identity>> Registry::list_modules(const std::string& device) const {
  if (const auto ok = check_ids({device, ""}, false); !ok) return fail(ok.error());
  if (!store_.find({device, ""})) return fail(not_found({device, ""}));
  return store_.list_modules(device);
}

bool Registry::scope_exists(const std::string& scope) const {
  const std::optional<std::string> device = edge_scope_device(scope);
  if (!device) return false;
  const std::optional<Identity> edge = store_.find({*device, ""});
  return edge && edge->iot_edge && edge->device_scope == scope;
}

void Registry::put_device(const IdentityKey& key, DeviceInput input, IfMatch if_match, Executor& reply_on,
                          IdentityReply reply) {
  write({key, std::move(input), std::move(if_match)}, reply_on, identity_only(std::move(reply)));
}

void Registry::put_module(const IdentityKey& key, ModuleInput input, IfMatch if_match, Executor& reply_on,
                          IdentityReply reply) {
  write({key, std::move(input), std::move(if_match)}, reply_on, identity_only(std::move(reply)));
}

void Registry::write(Write write, Executor& reply_on, WriteReply reply) {
  try_put(std::make_shared<Put>(Put{std::move(write), reply_on, std::move(reply)}));
}

HubResult<Identity> Registry::decide_identity(const Write& write, const Identity* current) const {
  const IdentityKey& key = write.key;
  IfMatch if_match = write.if_match;
  if (write.upserts && current == nullptr) if_match.kind = IfMatch::Kind::kAbsent;
  if (write.upserts && current != nullptr && if_match.kind == IfMatch::Kind::kAbsent) {
    if_match.kind = IfMatch::Kind::kAny;
  }
  if (const auto ok = check_ids(key, if_match.kind == IfMatch::Kind::kAbsent); !ok) return fail(ok.error());
  if (const auto ok = check_parent(key); !ok) return fail(ok.error());
  if (const auto ok = check_put(key, if_match, current, hub_.name()); !ok) return fail(ok.error());
  if (const auto* module = std::get_if<ModuleInput>(&write.input)) {
    return decide_module(key, *module, current, clock_.utc());
  }
  if (const auto* renewal = std::get_if<KeyRenewal>(&write.input)) return decide_renewal(key, *renewal, current);
  return decide_device(key, std::get<DeviceInput>(write.input), current, clock_.utc(),
                       [this](const std::string& scope) { return scope_exists(scope); });
}

HubResult<IdentityWrite> Registry::decide(const Put& put, const Identity* current) const {
  HubResult<Identity> next = decide_identity(put.write, current);
  if (!next) return fail(std::move(next.error()));
  IdentityWrite out = put_of(*std::move(next), current);
  if (!put.write.initial_twin) return out;
  auto twin = initial_twin(out.identity, *put.write.initial_twin);
  if (!twin) return fail(std::move(twin.error()));
  if (current == nullptr) out.twin = *std::move(twin);
  return out;
}

void Registry::try_put(std::shared_ptr<Put> put) {
  const IdentityKey& key = put->write.key;
  const std::optional<Identity> current = store_.find(key);
  HubResult<IdentityWrite> next = decide(*put, current ? &*current : nullptr);
  if (!next) {
    put->reply_on.post([put, error = next.error()] { put->reply(fail(error)); });
    return;
  }
  Written written{next->identity, !current};
  std::vector<IdentityWrite> writes;
  writes.push_back(*std::move(next));
  if (written.identity.iot_edge && !(current && current->iot_edge)) {
    for (const char* id : {"$edgeAgent", "$edgeHub"}) {
      const IdentityKey module{key.device, id};
      // They stay when an edge device becomes a leaf, so they may be there already.
      if (!store_.find(module)) writes.push_back(put_of(make_system_module(module, clock_.utc()), nullptr));
    }
  }
  std::vector<IdentityKey> made;
  for (const IdentityWrite& w : writes) made.push_back(w.identity.key);
  Executor& reply_on = put->reply_on;
  store_.apply(std::move(writes), reply_on,
               [this, put = std::move(put), written = std::move(written),
                made = std::move(made)](Result<void, StoreError> outcome) { put_done(put, written, made, outcome); });
}

void Registry::put_done(std::shared_ptr<Put> put, const Written& written, const std::vector<IdentityKey>& made,
                        Result<void, StoreError> outcome) {
  if (!outcome && lost_a_race(outcome.error()) && ++put->tries < kTriesMax) {
    try_put(std::move(put));
    return;
  }
  if (!outcome) {
    put->reply(fail(store_error(outcome.error(), put->write.key)));
    return;
  }
  log_change("identity written", put->write.key);
  tell_sessions(written.identity);
  tell_listener(made);
  put->reply(written);
}

void Registry::tell_listener(const std::vector<IdentityKey>& keys) const {
  if (listener_ == nullptr) return;
  for (const IdentityKey& key : keys) listener_->on_changed(key, kAspectIdentity);
}

void Registry::tell_sessions(const Identity& written) {
  if (written.key.is_module() || written.enabled) {
    sessions_.reauthorize(written);
    return;
  }
  sessions_.end(written.key, EndReason::kIdentityDisabled);
  for (const Identity& m : store_.list_modules(written.key.device)) {
    sessions_.end(m.key, EndReason::kIdentityDisabled);
  }
}

std::vector<IdentityKey> Registry::with_modules(const IdentityKey& key) const {
  std::vector<IdentityKey> out{key};
  if (key.is_module()) return out;
  for (const Identity& m : store_.list_modules(key.device)) out.push_back(m.key);
  return out;
}

void Registry::restore(Identity identity, std::optional<Twin> twin, Executor& reply_on, WriteReply reply) {
  const std::optional<Identity> before = store_.find(identity.key);
  const bool replaces = before && before->generation_id != identity.generation_id;
  std::vector<IdentityKey> gone;
  std::vector<IdentityWrite> writes;
  if (replaces) {
    gone = with_modules(identity.key);
    writes.push_back(erase_of(*before));
  }
  IdentityWrite put = put_of(identity, replaces || !before ? nullptr : &*before);
  if (twin || before) put.twin = twin ? *std::move(twin) : fresh_twin(identity);
  writes.push_back(std::move(put));
  store_.apply(std::move(writes), reply_on,
               [this, identity = std::move(identity), before, gone = std::move(gone),
                reply = std::move(reply)](Result<void, StoreError> outcome) mutable {
                 if (!outcome) return reply(fail(store_error(outcome.error(), identity.key)));
                 restored(identity, before ? &*before : nullptr, gone);
                 reply(Written{std::move(identity), !before});
               });
}

void Registry::restored(const Identity& identity, const Identity* before, const std::vector<IdentityKey>& gone) {
  log_change("identity restored", identity.key);
  for (const IdentityKey& key : gone) {
    if (queue_ != nullptr) queue_->on_identity_erased(key);
    sessions_.end(key, EndReason::kIdentityDeleted);
  }
  if (before != nullptr && gone.empty()) sessions_.end(identity.key, EndReason::kCredentialsChanged);
}

void Registry::remove(const IdentityKey& key, IfMatch if_match, Executor& reply_on, DoneReply reply) {
  try_remove(std::make_shared<Removal>(Removal{key, std::move(if_match), reply_on, std::move(reply)}));
}

void Registry::try_remove(std::shared_ptr<Removal> removal) {
  const IdentityKey& key = removal->key;
  HubResult<void> ok = check_ids(key, false);
  if (ok) ok = check_parent(key);
  const std::optional<Identity> current = store_.find(key);
  if (ok) ok = check_delete(key, removal->if_match, current ? &*current : nullptr);
  if (!ok) {
    removal->reply_on.post([removal, error = ok.error()] { removal->reply(fail(error)); });
    return;
  }
  std::vector<IdentityKey> gone = with_modules(key);
  Executor& reply_on = removal->reply_on;
  store_.apply({erase_of(*current)}, reply_on,
               [this, removal = std::move(removal), gone = std::move(gone)](Result<void, StoreError> outcome) {
                 removal_done(removal, gone, outcome);
               });
}

void Registry::removal_done(std::shared_ptr<Removal> removal, const std::vector<IdentityKey>& gone,
                            Result<void, StoreError> outcome) {
  if (!outcome && lost_a_race(outcome.error()) && ++removal->tries < kTriesMax) {
    try_remove(std::move(removal));
    return;
  }
  if (!outcome) {
    removal->reply(fail(store_error(outcome.error(), removal->key)));
    return;
  }
  log_change("identity deleted", removal->key);
  for (const IdentityKey& key : gone) {
    if (queue_ != nullptr) queue_->on_identity_erased(key);
    sessions_.end(key, EndReason::kIdentityDeleted);
  }
  tell_listener({removal->key});
  removal->reply({});
}

Error Registry::store_error(StoreError error, const IdentityKey& key) const {
  switch (error) {
    case StoreError::kParentNotFound:
      return not_found({key.device, ""});
    case StoreError::kLimit:
      if (key.is_module() && store_.list_modules(key.device).size() >= limits::kModulesPerDeviceMax) {
        return ErrorCode::kTooManyModulesOnDevice;
      }
      return ErrorCode::kTooManyDevices;
    default:
      return ErrorCode::kServiceUnavailable;
  }
}

Presence Registry::presence(const Identity& identity) const {
  Presence out = sessions_.presence(identity.key).value_or(Presence{});
  out.state_updated = std::max(out.state_updated, identity.connection_state_updated);
  out.last_activity = std::max(out.last_activity, identity.last_activity);
  if (queue_ != nullptr) out.messages_waiting = queue_->waiting(identity);
  return out;
}

}  // namespace nave::hub
