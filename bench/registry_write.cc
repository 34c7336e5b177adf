// What a durable registry write and a look-up cost: `registry_write --benchmark_filter=…`. The file lies in $TMPDIR (or
// /tmp); point it at the disk that matters, not at a RAM disk.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "store/embedded/sqlite/device_store.h"

namespace nave {
namespace {

using hub::Identity;
using hub::IdentityWrite;

// Replies are only counted, so the thread that posts may run them.
class CountingExecutor final : public Executor {
 public:
  void post(UniqueFunction<void()> f) override { f(); }
};

Identity identity(size_t i) {
  Identity out;
  out.key.device = "device-" + std::to_string(i);
  out.generation_id = "637375045610235418";
  out.authentication.primary_key = std::string(44, 'a');
  out.authentication.secondary_key = std::string(44, 'b');
  return out;
}

// A store with `devices` identities, removed at the end.
class Fixture {
 public:
  Fixture(size_t devices, size_t cached) {
    const char* parent = std::getenv("TMPDIR");
    std::string folder = std::string(parent == nullptr ? "/tmp" : parent) + "/nave-bench-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) std::abort();
    folder_ = folder;
    store::embedded::SqliteDeviceStore::Options options;
    options.path = folder_ + "/state.db";
    options.cached_identities = cached;
    store_ = std::make_unique<store::embedded::SqliteDeviceStore>(options, metrics_);
    constexpr size_t kChunk = 1000;
    for (size_t i = 0; i < devices; i += kChunk) {
      std::vector<IdentityWrite> writes;
      for (size_t k = i; k < std::min(devices, i + kChunk); ++k) {
        writes.push_back({IdentityWrite::Kind::kPut, IdentityWrite::Expect::kAbsent, 0, identity(k)});
      }
      submit(std::move(writes));
      drain();
    }
  }
  ~Fixture() {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  void submit(std::vector<IdentityWrite> writes) {
    ++waiting_;
    store_->apply(std::move(writes), executor_, [this](Result<void, hub::StoreError> outcome) {
      if (!outcome) std::abort();
      --waiting_;
      waiting_.notify_one();
    });
  }
  // Until fewer than `n` are unanswered.
  void wait_below(size_t n) {
    for (size_t now = waiting_; now >= n; now = waiting_) waiting_.wait(now);
  }
  void drain() { wait_below(1); }
  [[nodiscard]] const store::embedded::SqliteDeviceStore& store() const { return *store_; }

 private:
  std::string folder_;
  Metrics metrics_;
  CountingExecutor executor_;
  std::atomic<size_t> waiting_{0};
  std::unique_ptr<store::embedded::SqliteDeviceStore> store_;
};

constexpr size_t kDevices = 20'000;

// Changes of one identity each, with the given number unanswered at any moment.
void durable_update(benchmark::State& state) {
  Fixture fixture(kDevices, 1000);
  const auto depth = static_cast<size_t>(state.range(0));
  size_t i = 0;
  for (auto _ : state) {
    fixture.wait_below(depth);
    Identity changed = identity(i * 7919 % kDevices);
    changed.etag = ++i;
    fixture.submit({{IdentityWrite::Kind::kPut, IdentityWrite::Expect::kPresent, 0, std::move(changed)}});
  }
  fixture.drain();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(durable_update)->Arg(1)->Arg(16)->Arg(128)->Arg(512)->MeasureProcessCPUTime()->UseRealTime();

// Imports of 100 identities a change, eight on the way.
void import(benchmark::State& state) {
  Fixture fixture(0, 1000);
  size_t i = 0;
  for (auto _ : state) {
    fixture.wait_below(8);
    std::vector<IdentityWrite> writes;
    for (size_t k = 0; k < 100; ++k) {
      writes.push_back({IdentityWrite::Kind::kPut, IdentityWrite::Expect::kAbsent, 0, identity(i++)});
    }
    fixture.submit(std::move(writes));
  }
  fixture.drain();
  state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(import)->MeasureProcessCPUTime()->UseRealTime();

void find(benchmark::State& state, size_t cached) {
  Fixture fixture(kDevices, cached);
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(fixture.store().find({"device-" + std::to_string(++i * 7919 % kDevices), ""}));
  }
  state.SetItemsProcessed(state.iterations());
}
void find_cached(benchmark::State& state) {
  find(state, 4 * kDevices);
}
BENCHMARK(find_cached);
void find_on_disk(benchmark::State& state) {
  find(state, 16);
}
BENCHMARK(find_on_disk);

}  // namespace
}  // namespace nave

BENCHMARK_MAIN();
