// What automatic configurations cost: a new one over many twins, and a change of a twin with 0, 10 and 100 of them.
// `configurations [devices]`; the file lies in $TMPDIR (or /tmp): point it at the disk that matters. CPU is of the
// whole process, the writer of the state database among it.
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "hub/configuration/service.h"
#include "json/parse.h"
#include "store/embedded/sqlite/device_store.h"

namespace nave {
namespace {

class Worker final : public Executor {
 public:
  ~Worker() override { stop(); }
  void post(UniqueFunction<void()> f) override {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    queue_.push_back(std::move(f));
    wake_.notify_one();
  }
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      UniqueFunction<void()> f = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      f();
      lock.lock();
    }
  }
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<UniqueFunction<void()>> queue_;
  bool stopping_ = false;
  std::thread thread_{[this] { run(); }};
};

// How many answers are still to come.
class Waiting {
 public:
  void begin(size_t at_most) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_ < at_most; });
    ++open_;
  }
  void end() {
    const std::lock_guard lock(mutex_);
    --open_;
    changed_.notify_one();
  }
  void drain() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t open_ = 0;
};

double cpu_us() {
  rusage r{};
  getrusage(RUSAGE_SELF, &r);
  const auto us = [](const timeval& t) { return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec); };
  return us(r.ru_utime) + us(r.ru_stime);
}

class Bench {
 public:
  Bench(const std::string& folder, size_t devices)
      : store_({.path = folder + "/state.db"}, metrics_), devices_(devices) {
    registry_.set_listener(service_.listener());
    twins_.set_listener(service_.listener());
  }

  void run() {
    measure("create devices with tags", devices_, [&] { make_devices(); });
    measure("new configuration for none of them", devices_, [&] { put("none", "tags.group = 9"); });
    measure("new configuration for one in ten", devices_, [&] { put("tenth", "tags.group = 1"); });
    measure("new configuration for all of them", devices_, [&] { put("all", "tags.group >= 0"); });
    measure("withdraw that", devices_, [&] { put("all", "", true); });
    constexpr size_t kPatches = 20'000;
    for (const char* id : {"none", "tenth", "all"}) remove(id);
    settle();
    for (const size_t configurations : {size_t{0}, size_t{10}, size_t{100}}) {
      for (; made_ < configurations; ++made_) put("c" + std::to_string(made_), "tags.other = " + std::to_string(made_));
      settle();
      measure(("change of a tag, " + std::to_string(configurations) + " configurations").c_str(), kPatches,
              [&] { patch_tags(kPatches); });
    }
  }
  void stop() { worker_.stop(); }

 private:
  template <class Work>
  void measure(const char* what, size_t count, Work work) {
    const double cpu = cpu_us();
    const auto begin = std::chrono::steady_clock::now();
    work();
    settle();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    const double n = static_cast<double>(count);
    std::printf("%-42s %8zu  %7.2f s  %8.0f /s  %7.2f us CPU each\n", what, count, took.count(), n / took.count(),
                (cpu_us() - cpu) / n);
    std::fflush(stdout);
  }
  // Until there is nothing left to evaluate.
  void settle() {
    for (uint64_t before = ~uint64_t{0};;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      uint64_t now = 0;
      for (const char* name : {"configurations_evaluated", "configurations_applied"}) now += counter(name);
      bool idle = false;
      waiting_.begin(1000);
      worker_.post([&] {
        idle = service_.is_settled();
        waiting_.end();
      });
      waiting_.drain();
      if (idle && now == before) return;
      before = now;
    }
  }
  uint64_t counter(const char* name) { return metrics_.counter(name, "").value(); }

  static IdentityKey key(size_t i) { return {"device-" + std::to_string(i), ""}; }
  void make_devices() {
    constexpr size_t kOnTheWay = 512;
    for (size_t i = 0; i < devices_; ++i) {
      waiting_.begin(kOnTheWay);
      registry_.put_device(key(i), {}, {}, worker_, [this, i](hub::HubResult<hub::Identity> made) {
        if (!made) std::abort();
        twins_.patch(key(i), {tags(R"({"group":)" + std::to_string(i % 10) + R"(,"site":"north"})"), {}, 0}, worker_,
                     [this](hub::HubResult<hub::TwinDocument>) { waiting_.end(); });
      });
    }
    waiting_.drain();
  }
  void patch_tags(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      waiting_.begin(128);
      twins_.patch(key(i * 7919 % devices_), {tags(R"({"n":)" + std::to_string(i) + "}"), {}, 0}, worker_,
                   [this](hub::HubResult<hub::TwinDocument>) { waiting_.end(); });
    }
    waiting_.drain();
  }
  static hub::TwinInput tags(const std::string& text) {
    hub::TwinInput out;
    out.tags = *json::parse(text).value().if_object();
    return out;
  }
  void put(const std::string& id, const std::string& condition, bool exists = false) {
    hub::Configuration c;
    c.id = id;
    c.target_condition = condition;
    c.content = R"({"deviceContent":{"properties.desired.)" + id + R"(":{"version":"1.0","url":"https://x/y"}}})";
    hub::IfMatch if_match;
    if (exists) if_match.kind = hub::IfMatch::Kind::kAny;
    waiting_.begin(1);
    service_.put(c, if_match, worker_, [this](hub::HubResult<hub::ConfigurationDocument> done) {
      if (!done) std::abort();
      waiting_.end();
    });
    waiting_.drain();
  }
  void remove(const std::string& id) {
    waiting_.begin(1);
    service_.remove(id, {}, worker_, [this](const hub::HubResult<void>&) { waiting_.end(); });
    waiting_.drain();
  }

  Worker worker_;  // outlives the store, which answers to it
  Metrics metrics_;
  SystemClock clock_;
  store::embedded::SqliteDeviceStore store_;
  hub::HubInfo hub_{"hub.example.test", {}};
  hub::SessionDirectory sessions_{store_, clock_, metrics_};
  hub::Registry registry_{store_, sessions_, hub_, clock_};
  hub::TwinService twins_{store_, registry_, sessions_, clock_, metrics_};
  hub::ConfigurationService service_{{store_, store_, store_, store_, registry_, twins_, worker_, clock_}, metrics_};
  Waiting waiting_;
  const size_t devices_;
  size_t made_ = 0;
};

}  // namespace
}  // namespace nave

int main(int argc, char** argv) {
  const size_t devices = argc > 1 ? std::stoul(argv[1]) : 100'000;
  const char* parent = std::getenv("TMPDIR");
  std::string folder = std::string(parent == nullptr ? "/tmp" : parent) + "/nave-bench-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 1;
  {
    nave::Bench bench(folder, devices);
    bench.run();
    bench.stop();
  }
  std::filesystem::remove_all(folder);
}
