// What a query costs over many twins, in the store that a hub has: `query_scan [--devices N] [--rounds N]`. The file
// lies in $TMPDIR (or /tmp). Prints for each query the rows that it finds, the time and the CPU time of one run over
// all devices, and per device.
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "app/worker_thread.h"
#include "hub/query/limits.h"
#include "hub/query/service.h"
#include "store/embedded/sqlite/device_store.h"

namespace nave {
namespace {

using hub::IdentityWrite;

// Replies are only counted, so the thread that posts may run them.
class AtOnce final : public Executor {
 public:
  void post(UniqueFunction<void()> f) override { f(); }
};

class Pending {
 public:
  void add() { ++count_; }
  void done() {
    --count_;
    count_.notify_one();
  }
  void wait() {
    for (size_t now = count_; now != 0; now = count_) count_.wait(now);
  }

 private:
  std::atomic<size_t> count_{0};
};

hub::Identity identity(size_t i) {
  std::array<char, 32> id{};
  std::snprintf(id.data(), id.size(), "device-%07zu", i);
  hub::Identity out;
  out.key.device = id.data();
  out.generation_id = "637375045610235418";
  out.authentication.primary_key = std::string(44, 'a');
  out.authentication.secondary_key = std::string(44, 'b');
  return out;
}

// About as long as the twin of a small machine.
hub::Twin twin(size_t i) {
  const std::string n = std::to_string(i);
  hub::Twin out;
  out.tags = R"({"location":{"building":"B)" + std::to_string(i % 50) + R"(","floor":)" + std::to_string(i % 9) +
             R"(},"customer":"customer-)" + std::to_string(i % 1000) + R"("})";
  out.desired.values = R"({"telemetryInterval":30,"firmware":{"version":"1.)" + std::to_string(i % 7) +
                       R"(.0","url":"https://firmware.example.test/image.bin"}})";
  out.desired.metadata =
      R"({"$lastUpdated":"2026-01-01T00:00:00Z","$lastUpdatedVersion":2,"telemetryInterval":{"$lastUpdated":"2026-01-01T00:00:00Z","$lastUpdatedVersion":2},"firmware":{"$lastUpdated":"2026-01-01T00:00:00Z","$lastUpdatedVersion":2}})";
  out.reported.values = R"({"battery":)" + std::to_string(i % 101) + R"(,"signal":-)" + std::to_string(40 + i % 60) +
                        R"(,"firmware":{"version":"1.)" + std::to_string(i % 7) + R"(.0","status":"ok"},"serial":"SN)" +
                        n + R"("})";
  out.reported.metadata =
      R"({"$lastUpdated":"2026-01-01T00:00:00Z","battery":{"$lastUpdated":"2026-01-01T00:00:00Z"},"signal":{"$lastUpdated":"2026-01-01T00:00:00Z"},"firmware":{"$lastUpdated":"2026-01-01T00:00:00Z"}})";
  return out;
}

void fill(store::embedded::SqliteDeviceStore& store, size_t devices) {
  AtOnce executor;
  Pending pending;
  const auto expect_done = [&pending](Result<void, hub::StoreError> outcome) {
    if (!outcome) std::abort();
    pending.done();
  };
  constexpr size_t kChunk = 1000;
  for (size_t first = 0; first < devices; first += kChunk) {
    std::vector<IdentityWrite> writes;
    const size_t end = std::min(devices, first + kChunk);
    for (size_t i = first; i < end; ++i) {
      writes.push_back({IdentityWrite::Kind::kPut, IdentityWrite::Expect::kAbsent, 0, identity(i)});
    }
    pending.add();
    store.apply(std::move(writes), executor, expect_done);
    for (size_t i = first; i < end; ++i) {
      pending.add();
      const hub::Identity who = identity(i);
      store.put_twin({who.key, who.generation_id, twin(i)}, executor, expect_done);
    }
    pending.wait();
  }
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// All pages of a query; the bytes that they have.
size_t run_all(hub::QueryService& queries, const std::string& text, size_t& pages) {
  AtOnce executor;
  size_t bytes = 0;
  std::string continuation;
  do {
    Pending pending;
    pending.add();
    queries.run({text, hub::kQueryPageRowsMax, continuation}, executor, [&](hub::HubResult<hub::QueryPage> page) {
      if (!page) {
        std::fprintf(stderr, "%s: %s\n", text.c_str(), page.error().message.c_str());
        std::exit(1);
      }
      bytes += page->body.size();
      continuation = page->continuation;
      pending.done();
    });
    pending.wait();
    ++pages;
  } while (!continuation.empty());
  return bytes;
}

int run(size_t devices, int rounds) {
  const char* parent = std::getenv("TMPDIR");
  std::string folder = std::string(parent == nullptr ? "/tmp" : parent) + "/nave-bench-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 1;
  {
    Metrics metrics;
    SystemClock clock;
    store::embedded::SqliteDeviceStore::Options options;
    options.path = folder + "/state.db";
    options.durability = store::embedded::Durability::kRelaxed;
    store::embedded::SqliteDeviceStore store(options, metrics);
    fill(store, devices);
    hub::HubInfo info{"bench", {}};
    hub::SessionDirectory sessions(store, clock, metrics);
    hub::Registry registry(store, sessions, info, clock);
    app::WorkerThread worker;
    hub::QueryService queries(store, registry, worker, clock, metrics);
    const std::array<const char*, 7> texts = {
        "SELECT COUNT() FROM devices WHERE tags.location.building = 'B7'",
        "SELECT * FROM devices WHERE tags.customer = 'none'",
        "SELECT deviceId FROM devices WHERE properties.reported.battery < 1",
        "SELECT COUNT() FROM devices WHERE properties.reported.firmware.version != properties.desired.firmware.version",
        "SELECT tags.location.building AS b, COUNT() AS n FROM devices GROUP BY tags.location.building",
        "SELECT * FROM devices WHERE status = 'disabled'",
        "SELECT COUNT() FROM devices",
    };
    std::printf("%zu devices, %ju bytes of file\n", devices,
                static_cast<uintmax_t>(std::filesystem::file_size(options.path)));
    for (const char* text : texts) {
      std::vector<double> wall, cpu;
      size_t pages = 0, bytes = 0;
      for (int round = 0; round < rounds; ++round) {
        const double w = wall_seconds(), c = cpu_seconds();
        pages = 0;
        bytes = run_all(queries, text, pages);
        wall.push_back(wall_seconds() - w);
        cpu.push_back(cpu_seconds() - c);
      }
      std::sort(wall.begin(), wall.end());
      std::sort(cpu.begin(), cpu.end());
      const double middle = cpu[cpu.size() / 2];
      std::printf("%7.3f s  %7.3f s CPU  %6.2f us/device  %4zu pages  %8zu bytes  %s\n", wall[wall.size() / 2], middle,
                  1e6 * middle / static_cast<double>(devices), pages, bytes, text);
    }
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace nave

int main(int argc, char** argv) {
  CLI::App app{"Queries over many twins"};
  size_t devices = 100'000;
  int rounds = 3;
  app.add_option("--devices", devices, "How many");
  app.add_option("--rounds", rounds, "Of each query; the median counts");
  CLI11_PARSE(app, argc, argv);
  return nave::run(devices, rounds);
}
