// Twins as the fronts use them: reads, changes in one order per twin, and word of desired changes to who is connected.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/metrics.h"
#include "hub/change_listener.h"
#include "hub/device/registry.h"
#include "hub/ports.h"
#include "hub/session/directory.h"
#include "hub/twin/change.h"

namespace nave::hub {

struct TwinDocument {
  std::string etag;  // as in the document, without quotes
  std::string body;  // render.h: the service's form or the device's
};

// Thread-safe. Operations on one twin, from devices and from the service, take place one after the other in the order
// of the calls; each begins when the one before is durable, so none is lost to another. Replies are posted to
// `reply_on`, after durability, and never run inside the call. A session hears of a desired change before any document
// that shows it is posted, so on one shard documents and notifications come in the order of their versions.
//
// A module twin that does not exist is DeviceNotFound, as with the service (reference/service-rest.md §11.4).
class TwinService {
 public:
  // All outlive the service; the executors of replies do too.
  TwinService(TwinStore& store, const Registry& registry, SessionDirectory& sessions, const Clock& clock,
              Metrics& metrics);
  ~TwinService();
  TwinService(const TwinService&) = delete;
  TwinService& operator=(const TwinService&) = delete;

  // While wiring, before anything else is called. Hears of what devices and back ends change, not of change_by_hub().
  void set_listener(ChangeListener& listener) { listener_ = &listener; }

  template <class Answer>
  using Reply = UniqueFunction<void(HubResult<Answer>)>;

  // For the service API; shows every change that was acknowledged.
  [[nodiscard]] HubResult<TwinDocument> find(const IdentityKey& key);
  // In another form than the service's own.
  using Render = HubResult<std::string> (*)(const Identity&, const Twin&);
  [[nodiscard]] HubResult<TwinDocument> find(const IdentityKey& key, Render render);
  struct ServiceWrite {
    TwinInput input;
    IfMatch if_match;
    size_t body_bytes = 0;  // for the metrics
  };
  void patch(const IdentityKey& key, ServiceWrite write, Executor& reply_on, Reply<TwinDocument> reply);
  // The same, but what to merge is made from the twin as it is when its turn has come; `make` may be called again.
  using MakeInput = UniqueFunction<HubResult<TwinInput>(const Twin&)>;
  void patch(const IdentityKey& key, MakeInput make, const IfMatch& if_match, size_t body_bytes, Executor& reply_on,
             Reply<TwinDocument> reply);
  void replace(const IdentityKey& key, ServiceWrite write, Executor& reply_on, Reply<TwinDocument> reply);

  // For a connected identity, which is one life of it.
  struct Caller {
    IdentityKey key;
    std::string generation_id;
  };
  void get(const Caller& caller, Executor& reply_on, Reply<TwinDocument> reply);
  // The whole desired section in the form of a notification.
  void get_desired(const Caller& caller, Executor& reply_on, Reply<DesiredChange> reply);
  // `body`: JSON text. Replies the new version of the reported properties.
  void patch_reported(const Caller& caller, std::string_view body, std::optional<int64_t> base, Executor& reply_on,
                      Reply<uint64_t> reply);

  // True, too, if that cannot be read: then there is nothing to be done about it.
  [[nodiscard]] bool has_model_id(const Caller& caller, const std::string& model_id) const;
  void set_model_id(const Caller& caller, std::string model_id, Executor& reply_on, Reply<bool> reply);

  // What the hub itself makes of a twin. `decide` changes the twin that it is given and says whether to store it and
  // what a connected device is told; it may be called again if the stored twin has changed meanwhile, on any thread
  // that works on the twin. Replies whether anything was stored.
  struct HubWrite {
    bool store = false;
    std::optional<DesiredChange> announce;
  };
  using HubDecision = UniqueFunction<HubWrite(const Identity&, Twin&)>;
  void change_by_hub(const IdentityKey& key, HubDecision decide, Executor& reply_on, Reply<bool> reply);

  // Twins that somebody works on now.
  [[nodiscard]] size_t busy();

 private:
  struct State;
  struct Step;
  class Operation;
  template <class Answer>
  class Answering;
  // Exists while somebody works on the twin; holds who comes next.
  using Lane = std::deque<std::unique_ptr<Operation>>;
  struct Stripe {
    std::mutex mutex;
    std::unordered_map<IdentityKey, Lane> lanes;
  };
  struct Counters {
    Counter& success;
    Counter& failure;
    Counter& size;
    void count(bool ok, size_t bytes) const;
  };
  static constexpr size_t kStripes = 64;

  [[nodiscard]] HubResult<State> load(const IdentityKey& key) const;
  [[nodiscard]] TwinDocument service_document(const State& state) const;
  [[nodiscard]] Stripe& stripe(const IdentityKey& key);
  // `decide(State&, Step&)` makes the answer, and may be called again if the stored twin has changed meanwhile.
  using Decision = HubResult<std::optional<DesiredChange>> (*)(Twin&, const TwinInput&, UtcTime);
  [[nodiscard]] Reply<TwinDocument> counted(Reply<TwinDocument> reply, size_t bytes);
  void change(const IdentityKey& key, ServiceWrite write, Decision decision, Executor& reply_on,
              Reply<TwinDocument> reply);
  template <class Answer, class Decide>
  void submit(const IdentityKey& key, Executor& reply_on, Reply<Answer> reply, Decide decide);
  void enqueue(const IdentityKey& key, std::unique_ptr<Operation> operation);
  [[nodiscard]] std::unique_ptr<Operation> next(const IdentityKey& key);
  // Works on `operation` and those behind it, until a write is on its way or nothing is left.
  void run(const IdentityKey& key, std::unique_ptr<Operation> operation);
  [[nodiscard]] bool begin(const IdentityKey& key, std::unique_ptr<Operation>& operation);
  void on_stored(const IdentityKey& key, std::unique_ptr<Operation> operation, Result<void, StoreError> outcome);
  void announce(const IdentityKey& key, DesiredChange change);
  [[nodiscard]] static Counters make_counters(Metrics& metrics, const std::string& prefix, const std::string& what);

  TwinStore& store_;
  const Registry& registry_;
  SessionDirectory& sessions_;
  const Clock& clock_;
  ChangeListener* listener_ = nullptr;
  const Counters device_reads_;
  const Counters device_updates_;
  const Counters service_reads_;
  const Counters service_updates_;
  std::array<Stripe, kStripes> stripes_;
};

}  // namespace nave::hub
