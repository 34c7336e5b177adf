#include "hub/method/service.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace nave::hub {

struct MethodService::Call final : Timer {
  Call(MethodService& s, IdentityKey k, const ShardContext& c, uint64_t i, Callback f)
      : service(s), key(std::move(k)), shard(c), id(i), callback(std::move(f)) {}
  void on_timer() override { service.on_deadline(*this); }
  [[nodiscard]] CallRef ref() const { return {&shard.executor, shard.id, id}; }

  MethodService& service;
  const IdentityKey key;
  const ShardContext& shard;
  const uint64_t id;
  Callback callback;
  std::shared_ptr<const MethodCommand> command;  // until a session has it
  int64_t connect_deadline_ms = 0;
  int64_t deadline_ms = 0;
  bool waiting = false;    // is in waiting_
  bool trying = false;     // on its way to a session's shard and back
  bool try_again = false;  // a session became ready meanwhile
};

MethodService::MethodService(const Registry& registry, const SessionDirectory& sessions, size_t shards,
                             Metrics& metrics)
    : registry_(registry),
      sessions_(sessions),
      calls_(shards),
      success_(metrics.counter("c2d_methods_success", "Direct method calls that the device answered")),
      failure_(metrics.counter("c2d_methods_failure", "Direct method calls that failed")),
      request_bytes_(metrics.counter("c2d_methods_requestSize", "Bytes of the payloads of direct method calls")),
      response_bytes_(metrics.counter("c2d_methods_responseSize", "Bytes of the payloads that devices answered")) {}

MethodService::~MethodService() = default;

HubResult<void> MethodService::check(const IdentityKey& key, const MethodInput& input) {
  const auto identity = registry_.get(key);
  if (!identity) return fail(identity.error());
  if (auto ok = check_method_input(input); !ok) return ok;
  const auto device = key.is_module() ? registry_.get({key.device, ""}) : identity;
  if (!identity->enabled || !device || !device->enabled) {
    return fail(Error(ErrorCode::kDeviceNotFound, key.device));
  }
  if (!reserve(input.payload.size())) return fail(Error(ErrorCode::kThrottlingException));
  return {};
}

bool MethodService::reserve(size_t bytes) {
  const bool too_many = open_calls_.fetch_add(1, std::memory_order_relaxed) >= limits::kMethodCallsMax;
  const bool too_large =
      command_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes > limits::kMethodCommandBytesMax;
  if (!too_many && !too_large) return true;
  open_calls_.fetch_sub(1, std::memory_order_relaxed);
  command_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  return false;
}

void MethodService::invoke(const IdentityKey& key, MethodInput input, const ShardContext& shard, Callback callback) {
  if (auto ok = check(key, input); !ok) {
    failure_.add();
    return callback(fail(ok.error()));
  }
  request_bytes_.add(input.payload.size());
  const uint64_t id = next_id_.fetch_add(1, std::memory_order_relaxed);
  auto made = std::make_unique<Call>(*this, key, shard, id, std::move(callback));
  Call& call = *made;
  calls_[shard.id.value()].emplace(id, std::move(made));

  const int64_t now = shard.timers.now_ms();
  call.connect_deadline_ms = now + input.connect_timeout_s * 1000;
  call.deadline_ms = now + input.response_timeout_s * 1000;
  call.command = std::make_shared<const MethodCommand>(
      MethodCommand{std::move(input.name), std::move(input.payload), call.deadline_ms});
  if (input.connect_timeout_s > 0) {
    if (!start_waiting(call)) return finish(shard.id, id, fail(Error(ErrorCode::kDeviceMaximumInflightMethodExceeded)));
    shard.timers.arm(call, call.connect_deadline_ms - now);
  }
  attempt(call);
}

// To the session's shard and back. What a session says in its answer can be overtaken by nothing but its own answer to
// the call, which is posted the same way; then on_attempt() finds no call any more.
void MethodService::attempt(Call& call) {
  call.trying = true;
  call.try_again = false;
  const CallRef ref = call.ref();
  const bool connected = sessions_.with_session(call.key, [this, ref, command = call.command](Session* session) {
    MethodReply reply([this, ref](HubResult<MethodAnswer> result) {
      ref.executor->post(
          [this, ref, result = std::move(result)]() mutable { finish(ref.shard, ref.id, std::move(result)); });
    });
    const MethodDelivery delivery =
        session == nullptr ? MethodDelivery::kNotReady : session->deliver_method(*command, reply);
    if (delivery != MethodDelivery::kDelivered) reply.dismiss();
    ref.executor->post([this, ref, delivery] { on_attempt(ref.shard, ref.id, delivery); });
  });
  if (!connected) on_attempt(ref.shard, ref.id, MethodDelivery::kNotReady);
}

void MethodService::on_attempt(ShardId shard, uint64_t id, MethodDelivery delivery) {
  Call* const call = find(shard, id);
  if (call == nullptr) return;
  call->trying = false;
  if (delivery == MethodDelivery::kDelivered) return on_delivered(*call);
  if (delivery == MethodDelivery::kTooMany) {
    return finish(shard, id, fail(Error(ErrorCode::kDeviceMaximumInflightMethodExceeded)));
  }
  if (call->shard.timers.now_ms() >= call->connect_deadline_ms) {
    return finish(shard, id, fail(Error(ErrorCode::kDeviceNotOnline)));
  }
  if (call->try_again) attempt(*call);
}

void MethodService::on_delivered(Call& call) {
  stop_waiting(call);
  release_command(call);
  call.shard.timers.arm(call, call.deadline_ms - call.shard.timers.now_ms());
}

void MethodService::on_deadline(Call& call) {
  // An attempt that is under way may have reached the device: its outcome decides.
  if (call.trying) return;
  const ErrorCode code = call.command ? ErrorCode::kDeviceNotOnline : ErrorCode::kGatewayTimeout;
  finish(call.shard.id, call.id, fail(Error(code)));
}

void MethodService::on_ready(const IdentityKey& key) {
  if (waiting_count_.load(std::memory_order_relaxed) == 0) return;
  std::vector<CallRef> refs;
  {
    const std::lock_guard lock(waiting_mutex_);
    if (const auto it = waiting_.find(key); it != waiting_.end()) refs = it->second;
  }
  for (const CallRef& ref : refs) ref.executor->post([this, ref] { wake(ref.shard, ref.id); });
}

void MethodService::wake(ShardId shard, uint64_t id) {
  Call* const call = find(shard, id);
  if (call == nullptr || !call->command) return;
  if (call->trying) {
    call->try_again = true;
  } else {
    attempt(*call);
  }
}

void MethodService::finish(ShardId shard, uint64_t id, HubResult<MethodAnswer> result) {
  auto node = calls_[shard.value()].extract(id);
  if (node.empty()) return;
  Call& call = *node.mapped();
  call.cancel();
  stop_waiting(call);
  release_command(call);
  open_calls_.fetch_sub(1, std::memory_order_relaxed);
  count(result);
  call.callback(std::move(result));
}

void MethodService::count(const HubResult<MethodAnswer>& result) {
  if (!result) return failure_.add();
  success_.add();
  response_bytes_.add(result->payload.size());
}

void MethodService::release_command(Call& call) {
  if (!call.command) return;
  command_bytes_.fetch_sub(call.command->payload.size(), std::memory_order_relaxed);
  call.command.reset();
}

bool MethodService::start_waiting(Call& call) {
  const std::lock_guard lock(waiting_mutex_);
  std::vector<CallRef>& refs = waiting_[call.key];
  if (refs.size() >= limits::kMethodsInFlightPerIdentityMax) return false;
  refs.push_back(call.ref());
  waiting_count_.fetch_add(1, std::memory_order_relaxed);
  call.waiting = true;
  return true;
}

void MethodService::stop_waiting(Call& call) {
  if (!std::exchange(call.waiting, false)) return;
  const std::lock_guard lock(waiting_mutex_);
  const auto it = waiting_.find(call.key);
  std::erase_if(it->second, [&](const CallRef& r) { return r.id == call.id; });
  if (it->second.empty()) waiting_.erase(it);
  waiting_count_.fetch_sub(1, std::memory_order_relaxed);
}

MethodService::Call* MethodService::find(ShardId shard, uint64_t id) {
  Calls& calls = calls_[shard.value()];
  const auto it = calls.find(id);
  return it == calls.end() ? nullptr : it->second.get();
}

}  // namespace nave::hub
