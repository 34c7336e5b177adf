#include "sim/hub.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "front/amqp/c2d_node.h"
#include "front/amqp/cbs_node.h"
#include "front/amqp/method_node.h"
#include "front/amqp/service_node.h"
#include "front/amqp/telemetry_node.h"
#include "front/amqp/twin_node.h"
#include "front/eventhub/nodes.h"
#include "front/http/c2d_routes.h"
#include "front/http/feedback_routes.h"
#include "front/http/identity_routes.h"
#include "front/http/method_routes.h"
#include "front/http/telemetry_routes.h"
#include "front/http/twin_routes.h"
#include "front/mqtt/front.h"

namespace nave::sim {
namespace {

std::vector<std::unique_ptr<SimShard>> make_shards(Scheduler& scheduler) {
  std::vector<std::unique_ptr<SimShard>> out;
  for (size_t i = 0; i < SimHub::kShards; ++i) {
    out.push_back(std::make_unique<SimShard>(ShardId{static_cast<uint16_t>(i)}, scheduler));
  }
  return out;
}

std::vector<std::unique_ptr<hub::Ingest>> make_ingests(hub::EventLog& log, const hub::HubInfo& info,
                                                       const std::vector<std::unique_ptr<SimShard>>& shards,
                                                       Metrics& metrics) {
  std::vector<std::unique_ptr<hub::Ingest>> out;
  for (const auto& shard : shards) out.push_back(std::make_unique<hub::Ingest>(log, info, shard->context, metrics));
  return out;
}

}  // namespace

SimHub::SimHub(const Ground& g, std::unique_ptr<Metrics> metrics, std::unique_ptr<SimLog> log)
    : scheduler_(g.scheduler),
      network_(g.network),
      info_(g.info),
      metrics_(std::move(metrics)),
      shards_(make_shards(g.scheduler)),
      store_(g.state_disk, g.scheduler, g.twins, g.commands, g.feedback),
      log_(std::move(log)),
      policies_(store_.load_policies()),
      authenticator_(store_, policies_, info_, g.scheduler.clock),
      directory_(store_, g.scheduler.clock, *metrics_),
      registry_(store_, directory_, info_, g.scheduler.clock),
      twins_(store_, registry_, directory_, g.scheduler.clock, *metrics_),
      methods_(registry_, directory_, kShards, *metrics_),
      c2d_(store_, registry_, directory_, g.scheduler.clock, *metrics_, *shards_[0], {}),
      ingests_(make_ingests(*log_, info_, shards_, *metrics_)),
      event_hub_(*log_, info_, authenticator_, *metrics_, {{}, from_unix_ms(1'700'000'000'000)}),
      amqp_(info_, authenticator_, *metrics_),
      amqp_devices_(directory_, twins_, info_, *metrics_),
      service_api_(authenticator_, routes()) {
  registry_.set_queue(c2d_);
  plan_c2d_tick();
  add_amqp_nodes();
  factories_[static_cast<size_t>(Network::Port::kMqtt)] = front::mqtt::make_mqtt_factory(
      {authenticator_, directory_, store_, info_, *metrics_, ingests_by_shard(), twins_, methods_, c2d_, nullptr});
  factories_[static_cast<size_t>(Network::Port::kAmqp)] = front::amqp::make_amqp_factory(amqp_);
  factories_[static_cast<size_t>(Network::Port::kHttps)] = net::make_http_factory(
      service_api_, [](auto, const auto&, const auto&) { return std::optional<net::WsUpgrade>(); });
  network_.listen(this);
}

// As a process ends: storage stops first, so that nothing the rest still does has an effect.
SimHub::~SimHub() {
  network_.listen(nullptr);
  log_->crash();
  store_.crash();
  network_.crash();
  for (const auto& shard : shards_) {
    while (shard->drop_one()) {
    }
  }
}

void SimHub::plan_c2d_tick() {
  scheduler_.after(kS, life_, [this] {
    c2d_.on_tick();
    plan_c2d_tick();
  });
}

void SimHub::add_amqp_nodes() {
  amqp_.router.add(std::make_unique<front::amqp::CbsNode>());
  amqp_.router.add(front::eventhub::make_event_hub_node(event_hub_));
  amqp_.router.add(front::amqp::make_telemetry_node(amqp_devices_, ingests_by_shard()));
  amqp_.router.add(front::amqp::make_twin_node(amqp_devices_, twins_));
  amqp_.router.add(front::amqp::make_method_node(amqp_devices_, methods_));
  amqp_.router.add(front::amqp::make_c2d_node(amqp_devices_, c2d_));
  amqp_.router.add(front::amqp::make_input_node(amqp_devices_));
  amqp_.router.add(front::amqp::make_service_node(c2d_));
}

std::vector<front::http::Route> SimHub::routes() {
  std::vector<front::http::Route> routes = front::http::identity_routes(registry_);
  std::ranges::move(front::http::twin_routes(twins_), std::back_inserter(routes));
  std::ranges::move(front::http::method_routes(methods_), std::back_inserter(routes));
  std::ranges::move(front::http::c2d_routes(c2d_, directory_), std::back_inserter(routes));
  std::ranges::move(front::http::feedback_routes(c2d_.feedback(), info_), std::back_inserter(routes));
  std::ranges::move(front::http::telemetry_routes(directory_, ingests_by_shard()), std::back_inserter(routes));
  return routes;
}

std::vector<hub::Ingest*> SimHub::ingests_by_shard() const {
  std::vector<hub::Ingest*> out;
  for (const auto& ingest : ingests_) out.push_back(ingest.get());
  return out;
}

void SimHub::accept(Network::Port port, Socket& socket) {
  const SimShard& shard = *scheduler_.rng.pick(shards_);
  scheduler_.note("accept", socket.id(), shard.context.id.value());
  socket.accept(shard.context, factories_[static_cast<size_t>(port)](shard.context));
}

std::string SimHub::leftovers() {
  std::string out;
  const auto expect_none = [&](const char* what, size_t n) {
    if (n != 0) out += std::string(out.empty() ? "" : ", ") + what + " " + std::to_string(n);
  };
  expect_none("connections", network_.handlers());
  expect_none("connected devices", directory_.connected_devices());
  expect_none("method calls", methods_.open_calls());
  expect_none("twins at work", twins_.busy());
  for (const auto& ingest : ingests_) {
    // The device routes of HTTPS keep one for good.
    if (ingest->attached() > 1) expect_none("telemetry sinks", ingest->attached());
  }
  for (const char* name : {"nave_amqp_connections", "nave_amqp_devices", "nave_eventhub_receivers"}) {
    expect_none(name, static_cast<size_t>(metrics_->gauge(name, "").value()));
  }
  return out;
}

}  // namespace nave::sim
