#include "hub/job/work.h"

#include <utility>

#include "hub/job/request.h"

namespace nave::hub {
namespace {

class TwinWork final : public JobWork {
 public:
  TwinWork(const Means& means, TwinInput input, size_t bytes)
      : means_(means), input_(std::move(input)), bytes_(bytes) {}

  [[nodiscard]] bool only_once() const override { return false; }

  // A twin that the change would leave as it is.
  [[nodiscard]] bool is_done(const IdentityKey& key) const override {
    const auto twin = means_.twin_store.load_twin(key);
    if (!twin || !*twin) return false;
    Twin changed = **twin;
    if (!patch_twin(changed, input_, kNever)) return false;
    return changed.tags == (*twin)->tags && changed.desired.values == (*twin)->desired.values;
  }

  void begin(const IdentityKey& key, Done done) override {
    means_.twins.patch(key, {input_, {IfMatch::Kind::kAny, "", false}, bytes_}, means_.worker,
                       [done = std::move(done)](const HubResult<TwinDocument>& result) mutable {
                         if (!result) return done(fail(result.error()));
                         done(std::optional<MethodAnswer>());
                       });
  }

 private:
  const Means& means_;
  const TwinInput input_;
  const size_t bytes_;
};

class MethodWork final : public JobWork {
 public:
  MethodWork(const Means& means, MethodInput input) : means_(means), input_(std::move(input)) {}

  [[nodiscard]] bool only_once() const override { return true; }
  [[nodiscard]] bool is_done(const IdentityKey&) const override { return false; }

  void begin(const IdentityKey& key, Done done) override {
    const ShardContext& shard = *means_.shards[next_++ % means_.shards.size()];
    shard.executor.post([&means = means_, &shard, key, input = input_, done = std::move(done)]() mutable {
      means.methods.invoke(key, std::move(input), shard,
                           [&means, done = std::move(done)](HubResult<MethodAnswer> result) mutable {
                             means.worker.post([done = std::move(done), result = std::move(result)]() mutable {
                               if (!result) return done(fail(std::move(result.error())));
                               done(std::optional<MethodAnswer>(*std::move(result)));
                             });
                           });
    });
  }

 private:
  const Means& means_;
  const MethodInput input_;
  size_t next_ = 0;
};

}  // namespace

HubResult<std::unique_ptr<JobWork>> make_job_work(const JobOrder& order, const JobWork::Means& means) {
  if (order.type == JobType::kUpdateTwin) {
    auto input = twin_input_of(order);
    if (!input) return fail(input.error());
    return std::make_unique<TwinWork>(means, *std::move(input), order.content.size());
  }
  auto input = method_input_of(order);
  if (!input) return fail(input.error());
  return std::make_unique<MethodWork>(means, *std::move(input));
}

}  // namespace nave::hub
