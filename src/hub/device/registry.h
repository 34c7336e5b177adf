// The identity registry: reads, conditional writes, and what a write means for those who are connected.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "hub/change_listener.h"
#include "hub/device/identity_rules.h"
#include "hub/hub_info.h"
#include "hub/ports.h"
#include "hub/session/directory.h"
#include "hub/twin/change.h"

namespace nave::hub {

// What waits for an identity elsewhere: shown with it, and gone with it. Thread-safe.
class IdentityQueue {
 public:
  virtual ~IdentityQueue() = default;
  [[nodiscard]] virtual size_t waiting(const Identity& identity) const = 0;
  // The identity, and what was stored for it, has been erased.
  virtual void on_identity_erased(const IdentityKey& key) = 0;
};

// Thread-safe. Reads take microseconds. Replies of writes run on `reply_on`, after the change is durable and sessions
// that it concerns were told; they may run after the registry's caller is gone, not after the registry is.
class Registry {
 public:
  Registry(DeviceStore& store, SessionDirectory& sessions, const HubInfo& hub, const Clock& clock);

  // While wiring, before anything else is called. Outlives the registry's use.
  void set_queue(IdentityQueue& queue) { queue_ = &queue; }
  void set_listener(ChangeListener& listener) { listener_ = &listener; }

  using IdentityReply = UniqueFunction<void(HubResult<Identity>)>;
  using DoneReply = UniqueFunction<void(HubResult<void>)>;

  // A device (module empty) or a module.
  [[nodiscard]] HubResult<Identity> get(const IdentityKey& key) const;
  [[nodiscard]] std::vector<Identity> list_devices(size_t top) const { return store_.list_devices(top); }
  [[nodiscard]] HubResult<std::vector<Identity>> list_modules(const std::string& device) const;
  [[nodiscard]] DeviceStore::Counts counts() const { return store_.counts(); }
  [[nodiscard]] size_t connected_devices() const { return sessions_.connected_devices(); }

  void put_device(const IdentityKey& key, DeviceInput input, IfMatch if_match, Executor& reply_on, IdentityReply reply);
  void put_module(const IdentityKey& key, ModuleInput input, IfMatch if_match, Executor& reply_on, IdentityReply reply);

  // One write of an identity, with everything that can be asked of it.
  struct Write {
    IdentityKey key;
    IdentityInput input;
    IfMatch if_match;
    bool upserts = false;  // then if_match counts only if the identity is there; kAbsent means any
    // Becomes the first version of the twin of an identity that this write creates, in the same step as the identity:
    // never one without the other. Refused if it breaks a rule for twins, and not looked at otherwise if the identity
    // is there.
    std::optional<TwinInput> initial_twin = {};
  };
  struct Written {
    Identity identity;
    bool created = false;
  };
  using WriteReply = UniqueFunction<void(HubResult<Written>)>;
  void write(Write write, Executor& reply_on, WriteReply reply);

  // Stores an identity and its twin exactly as they are given (nullopt: as nothing were written yet), over what is
  // there. A namesake of another generation is deleted first. Who is connected as it, if it was there, has to connect
  // anew.
  void restore(Identity identity, std::optional<Twin> twin, Executor& reply_on, WriteReply reply);

  // A device goes with its modules.
  void remove(const IdentityKey& key, IfMatch if_match, Executor& reply_on, DoneReply reply);

  // Connected, and since when: what the directory knows, else what the store remembers. And what waits for it.
  [[nodiscard]] Presence presence(const Identity& identity) const;

 private:
  struct Put;
  struct Removal;
  // One try: read, decide, write if nothing has changed meanwhile; a write without a tag tries again.
  void try_put(std::shared_ptr<Put> put);
  HubResult<IdentityWrite> decide(const Put& put, const Identity* current) const;
  HubResult<Identity> decide_identity(const Write& write, const Identity* current) const;
  // `made`: what was written with it.
  void put_done(std::shared_ptr<Put> put, const Written& written, const std::vector<IdentityKey>& made,
                Result<void, StoreError> outcome);
  void try_remove(std::shared_ptr<Removal> removal);
  void removal_done(std::shared_ptr<Removal> removal, const std::vector<IdentityKey>& gone,
                    Result<void, StoreError> outcome);
  [[nodiscard]] HubResult<void> check_parent(const IdentityKey& key) const;
  [[nodiscard]] Error store_error(StoreError error, const IdentityKey& key) const;
  void restored(const Identity& identity, const Identity* before, const std::vector<IdentityKey>& gone);
  [[nodiscard]] std::vector<IdentityKey> with_modules(const IdentityKey& key) const;
  void tell_sessions(const Identity& written);
  void tell_listener(const std::vector<IdentityKey>& keys) const;
  [[nodiscard]] bool scope_exists(const std::string& scope) const;

  DeviceStore& store_;
  SessionDirectory& sessions_;
  const HubInfo& hub_;
  const Clock& clock_;
  IdentityQueue* queue_ = nullptr;
  ChangeListener* listener_ = nullptr;
};

}  // namespace nave::hub
