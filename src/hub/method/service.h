// Direct methods: finds the session of a device, waits for one if the caller is willing to, and sees to it that every
// call ends exactly once (reference/service-rest.md §12, device-mqtt-https.md §6.3). A command is handed to at most one
// session, and never twice: methods need not be idempotent.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/metrics.h"
#include "base/shard_context.h"
#include "hub/device/registry.h"
#include "hub/method/reply.h"
#include "hub/method/rules.h"
#include "hub/session/directory.h"

namespace nave::hub {

// A call lives on the shard of its caller: its deadline is a timer there, and everything that other shards have to say
// about it is posted there. Destroyed after the shards have stopped; calls still open then end unanswered.
class MethodService {
 public:
  // Shards are 0 … `shards` − 1.
  MethodService(const Registry& registry, const SessionDirectory& sessions, size_t shards, Metrics& metrics);
  ~MethodService();

  using Callback = UniqueFunction<void(HubResult<MethodAnswer>)>;
  // On the thread of `shard`, where `callback` is called exactly once; before this returns if the call cannot be made.
  // Both time-outs run from now: the response time-out is that of the whole call.
  void invoke(const IdentityKey& key, MethodInput input, const ShardContext& shard, Callback callback);

  // Any thread. A session of `key` takes methods from now on: those that wait for it are sent.
  void on_ready(const IdentityKey& key);

  // Any thread. Calls that have not ended yet.
  [[nodiscard]] size_t open_calls() const { return open_calls_.load(std::memory_order_relaxed); }

 private:
  struct Call;
  struct CallRef {
    Executor* executor;
    ShardId shard;
    uint64_t id;
  };
  using Calls = std::unordered_map<uint64_t, std::unique_ptr<Call>>;  // of one shard

  [[nodiscard]] HubResult<void> check(const IdentityKey& key, const MethodInput& input);
  [[nodiscard]] bool reserve(size_t bytes);
  void attempt(Call& call);
  void on_attempt(ShardId shard, uint64_t id, MethodDelivery delivery);
  void on_delivered(Call& call);
  void on_deadline(Call& call);
  void wake(ShardId shard, uint64_t id);
  void finish(ShardId shard, uint64_t id, HubResult<MethodAnswer> result);
  void count(const HubResult<MethodAnswer>& result);
  void release_command(Call& call);
  [[nodiscard]] bool start_waiting(Call& call);
  void stop_waiting(Call& call);
  [[nodiscard]] Call* find(ShardId shard, uint64_t id);

  const Registry& registry_;
  const SessionDirectory& sessions_;
  std::vector<Calls> calls_;  // by ShardId, each touched by its shard only
  std::atomic<uint64_t> next_id_{1};
  std::atomic<size_t> open_calls_{0};
  std::atomic<size_t> command_bytes_{0};  // of commands that are not with a session yet

  std::mutex waiting_mutex_;
  std::unordered_map<IdentityKey, std::vector<CallRef>> waiting_;  // in the order of the calls
  std::atomic<size_t> waiting_count_{0};

  Counter& success_;
  Counter& failure_;
  Counter& request_bytes_;
  Counter& response_bytes_;
};

}  // namespace nave::hub
