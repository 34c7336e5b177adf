#include "sim/world.h"

#include <algorithm>

#include "sim/actors/amqp_app.h"
#include "sim/actors/amqp_back_end.h"
#include "sim/actors/amqp_device.h"
#include "sim/actors/back_end.h"
#include "sim/actors/c2d_back_end.h"
#include "sim/actors/event_reader.h"
#include "sim/actors/http_device.h"
#include "sim/actors/http_receiver.h"
#include "sim/actors/mqtt_device.h"

namespace nave::sim {

World::World(const Options& options)
    : options_(options),
      scheduler_(options.seed),
      network_(scheduler_),
      info_{.host_name = "hub1.example.test", .aliases = {}, .partition_count = SimHub::kPartitions},
      keys_(scheduler_),
      telemetry_(scheduler_, SimHub::kPartitions),
      twins_(scheduler_),
      methods_(scheduler_),
      sessions_(scheduler_),
      feedback_(scheduler_),
      commands_(scheduler_, feedback_),
      stage_{scheduler_, network_, info_, keys_, telemetry_, twins_, methods_, sessions_, commands_, feedback_} {
  scheduler_.trace.print = options.trace;
  set_random_source(&scheduler_.rng);
  make_identities();
  make_actors();
}

World::~World() {
  for (const auto& actor : actors_) actor->leave();
  hub_.reset();
  set_random_source(nullptr);
}

void World::make_identities() {
  test::QueueExecutor here;
  const auto add = [&](const IdentityKey& key) {
    hub::IdentityWrite write;
    write.expect = hub::IdentityWrite::Expect::kAbsent;
    write.identity.key = key;
    write.identity.generation_id = "637375045610235418";
    write.identity.etag = 100'000'000;
    write.identity.authentication.primary_key = keys_.make_key();
    write.identity.authentication.secondary_key = keys_.make_key();
    keys_.set(key, write.identity.authentication.primary_key);
    state_disk_.rows.apply({write}, here, [](const auto&) {});
  };
  for (const char* id : {"s0", "s1", "s2"}) stable_.push_back({id, ""});
  for (const char* id : {"c0", "c1", "c2", "c3"}) changing_.push_back({id, ""});
  over_amqp_ = {{"a1", ""}, {"s0", "m0"}};
  for (const auto& keys : {stable_, changing_, over_amqp_}) {
    for (const IdentityKey& key : keys) add(key);
  }
  for (const char* id : {"a0", "h0"}) add({id, ""});
  using enum auth::Right;
  const auth::Policy owner{
      "owner", {kRegistryWrite, kServiceConnect, kDeviceConnect}, keys_.policy_key, keys_.policy_key};
  state_disk_.rows.save_policies({owner}, here, [](const auto&) {});
  while (here.run_one()) {
  }
}

// Besides those who have a device each, one identity is used over two protocols, whose connections end each other.
void World::make_actors() {
  for (const IdentityKey& key : stable_) {
    const uint8_t qos = key == stable_.back() ? 0 : 1;
    actors_.push_back(std::make_unique<MqttDevice>(stage_, key, true, qos));
  }
  for (const IdentityKey& key : changing_) actors_.push_back(std::make_unique<MqttDevice>(stage_, key, false, 1));
  actors_.push_back(std::make_unique<AmqpDevice>(stage_, IdentityKey{"a0", ""}));
  actors_.push_back(std::make_unique<AmqpDevice>(stage_, changing_[0]));
  actors_.push_back(std::make_unique<HttpDevice>(stage_, IdentityKey{"h0", ""}));
  for (const IdentityKey& key : over_amqp_) actors_.push_back(std::make_unique<AmqpApp>(stage_, key));
  std::vector<IdentityKey> with_twins = stable_;
  with_twins.insert(with_twins.end(), over_amqp_.begin(), over_amqp_.end());
  for (size_t i = 0; i < 3; ++i) {
    std::vector<IdentityKey> own;
    for (size_t k = i; k < changing_.size(); k += 3) own.push_back(changing_[k]);
    actors_.push_back(std::make_unique<BackEnd>(stage_, with_twins, own, state_disk_.rows));
  }
  std::vector<IdentityKey> all = with_twins;
  all.insert(all.end(), changing_.begin(), changing_.end());
  all.push_back({"h0", ""});
  actors_.push_back(std::make_unique<HttpReceiver>(stage_, all));
  actors_.push_back(std::make_unique<C2dBackEnd>(stage_, all, changing_));
  actors_.push_back(std::make_unique<AmqpBackEnd>(stage_, all));
  actors_.push_back(std::make_unique<EventReader>(stage_, SimHub::kPartitions));
}

void World::start_hub() {
  // A start can be cut short like everything else.
  if (!calm_ && scheduler_.rng.one_in(6)) log_disk_.files.die_at_call(1 + scheduler_.rng.below(6));
  auto metrics = std::make_unique<Metrics>();
  auto log = SimLog::open(log_disk_, SimHub::kPartitions, scheduler_, *metrics, telemetry_);
  if (!log) {
    scheduler_.note("start failed");
    return crash(scheduler_.rng.between(10, 500) * kMs);
  }
  scheduler_.note("started");
  hub_ =
      std::make_unique<SimHub>(SimHub::Ground{scheduler_, network_, state_disk_, twins_, commands_, feedback_, info_},
                               std::move(metrics), std::move(log));
}

// The process is gone, or the power: then each sector that was not synced is on the disk or not.
void World::crash(int64_t down_us) {
  ++crashes_;
  scheduler_.note("crash");
  hub_.reset();
  log_disk_.files.set_dead(false);
  const bool power = scheduler_.rng.one_in(2);
  log_disk_.files.lose_power([&](size_t) { return !power || scheduler_.rng.one_in(2); });
  scheduler_.after(down_us, life_, [this] { start_hub(); });
}

void World::plan_mischief() {
  scheduler_.after(scheduler_.rng.between(50, 1500) * kMs, life_, [this] {
    if (calm_) return;
    if (hub_) mischief();
    plan_mischief();
  });
}

void World::mischief() {
  Rng& rng = scheduler_.rng;
  switch (rng.below(12)) {
    case 0:
    case 1:
      return crash(rng.between(10, 2000) * kMs);
    case 2:
      scheduler_.note("disk error");
      return log_disk_.files.fail_call(1 + rng.below(4));
    case 3:
      scheduler_.note("store errors");
      hub_->store().set_failures(1 + rng.below(4));
      scheduler_.after(rng.between(1, 400) * kMs, life_, [this] {
        if (hub_) hub_->store().set_failures(0);
      });
      return;
    case 4:
      scheduler_.note("log full");
      return hub_->log().refuse_appends_until(scheduler_.now() + rng.between(1, 200) * kMs);
    case 5:
      return hub_->log().housekeep();
    case 6:
      scheduler_.clock.utc_offset_us += rng.between(-2000, 5000) * kMs;
      return;
    default:
      scheduler_.note("cut");
      if (const auto socket = network_.any()) socket->cut();
  }
}

// What has to hold at every moment; and what an operator's supervisor does.
void World::plan_watch() {
  scheduler_.after(250 * kMs, life_, [this] {
    sessions_.check();
    if (hub_ && hub_->log().failed()) crash(500 * kMs);
    plan_watch();
  });
}

bool World::run_until(int64_t most_us, UniqueFunction<bool()> done) {
  const int64_t until = scheduler_.now() + most_us;
  while (!scheduler_.failure() && scheduler_.now() < until) {
    if (done()) return true;
    if (!scheduler_.run_one()) return false;
  }
  return false;
}

std::string World::waits_for() const {
  if (!hub_) return "the hub";
  for (const auto& actor : actors_) {
    if (std::string what = actor->waits_for(); !what.empty()) return what;
  }
  return "";
}

// Everybody finishes what he began; then everything has to agree, and nothing may be left over.
void World::finish() {
  calm_ = true;
  scheduler_.note("calm");
  for (const auto& actor : actors_) actor->calm_down();
  log_disk_.files.fail_call(~uint64_t{0} / 2);
  if (!hub_) run_until(5 * kS, [this] { return hub_ != nullptr; });
  if (hub_) hub_->store().set_failures(0);
  (void)run_until(20 * kS, [] { return false; });
  if (scheduler_.failure()) return;
  if (!run_until(60 * kS, [this] { return waits_for().empty(); })) {
    return scheduler_.fail("waited for in vain: " + waits_for());
  }
  sessions_.check_presence(hub_->directory());
  for (const auto& actor : actors_) actor->check();
  for (const auto& actor : actors_) actor->leave();
  (void)run_until(30 * kS, [] { return false; });
  if (const std::string left = hub_->leftovers(); !left.empty()) scheduler_.fail("left over at the end: " + left);
}

Outcome World::run() {
  start_hub();
  for (const auto& actor : actors_) actor->begin();
  plan_mischief();
  plan_watch();
  (void)run_until(options_.seconds * kS, [] { return false; });
  if (!scheduler_.failure()) finish();
  Outcome out;
  out.failure = scheduler_.failure().value_or("");
  out.failed_at_us = scheduler_.now();
  out.trace_hash = scheduler_.trace.hash();
  out.events = scheduler_.trace.events();
  out.messages = telemetry_.messages();
  out.acknowledged = telemetry_.acknowledged();
  out.methods = methods_.calls();
  out.methods_answered = methods_.answered();
  out.twin_writes = twins_.writes();
  out.commands = commands_.settled();
  out.feedback = feedback_.received();
  out.crashes = crashes_;
  return out;
}

}  // namespace nave::sim
