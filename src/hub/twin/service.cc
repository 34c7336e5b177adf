#include "hub/twin/service.h"

#include <utility>

#include "base/limits.h"
#include "hub/twin/render.h"
#include "json/parse.h"

namespace nave::hub {
namespace {

// The row of a twin changes outside its lane only when the identity is deleted, so this is already generous.
constexpr int kTriesMax = 16;

Error store_error(StoreError error) {
  if (error == StoreError::kDamaged) return {ErrorCode::kServerError, "The stored twin is damaged"};
  return ErrorCode::kServiceUnavailable;
}

HubResult<json::Object> parse_reported(std::string_view body) {
  auto value = json::parse(body, {.bytes_max = limits::kMqttPacketBytesMax});
  if (!value) return fail(Error(ErrorCode::kArgumentInvalid, value.error().message()));
  if (value->if_object() == nullptr) {
    return fail(Error(ErrorCode::kArgumentInvalid, "The reported properties must be a JSON object"));
  }
  return std::move(*value->if_object());
}

}  // namespace

struct TwinService::State {
  Identity identity;
  Twin twin;

  // Is it still the identity that `caller` connected as?
  [[nodiscard]] HubResult<void> check(const Caller& caller) const {
    if (identity.generation_id == caller.generation_id) return {};
    return fail(not_found({caller.key.device, ""}));
  }
};

// What a decision asks for besides its answer.
struct TwinService::Step {
  bool store = false;
  std::optional<DesiredChange> announce;  // once stored
  uint8_t changed = 0;                    // TwinAspect bits that the listener hears of, once stored
};

class TwinService::Operation {
 public:
  explicit Operation(Executor& e) : reply_on(e) {}
  virtual ~Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  virtual void decide(State& state, Step& step) = 0;
  virtual void refuse(Error error) = 0;
  // Posts what was decided last.
  virtual void answer() = 0;

  Executor& reply_on;
  Step step;
  int tries = 0;
};

template <class Answer>
class TwinService::Answering final : public Operation {
 public:
  using Decide = UniqueFunction<HubResult<Answer>(State&, Step&)>;
  Answering(Executor& e, Reply<Answer> reply, Decide decide)
      : Operation(e), reply_(std::move(reply)), decide_(std::move(decide)) {}

  void decide(State& state, Step& s) override { answer_ = decide_(state, s); }
  void refuse(Error error) override { answer_ = fail(std::move(error)); }
  void answer() override {
    reply_on.post([reply = std::move(reply_), answer = *std::move(answer_)]() mutable { reply(std::move(answer)); });
  }

 private:
  Reply<Answer> reply_;
  Decide decide_;
  std::optional<HubResult<Answer>> answer_;
};

void TwinService::Counters::count(bool ok, size_t bytes) const {
  (ok ? success : failure).add();
  if (ok) size.add(bytes);
}

TwinService::Counters TwinService::make_counters(Metrics& metrics, const std::string& prefix, const std::string& what) {
  return {metrics.counter(prefix + "_success", what + " that succeeded"),
          metrics.counter(prefix + "_failure", what + " that failed"),
          metrics.counter(prefix + "_size", "Bytes of all " + what + " that succeeded")};
}

TwinService::TwinService(TwinStore& store, const Registry& registry, SessionDirectory& sessions, const Clock& clock,
                         Metrics& metrics)
    : store_(store),
      registry_(registry),
      sessions_(sessions),
      clock_(clock),
      device_reads_(make_counters(metrics, "d2c_twin_read", "twin reads by devices")),
      device_updates_(make_counters(metrics, "d2c_twin_update", "twin updates by devices")),
      service_reads_(make_counters(metrics, "c2d_twin_read", "twin reads by back ends")),
      service_updates_(make_counters(metrics, "c2d_twin_update", "twin updates by back ends")) {}

TwinService::~TwinService() = default;

HubResult<TwinService::State> TwinService::load(const IdentityKey& key) const {
  HubResult<Identity> identity = registry_.get(key);
  if (!identity) {
    if (identity.error().code == ErrorCode::kModuleNotFound) return fail(not_found({key.device, ""}));
    return fail(std::move(identity.error()));
  }
  auto stored = store_.load_twin(key);
  if (!stored) return fail(store_error(stored.error()));
  State out{*std::move(identity), {}};
  out.twin = *stored ? std::move(**stored) : fresh_twin(out.identity);
  return out;
}

TwinDocument TwinService::service_document(const State& state) const {
  return {twin_etag_text(state.twin),
          service_twin_text(state.identity, registry_.presence(state.identity), state.twin)};
}

// ---------------------------------------------------------------------------------------------------------------------
// The operations.

HubResult<TwinDocument> TwinService::find(const IdentityKey& key) {
  const auto state = load(key);
  if (!state) {
    service_reads_.count(false, 0);
    return fail(state.error());
  }
  TwinDocument out = service_document(*state);
  service_reads_.count(true, out.body.size());
  return out;
}

HubResult<TwinDocument> TwinService::find(const IdentityKey& key, Render render) {
  const auto state = load(key);
  auto body = state ? render(state->identity, state->twin) : fail(state.error());
  service_reads_.count(body.has_value(), body ? body->size() : 0);
  if (!body) return fail(std::move(body.error()));
  return TwinDocument{twin_etag_text(state->twin), *std::move(body)};
}

template <class Answer, class Decide>
void TwinService::submit(const IdentityKey& key, Executor& reply_on, Reply<Answer> reply, Decide decide) {
  enqueue(key, std::make_unique<Answering<Answer>>(reply_on, std::move(reply), std::move(decide)));
}

void TwinService::patch(const IdentityKey& key, ServiceWrite write, Executor& reply_on, Reply<TwinDocument> reply) {
  change(key, std::move(write), patch_twin, reply_on, std::move(reply));
}

void TwinService::replace(const IdentityKey& key, ServiceWrite write, Executor& reply_on, Reply<TwinDocument> reply) {
  change(key, std::move(write), replace_twin, reply_on, std::move(reply));
}

TwinService::Reply<TwinDocument> TwinService::counted(Reply<TwinDocument> reply, size_t bytes) {
  return [this, bytes, reply = std::move(reply)](HubResult<TwinDocument> r) mutable {
    service_updates_.count(r.has_value(), bytes);
    reply(std::move(r));
  };
}

void TwinService::change(const IdentityKey& key, ServiceWrite write, Decision decision, Executor& reply_on,
                         Reply<TwinDocument> reply) {
  submit<TwinDocument>(key, reply_on, counted(std::move(reply), write.body_bytes),
                       [this, decision, write = std::move(write)](State& state, Step& step) -> HubResult<TwinDocument> {
                         if (auto ok = check_twin_etag(state.twin, write.if_match); !ok) return fail(ok.error());
                         auto changed = decision(state.twin, write.input, clock_.utc());
                         if (!changed) return fail(changed.error());
                         const bool tags = write.input.tags || write.input.clears_tags || decision == replace_twin;
                         step = {true, *std::move(changed), tags ? uint8_t{kAspectTags} : uint8_t{0}};
                         return service_document(state);
                       });
}

void TwinService::patch(const IdentityKey& key, MakeInput make, const IfMatch& if_match, size_t body_bytes,
                        Executor& reply_on, Reply<TwinDocument> reply) {
  submit<TwinDocument>(
      key, reply_on, counted(std::move(reply), body_bytes),
      [this, make = std::move(make), if_match](State& state, Step& step) mutable -> HubResult<TwinDocument> {
        if (auto ok = check_twin_etag(state.twin, if_match); !ok) return fail(ok.error());
        const auto input = make(state.twin);
        if (!input) return fail(input.error());
        auto changed = patch_twin(state.twin, *input, clock_.utc());
        if (!changed) return fail(changed.error());
        step = {true, *std::move(changed)};
        return service_document(state);
      });
}

void TwinService::get(const Caller& caller, Executor& reply_on, Reply<TwinDocument> reply) {
  auto counted = [this, reply = std::move(reply)](HubResult<TwinDocument> r) mutable {
    device_reads_.count(r.has_value(), r ? r->body.size() : 0);
    reply(std::move(r));
  };
  submit<TwinDocument>(caller.key, reply_on, std::move(counted),
                       [caller](const State& state, Step&) -> HubResult<TwinDocument> {
                         if (auto ok = state.check(caller); !ok) return fail(ok.error());
                         return TwinDocument{twin_etag_text(state.twin), device_twin_text(state.twin)};
                       });
}

void TwinService::get_desired(const Caller& caller, Executor& reply_on, Reply<DesiredChange> reply) {
  submit<DesiredChange>(caller.key, reply_on, std::move(reply),
                        [caller](const State& state, Step&) -> HubResult<DesiredChange> {
                          if (auto ok = state.check(caller); !ok) return fail(ok.error());
                          return whole_desired(state.twin);
                        });
}

void TwinService::patch_reported(const Caller& caller, std::string_view body, std::optional<int64_t> base,
                                 Executor& reply_on, Reply<uint64_t> reply) {
  auto counted = [this, bytes = body.size(), reply = std::move(reply)](HubResult<uint64_t> r) mutable {
    device_updates_.count(r.has_value(), bytes);
    reply(std::move(r));
  };
  submit<uint64_t>(caller.key, reply_on, std::move(counted),
                   [this, caller, base, patch = parse_reported(body)](State& state, Step& step) -> HubResult<uint64_t> {
                     if (auto ok = state.check(caller); !ok) return fail(ok.error());
                     if (!patch) return fail(patch.error());
                     auto version = hub::patch_reported(state.twin, *patch, base, clock_.utc());
                     step.store = version.has_value();
                     step.changed = kAspectReported;
                     return version;
                   });
}

bool TwinService::has_model_id(const Caller& caller, const std::string& model_id) const {
  const auto stored = store_.load_twin(caller.key);
  if (!stored) return true;
  return (*stored ? (*stored)->model_id : "") == model_id;
}

void TwinService::set_model_id(const Caller& caller, std::string model_id, Executor& reply_on, Reply<bool> reply) {
  submit<bool>(caller.key, reply_on, std::move(reply),
               [caller, model_id = std::move(model_id)](State& state, Step& step) -> HubResult<bool> {
                 if (auto ok = state.check(caller); !ok) return fail(ok.error());
                 step.store = state.twin.model_id != model_id;
                 state.twin.model_id = model_id;
                 return step.store;
               });
}

void TwinService::change_by_hub(const IdentityKey& key, HubDecision decide, Executor& reply_on, Reply<bool> reply) {
  submit<bool>(key, reply_on, std::move(reply),
               [decide = std::move(decide)](State& state, Step& step) mutable -> HubResult<bool> {
                 HubWrite write = decide(state.identity, state.twin);
                 step.store = write.store;
                 step.announce = std::move(write.announce);
                 return write.store;
               });
}

// ---------------------------------------------------------------------------------------------------------------------
// One order per twin.

TwinService::Stripe& TwinService::stripe(const IdentityKey& key) {
  return stripes_[std::hash<IdentityKey>{}(key) % kStripes];
}

void TwinService::enqueue(const IdentityKey& key, std::unique_ptr<Operation> operation) {
  bool is_first = false;
  {
    Stripe& s = stripe(key);
    const std::lock_guard lock(s.mutex);
    const auto [lane, is_new] = s.lanes.try_emplace(key);
    is_first = is_new;
    if (!is_first && lane->second.size() < limits::kTwinQueueMax) {
      lane->second.push_back(std::move(operation));
      return;
    }
  }
  if (is_first) return run(key, std::move(operation));
  operation->refuse(ErrorCode::kThrottlingException);
  operation->answer();
}

size_t TwinService::busy() {
  size_t out = 0;
  for (Stripe& s : stripes_) {
    const std::lock_guard lock(s.mutex);
    out += s.lanes.size();
  }
  return out;
}

std::unique_ptr<TwinService::Operation> TwinService::next(const IdentityKey& key) {
  Stripe& s = stripe(key);
  const std::lock_guard lock(s.mutex);
  const auto lane = s.lanes.find(key);
  if (lane->second.empty()) {
    s.lanes.erase(lane);
    return nullptr;
  }
  std::unique_ptr<Operation> out = std::move(lane->second.front());
  lane->second.pop_front();
  return out;
}

void TwinService::run(const IdentityKey& key, std::unique_ptr<Operation> operation) {
  while (operation) {
    if (begin(key, operation)) return;
    operation->answer();
    operation = next(key);
  }
}

// True: a write is on its way, and the operation with it.
bool TwinService::begin(const IdentityKey& key, std::unique_ptr<Operation>& operation) {
  auto state = load(key);
  operation->step = {};
  if (!state) {
    operation->refuse(std::move(state.error()));
    return false;
  }
  operation->decide(*state, operation->step);
  if (!operation->step.store) return false;
  Executor& executor = operation->reply_on;
  store_.put_twin({key, state->identity.generation_id, std::move(state->twin)}, executor,
                  [this, key, operation = std::move(operation)](Result<void, StoreError> outcome) mutable {
                    on_stored(key, std::move(operation), outcome);
                  });
  return true;
}

void TwinService::on_stored(const IdentityKey& key, std::unique_ptr<Operation> operation,
                            Result<void, StoreError> outcome) {
  const bool changed_meanwhile =
      !outcome && (outcome.error() == StoreError::kVersionMismatch || outcome.error() == StoreError::kNotFound);
  if (changed_meanwhile && ++operation->tries < kTriesMax) return run(key, std::move(operation));
  if (!outcome) {
    operation->refuse(store_error(outcome.error()));
  } else {
    if (operation->step.announce) announce(key, *std::move(operation->step.announce));
    if (listener_ != nullptr && operation->step.changed != 0) listener_->on_changed(key, operation->step.changed);
  }
  operation->answer();
  run(key, next(key));
}

void TwinService::announce(const IdentityKey& key, DesiredChange change) {
  sessions_.with_session(key, [change = std::move(change)](Session* session) {
    if (session != nullptr) session->on_desired_changed(change);
  });
}

}  // namespace nave::hub
