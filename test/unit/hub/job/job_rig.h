// A hub's worth of services around a JobService, as one process that can be killed, over stores that stay.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hub/job/request.h"
#include "hub/job/rows.h"
#include "hub/job/service.h"
#include "hub/method/open_methods.h"
#include "json/parse.h"
#include "store/memory/device_store.h"
#include "store/memory/job_store.h"
#include "support/fake_shard.h"

namespace nave::hub {

// A connected device that answers methods: with 200 and its id, unless it is silent.
class JobDevice final : public Session {
 public:
  JobDevice(test::FakeShard& s, std::string name)
      : link(std::make_shared<SessionLink>(s.executor, *this)), name_(std::move(name)) {}
  void end(EndReason) override { link->session = nullptr; }
  [[nodiscard]] bool still_authorized(const Identity&) const override { return true; }
  MethodDelivery deliver_method(const MethodCommand& command, MethodReply& reply) override {
    ++calls;
    last = command.name + "(" + command.payload + ")";
    MethodReply taken = std::move(reply);
    if (silent) {
      waiting.push_back(std::move(taken));
    } else {
      taken.answer(200, "\"" + name_ + "\"");
    }
    return MethodDelivery::kDelivered;
  }

  std::shared_ptr<SessionLink> link;
  bool silent = false;
  int calls = 0;
  std::string last;
  std::vector<MethodReply> waiting;

 private:
  std::string name_;
};

// What is lost when the process ends.
struct JobProcess {
  JobProcess(store::memory::MemoryDeviceStore& store, JobStore& jobs_store, JobOptions options, UtcTime now)
      : shard(ShardId{0}, now),
        directory(store, shard.clock, metrics),
        registry(store, directory, hub, shard.clock),
        twins(store, registry, directory, shard.clock, metrics),
        methods(registry, directory, 1, metrics),
        jobs({jobs_store, {store, store, registry}, {store, twins, methods, {&shard.context}, worker}, shard.clock},
             options, metrics) {
    jobs.start();
  }

  Metrics metrics;
  HubInfo hub{"hub1.example.test", {}};
  test::QueueExecutor worker;
  test::FakeShard shard;
  SessionDirectory directory;
  Registry registry;
  TwinService twins;
  MethodService methods;
  JobService jobs;
};

class JobRig : public ::testing::Test {
 protected:
  JobRig() { boot(); }

  void boot() {
    process = std::make_unique<JobProcess>(store, *job_store, options,
                                           process ? process->shard.clock.utc() : from_unix_ms(1'786'784'856'000));
  }
  // Whatever was on its way is lost.
  void kill() { boot(); }

  // One function of the worker or the shard; false: there is none.
  bool step() { return process->worker.run_one() || process->shard.executor.run_one(); }
  void run() {
    while (step()) {
    }
  }
  // In steps of a second, each with its tick.
  void advance_seconds(int64_t s) {
    for (; s > 0; --s) {
      process->shard.advance(1000);
      process->jobs.on_tick();
      run();
    }
  }

  void add(const IdentityKey& key) {
    Identity identity;
    identity.key = key;
    identity.generation_id = "1";
    test::QueueExecutor executor;
    store.apply({{.expect = IdentityWrite::Expect::kAbsent, .identity = identity}}, executor,
                [](Result<void, StoreError> r) { EXPECT_TRUE(r); });
    while (executor.run_one()) {
    }
  }
  void add_devices(size_t n) {
    for (size_t i = 0; i < n; ++i) add({device_name(i), ""});
  }
  static std::string device_name(size_t i) {
    std::string digits = std::to_string(i);
    return "d" + std::string(6 - digits.size(), '0') + digits;
  }
  JobDevice& connect(const std::string& device) {
    auto made = std::make_unique<JobDevice>(process->shard, device);
    (void)process->directory.claim({device, ""}, made->link);
    return *(devices[device] = std::move(made));
  }

  // "200-like" JSON text, or the error's name.
  std::string create(const std::string& id, const std::string& body) {
    const auto value = json::parse(body);
    auto order = read_job_order(id, *value->if_object());
    if (!order) return std::string(row(order.error().code).name);
    return ask([&](auto reply) { process->jobs.create(*order, process->shard.executor, std::move(reply)); });
  }
  std::string twin_job(const std::string& id, const std::string& condition, const std::string& more = "") {
    return create(id, R"({"type":"scheduleUpdateTwin","queryCondition":")" + condition +
                          R"(","updateTwin":{"etag":"*","properties":{"desired":{"x":1}},"tags":{"t":"y"}})" + more +
                          "}");
  }
  std::string method_job(const std::string& id, const std::string& condition, const std::string& more = "") {
    return create(id, R"({"type":"scheduleDeviceMethod","queryCondition":")" + condition +
                          R"(","cloudToDeviceMethod":{"methodName":"reboot","payload":{"a":1.0}})" + more + "}");
  }
  std::string find(const std::string& id) {
    return ask([&](auto reply) { process->jobs.find(id, process->shard.executor, std::move(reply)); });
  }
  std::string cancel(const std::string& id) {
    return ask([&](auto reply) { process->jobs.cancel(id, process->shard.executor, std::move(reply)); });
  }
  // Until the answer is there, and nothing more is run.
  template <class Ask>
  std::string ask(Ask start) {
    std::optional<std::string> out;
    start(
        [&out](HubResult<std::string> answer) { out = answer ? *answer : std::string(row(answer.error().code).name); });
    while (!out && step()) {
    }
    return out.value_or("no answer");
  }

  // A member of a job's text, as text.
  static std::string member(const std::string& text, const std::string& name) {
    const auto value = json::parse(text);
    const json::Value* found = value ? value->if_object()->find(name) : nullptr;
    if (found == nullptr) return "absent";
    return found->if_string() != nullptr ? *found->if_string() : "not a text";
  }
  std::string status(const std::string& id) { return member(find(id), "status"); }
  // "devices failed succeeded running pending"
  std::string statistics(const std::string& id) {
    const auto value = json::parse(find(id));
    const json::Object& s = *value->if_object()->find("deviceJobStatistics")->if_object();
    std::string out;
    for (const char* name : {"deviceCount", "failedCount", "succeededCount", "runningCount", "pendingCount"}) {
      out += (out.empty() ? "" : " ") + s.find(name)->if_number()->text;
    }
    return out;
  }
  std::vector<JobRow> rows(const std::string& id) {
    const uint64_t number = (*job_store->load_job(id).value()).number;
    return job_store->load_job_rows(number, {}, {}, 1'000'000, 1 << 30).value();
  }
  // How often the desired properties of the device were written.
  uint64_t writes(const std::string& device) {
    const auto twin = store.load_twin({device, ""}).value();
    return twin ? twin->desired.version - 1 : 0;
  }

  store::memory::MemoryDeviceStore store;
  std::unique_ptr<JobStore> job_store = std::make_unique<store::memory::MemoryJobStore>();
  JobOptions options;
  std::unique_ptr<JobProcess> process;
  std::map<std::string, std::unique_ptr<JobDevice>> devices;
};

}  // namespace nave::hub
