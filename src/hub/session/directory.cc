#include "hub/session/directory.h"

#include <utility>

namespace nave::hub {
namespace {

// A session may be told to go for several reasons at once (a takeover and a deletion, say): the first one that arrives
// on its shard takes the pointer, so end() is called at most once.
void end_here(SessionLink& link, EndReason reason) {
  if (Session* session = std::exchange(link.session, nullptr)) session->end(reason);
}

void post_end(std::shared_ptr<SessionLink> link, EndReason reason) {
  if (!link) return;
  Executor& executor = link->executor;
  executor.post([link = std::move(link), reason] { end_here(*link, reason); });
}

}  // namespace

SessionDirectory::SessionDirectory(DeviceStore& store, const Clock& clock, Metrics& metrics)
    : store_(store),
      clock_(clock),
      connected_(metrics.gauge("connectedDeviceCount", "Devices that are connected now, without modules")) {}

SessionDirectory::Stripe& SessionDirectory::stripe(const IdentityKey& key) {
  return stripes_[std::hash<IdentityKey>{}(key) % kStripes];
}

const SessionDirectory::Stripe& SessionDirectory::stripe(const IdentityKey& key) const {
  return stripes_[std::hash<IdentityKey>{}(key) % kStripes];
}

SessionDirectory::Claim SessionDirectory::claim(const IdentityKey& key, std::shared_ptr<SessionLink> link) {
  const Claim claim = next_claim_.fetch_add(1, std::memory_order_relaxed);
  const UtcTime now = clock_.utc();
  std::shared_ptr<SessionLink> older;
  {
    Stripe& s = stripe(key);
    const std::lock_guard lock(s.mutex);
    const auto [it, is_new] = s.entries.try_emplace(key);
    Entry& entry = it->second;
    older = std::exchange(entry.link, std::move(link));
    entry.claim = claim;
    entry.presence = {true, now, now};
    if (is_new && !key.is_module()) connected_.add(1);
  }
  post_end(std::move(older), EndReason::kTakenOver);
  return claim;
}

void SessionDirectory::release(const IdentityKey& key, Claim claim) {
  const UtcTime now = clock_.utc();
  Presence last;
  {
    Stripe& s = stripe(key);
    const std::lock_guard lock(s.mutex);
    const auto it = s.entries.find(key);
    if (it == s.entries.end() || it->second.claim != claim) return;
    last = it->second.presence;
    s.entries.erase(it);
    if (!key.is_module()) connected_.add(-1);
  }
  store_.note_activity(key, now, last.last_activity);
}

void SessionDirectory::end(const IdentityKey& key, EndReason reason) {
  post_end(link_of(key), reason);
}

void SessionDirectory::reauthorize(const Identity& identity) {
  std::shared_ptr<SessionLink> link = link_of(identity.key);
  if (!link) return;
  Executor& executor = link->executor;
  executor.post([link = std::move(link), identity] {
    if (link->session == nullptr || link->session->still_authorized(identity)) return;
    end_here(*link, identity.enabled ? EndReason::kCredentialsChanged : EndReason::kIdentityDisabled);
  });
}

bool SessionDirectory::with_session(const IdentityKey& key, UniqueFunction<void(Session*)> f) const {
  std::shared_ptr<SessionLink> link = link_of(key);
  if (!link) return false;
  Executor& executor = link->executor;
  executor.post([link = std::move(link), f = std::move(f)]() mutable { f(link->session); });
  return true;
}

std::shared_ptr<SessionLink> SessionDirectory::link_of(const IdentityKey& key) const {
  const Stripe& s = stripe(key);
  const std::lock_guard lock(s.mutex);
  const auto it = s.entries.find(key);
  return it == s.entries.end() ? nullptr : it->second.link;
}

void SessionDirectory::touch(const IdentityKey& key) {
  const UtcTime now = clock_.utc();
  Stripe& s = stripe(key);
  const std::lock_guard lock(s.mutex);
  if (const auto it = s.entries.find(key); it != s.entries.end()) it->second.presence.last_activity = now;
}

void SessionDirectory::note_activity(const Identity& identity) {
  if (presence(identity.key)) return touch(identity.key);
  store_.note_activity(identity.key, identity.connection_state_updated, clock_.utc());
}

std::optional<Presence> SessionDirectory::presence(const IdentityKey& key) const {
  const Stripe& s = stripe(key);
  const std::lock_guard lock(s.mutex);
  const auto it = s.entries.find(key);
  if (it == s.entries.end()) return {};
  return it->second.presence;
}

size_t SessionDirectory::connected_devices() const {
  return static_cast<size_t>(connected_.value());
}

}  // namespace nave::hub
