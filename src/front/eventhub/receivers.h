// Who reads which partition for which consumer group, over all connections and shards: the epoch rules and the limit of
// concurrent readers (reference/amqp.md §9.3).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/executor.h"
#include "base/metrics.h"
#include "base/result.h"

namespace nave::front::eventhub {

// A receiver that must go, in the words its client is shown.
struct Verdict {
  std::string_view condition;
  std::string description;
};

// What a registered receiver must be able to do; called on its own shard.
class Evictable {
 public:
  virtual ~Evictable() = default;
  virtual void evict(const Verdict& verdict) = 0;
};

// One receiver's place. Made by the receiver on its shard, shared with the registry; `owner` is touched only on the
// receiver's shard and set to nullptr when the receiver dies, so that a late eviction finds nobody.
struct Seat {
  Seat(Executor& e, Evictable& o, std::string receiver_name, std::optional<int64_t> receiver_epoch)
      : executor(e), owner(&o), name(std::move(receiver_name)), epoch(receiver_epoch) {}
  Executor& executor;
  Evictable* owner;
  const std::string name;  // empty: the client gave none
  const std::optional<int64_t> epoch;
};

struct SeatKey {
  std::string consumer_group;
  uint16_t partition = 0;
  bool operator==(const SeatKey&) const = default;
};

struct SeatKeyHash {
  size_t operator()(const SeatKey& k) const noexcept {
    return std::hash<std::string>{}(k.consumer_group) * 31 + k.partition;
  }
};

// Thread-safe: one mutex, held for a few comparisons per attach and detach and never while calling out.
class ReceiverRegistry {
 public:
  explicit ReceiverRegistry(Metrics& metrics);

  // Takes a place, or says why not. A receiver with an epoch sends away every receiver whose epoch is not higher, those
  // without an epoch included; they are told by a post to their own shard.
  [[nodiscard]] Result<void, Verdict> take(const SeatKey& key, const std::shared_ptr<Seat>& seat);
  // Gives the place back; no effect if it was taken away meanwhile.
  void release(const SeatKey& key, const std::shared_ptr<Seat>& seat);

  [[nodiscard]] size_t count(const SeatKey& key) const;

 private:
  using Seats = std::vector<std::shared_ptr<Seat>>;

  Gauge& receivers_;
  mutable std::mutex mutex_;
  std::unordered_map<SeatKey, Seats, SeatKeyHash> seats_;
};

}  // namespace nave::front::eventhub
