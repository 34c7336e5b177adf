// What the hub needs from storage. Each port has a memory and an embedded implementation (later PostgreSQL, Kafka), and
// one contract test suite (test/contract) that all of them pass. A store does what it is told and knows no hub rule.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "auth/policy.h"
#include "base/executor.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "hub/c2d/command.h"
#include "hub/device/identity.h"
#include "hub/twin/twin.h"

namespace nave::hub {

enum class StoreError : uint8_t {
  kAlreadyExists,
  kNotFound,
  kVersionMismatch,
  kParentNotFound,  // a module whose device does not exist
  kLimit,           // module or identity count
  kUnavailable,     // the disk refused; nothing of the change is kept
  kDamaged,         // what is stored fails its checksum; it is neither served nor overwritten
};

// ---------------------------------------------------------------------------------------------------------------------
// Identities, policies, settings, MQTT sessions.

struct IdentityWrite {
  enum class Kind : uint8_t { kPut, kErase };
  // What must hold of the row before the write; otherwise nothing of the whole change happens.
  enum class Expect : uint8_t { kAbsent, kPresent, kEtag };
  Kind kind = Kind::kPut;
  Expect expect = Expect::kPresent;
  uint64_t expected_etag = 0;  // with kEtag
  Identity identity;           // for kErase only identity.key counts; erasing a device erases its modules and sessions
  // With kPut: replaces whatever twin there is, in the same step. Its revision does not matter; what is stored has the
  // one after the stored one.
  std::optional<Twin> twin = {};
};

// The durable part of an MQTT session (reference/device-mqtt-https.md §2.8): which of the fixed filters the identity
// subscribed to with clean session 0, one QoS each. Bits are front/mqtt's; the store only keeps them.
struct MqttSession {
  uint32_t filters = 0;
  uint32_t qos1 = 0;
  bool operator==(const MqttSession&) const = default;
};

using StoreReply = UniqueFunction<void(Result<void, StoreError>)>;

// Thread-safe. Reads see every write whose reply was given (read-your-writes, across threads), and take at most
// microseconds, so they may be made on a shard. Replies run on the given executor, after the change is durable.
class DeviceStore {
 public:
  virtual ~DeviceStore() = default;

  [[nodiscard]] virtual std::optional<Identity> find(const IdentityKey& key) const = 0;
  // At most `top` devices, in id order.
  [[nodiscard]] virtual std::vector<Identity> list_devices(size_t top) const = 0;
  // In creation order.
  [[nodiscard]] virtual std::vector<Identity> list_modules(const std::string& device) const = 0;
  struct Counts {
    uint64_t devices = 0;
    uint64_t enabled_devices = 0;
    uint64_t modules = 0;
  };
  [[nodiscard]] virtual Counts counts() const = 0;

  // All writes happen, or none. The reply's error is that of the first write that could not. Putting over a row that is
  // present leaves its two activity times as they are: those belong to note_activity().
  virtual void apply(std::vector<IdentityWrite> writes, Executor& reply_on, StoreReply reply) = 0;

  // Best effort and unacknowledged: times that need not survive a crash exactly. Does not move the etag.
  virtual void note_activity(const IdentityKey& key, UtcTime connection_state_updated, UtcTime last_activity) = 0;

  [[nodiscard]] virtual std::optional<MqttSession> load_mqtt_session(const IdentityKey& key) const = 0;
  // nullopt forgets the session. kNotFound when there is no such identity to keep one for.
  virtual void save_mqtt_session(const IdentityKey& key, std::optional<MqttSession> session, Executor& reply_on,
                                 StoreReply reply) = 0;

  [[nodiscard]] virtual std::vector<auth::Policy> load_policies() const = 0;
  virtual void save_policies(std::vector<auth::Policy> policies, Executor& reply_on, StoreReply reply) = 0;

  // Small facts about the installation: "hostName", "partitionCount", "tryDevice", …
  [[nodiscard]] virtual std::optional<std::string> load_setting(const std::string& name) const = 0;
  virtual void save_setting(const std::string& name, const std::string& value, Executor& reply_on,
                            StoreReply reply) = 0;
};

// ---------------------------------------------------------------------------------------------------------------------
// Twins.

struct TwinWrite {
  IdentityKey key;
  std::string generation_id;  // of the identity whose twin it is: a namesake that was made since has its own
  Twin twin;                  // twin.revision is what the stored row must have, 0 for none; the write adds one
};

// Thread-safe, with the same promises as DeviceStore, whose identities it shares: a twin goes with its identity.
class TwinStore {
 public:
  virtual ~TwinStore() = default;

  // nullopt: nothing has been written since the identity was created.
  [[nodiscard]] virtual Result<std::optional<Twin>, StoreError> load_twin(const IdentityKey& key) const = 0;
  // kNotFound: no identity of this generation. kVersionMismatch: another revision.
  virtual void put_twin(TwinWrite write, Executor& reply_on, StoreReply reply) = 0;
};

// ---------------------------------------------------------------------------------------------------------------------
// Cloud-to-device messages and their feedback.

using SequenceReply = UniqueFunction<void(Result<uint64_t, StoreError>)>;

// Thread-safe, with the same promises as DeviceStore, whose identities it shares: messages go with their identity, in
// the same transaction. Feedback stays. What is submitted on one thread takes place in that order.
class CommandStore {
 public:
  virtual ~CommandStore() = default;

  // Every queue that holds messages; for the start.
  [[nodiscard]] virtual std::vector<CommandCount> count_commands() const = 0;
  // In sequence order. A damaged row is left out.
  [[nodiscard]] virtual Result<std::vector<CommandHead>, StoreError> load_commands(const IdentityKey& key) const = 0;
  // kNotFound, or kDamaged: then the content will never be had.
  [[nodiscard]] virtual Result<std::string, StoreError> load_command_record(const IdentityKey& key,
                                                                            uint64_t sequence) const = 0;
  // At most `top` messages that expire at or before `now`, ordered by (expires, sequence), after that position.
  [[nodiscard]] virtual std::vector<ExpiredCommand> load_expired_commands(UtcTime now, UtcTime after_expires,
                                                                          uint64_t after_sequence,
                                                                          size_t top) const = 0;

  // Replies the sequence number. kNotFound: no identity of this generation.
  virtual void put_command(CommandWrite write, Executor& reply_on, SequenceReply reply) = 0;
  // Removes the messages and keeps their feedback: all, or nothing and kNotFound if one is not there.
  virtual void remove_commands(const IdentityKey& key, std::vector<CommandRemoval> removals, Executor& reply_on,
                               StoreReply reply) = 0;
  virtual void set_delivery_count(const IdentityKey& key, uint64_t sequence, uint32_t count, Executor& reply_on,
                                  StoreReply reply) = 0;

  // Records that expire after `now`.
  [[nodiscard]] virtual size_t count_feedback(UtcTime now) const = 0;
  // At most `top` that expire after `now`, with a sequence ≥ `from`, in sequence order. A damaged row is left out.
  [[nodiscard]] virtual std::vector<StoredFeedback> load_feedback(uint64_t from, UtcTime now, size_t top) const = 0;
  // What is gone already does not matter.
  virtual void remove_feedback(std::vector<uint64_t> sequences, Executor& reply_on, StoreReply reply) = 0;
  virtual void count_feedback_delivery(std::vector<uint64_t> sequences, Executor& reply_on, StoreReply reply) = 0;
  // Removes what expires at or before `now`.
  virtual void expire_feedback(UtcTime now, Executor& reply_on, StoreReply reply) = 0;
};

// ---------------------------------------------------------------------------------------------------------------------
// The event log: what devices sent, by partition, in order, for a time.

// Says which append an outcome belongs to; meaning is the caller's.
struct AppendTicket {
  uint64_t owner = 0;
  uint64_t detail = 0;
};

struct AppendOutcome {
  AppendTicket ticket;
  SequenceNumber sequence;  // valid if ok
  bool ok = false;          // false: not stored, the log has failed
};

class AppendListener {
 public:
  virtual ~AppendListener() = default;
  // On a thread of the log's own. One call per listener and commit, outcomes in append order; all records of it are on
  // stable storage.
  virtual void on_appended(std::vector<AppendOutcome> outcomes) = 0;
};

// Where a reader begins. For kSequence, kOffset and kEnqueuedTime `inclusive` says whether an event at exactly that
// position is delivered.
struct EventPosition {
  enum class Kind : uint8_t { kEarliest, kLatest, kSequence, kOffset, kEnqueuedTime };
  Kind kind = Kind::kLatest;
  int64_t value = 0;  // sequence number, offset, or milliseconds since 1970
  bool inclusive = false;
};

struct PartitionInfo {
  SequenceNumber begin_sequence;  // oldest that is still kept; equals last + 1 when empty
  SequenceNumber last_sequence;   // −1 when nothing was ever written
  int64_t last_offset = -1;       // offsets are sequence numbers (docs/formats/event-log.md says why)
  UtcTime last_enqueued = kNever;
  [[nodiscard]] bool empty() const { return begin_sequence > last_sequence; }
};

struct StoredEvent {
  SequenceNumber sequence;
  UtcTime enqueued;
  std::string_view payload;  // into EventBatch::bytes
};

struct EventBatch {
  std::shared_ptr<const std::string> bytes;  // keeps the payloads alive
  std::vector<StoredEvent> events;
  SequenceNumber next;  // where to go on reading
  // Records at `corrupt` … next were damaged and skipped; reported once to the log by the store.
  bool skipped_corrupt = false;
};

using EventReply = UniqueFunction<void(Result<EventBatch, StoreError>)>;

// Thread-safe.
class EventLog {
 public:
  virtual ~EventLog() = default;

  [[nodiscard]] virtual uint16_t partition_count() const = 0;

  // Copies `payload` and returns at once; `listener` (which outlives the log's stop()) hears when the record is on
  // stable storage. Records of one partition get sequence numbers, and become durable, in append order; appends may
  // overlap. The log stamps the enqueued time, never earlier than the record before it. Returns false, without a later
  // outcome, when limits::kLogPendingBytesMax is reached or the log has failed.
  [[nodiscard]] virtual bool append(PartitionId partition, std::string_view payload, AppendTicket ticket,
                                    AppendListener& listener) = 0;

  [[nodiscard]] virtual PartitionInfo info(PartitionId partition) const = 0;
  // The sequence number at which reading begins. A position older than what is kept gives the oldest; a position beyond
  // the end gives last + 1.
  [[nodiscard]] virtual SequenceNumber resolve(PartitionId partition, EventPosition position) const = 0;

  // Reads durable events from `from` on: at most `events_max`, about `bytes_max` bytes, at least one event if there is
  // one. An empty batch means the end is reached. A `from` that retention has removed continues at the oldest.
  virtual void read(PartitionId partition, SequenceNumber from, size_t events_max, size_t bytes_max, Executor& reply_on,
                    EventReply reply) = 0;

  // Calls `ready` once, on `on`, when an event with sequence ≥ `from` is durable (perhaps at once). Returns a handle
  // for cancel_wait(); after that returns, `ready` may still be in the executor's queue, so it must tolerate being
  // late.
  virtual uint64_t wait(PartitionId partition, SequenceNumber from, Executor& on, UniqueFunction<void()> ready) = 0;
  virtual void cancel_wait(uint64_t handle) = 0;
};

}  // namespace nave::hub
