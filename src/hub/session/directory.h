// Who is connected, now: one live session per identity over all transports and shards
// (reference/device-mqtt-https.md §2.11). The newest connection wins.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/clock.h"
#include "base/executor.h"
#include "base/ids.h"
#include "base/metrics.h"
#include "hub/method/command.h"
#include "hub/ports.h"

namespace nave::hub {

struct DesiredChange;  // hub/twin/change.h
class MethodReply;     // hub/method/reply.h

enum class EndReason : uint8_t {
  kTakenOver,  // a newer connection of the same identity
  kIdentityDeleted,
  kIdentityDisabled,
  kCredentialsChanged,
  kTokenExpired,
  kShutdown,
};

// What a front gives the hub of a connected identity. Lives on its shard; all calls are made there.
class Session {
 public:
  virtual ~Session() = default;
  // Close in the words of the protocol. Called at most once; the link points to nothing by then.
  virtual void end(EndReason reason) = 0;
  // The credential that let it in no longer stands? Lets a key change spare sessions that used the other key.
  [[nodiscard]] virtual bool still_authorized(const Identity& identity) const = 0;
  // The desired properties have changed, on disk. Called in the order of the versions.
  virtual void on_desired_changed(const DesiredChange& change) { (void)change; }
  // A cloud-to-device message may wait: ask C2dService::receive(). May come when there is none.
  virtual void on_c2d_available() {}
  // Sends a direct method if the client takes methods now. With kDelivered the reply was moved from and will be
  // answered, or is destroyed when the session ends; otherwise it is untouched.
  [[nodiscard]] virtual MethodDelivery deliver_method(const MethodCommand& command, MethodReply& reply) {
    (void)command, (void)reply;
    return MethodDelivery::kNotReady;
  }
};

// The thread-safe handle of a Session: the session itself is only touched on its shard and cleared there when it dies.
struct SessionLink {
  SessionLink(Executor& e, Session& s) : executor(e), session(&s) {}
  Executor& executor;
  Session* session;  // shard thread only; nullptr once the session is gone or was told to end
};

struct Presence {
  bool connected = false;
  UtcTime state_updated = kNever;
  UtcTime last_activity = kNever;
};

// Thread-safe: striped mutexes, held for a map operation only and never while calling out.
class SessionDirectory {
 public:
  // `store` hears of activity times on disconnect. Both outlive the directory.
  SessionDirectory(DeviceStore& store, const Clock& clock, Metrics& metrics);

  using Claim = uint64_t;
  // Makes `link` the session of `key`; an older one is ended with kTakenOver on its own shard.
  [[nodiscard]] Claim claim(const IdentityKey& key, std::shared_ptr<SessionLink> link);
  // The session is gone. No effect if another session has claimed the identity since.
  void release(const IdentityKey& key, Claim claim);
  // A registry change: ends the session of `key`, if any, on its shard.
  void end(const IdentityKey& key, EndReason reason);
  // Ends the session unless it is still_authorized() by the new state of the identity.
  void reauthorize(const Identity& identity);
  // Runs `f` on the shard of the session of `key`; its argument is nullptr if the session ended on the way. False, and
  // `f` is dropped, if nobody is connected.
  bool with_session(const IdentityKey& key, UniqueFunction<void(Session*)> f) const;
  // Notes a telemetry message or other sign of life.
  void touch(const IdentityKey& key);
  // The same for an identity that may speak without a session (HTTPS): the store hears of it if there is none.
  void note_activity(const Identity& identity);
  // nullopt: not connected; the times of the last connection are the store's.
  [[nodiscard]] std::optional<Presence> presence(const IdentityKey& key) const;
  [[nodiscard]] size_t connected_devices() const;

 private:
  struct Entry {
    std::shared_ptr<SessionLink> link;
    Claim claim = 0;
    Presence presence;
  };
  struct Stripe {
    mutable std::mutex mutex;
    std::unordered_map<IdentityKey, Entry> entries;
  };
  static constexpr size_t kStripes = 64;
  Stripe& stripe(const IdentityKey& key);
  const Stripe& stripe(const IdentityKey& key) const;
  [[nodiscard]] std::shared_ptr<SessionLink> link_of(const IdentityKey& key) const;

  DeviceStore& store_;
  const Clock& clock_;
  Gauge& connected_;
  std::atomic<Claim> next_claim_{1};
  std::array<Stripe, kStripes> stripes_;
};

}  // namespace nave::hub
