// One life of the hub: the real services and fronts, wired as app/hub_server.cc does, on simulated shards, storage and
// connections. Destroying it is the end of the process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "front/amqp/connection.h"
#include "front/amqp/device_session.h"
#include "front/eventhub/event_hub.h"
#include "front/http/ops_api.h"
#include "front/http/service_api.h"
#include "hub/c2d/service.h"
#include "hub/device/registry.h"
#include "hub/method/service.h"
#include "hub/telemetry/ingest.h"
#include "hub/twin/service.h"
#include "sim/log.h"
#include "sim/network.h"
#include "sim/shard.h"
#include "sim/store.h"

namespace nave::sim {

class SimHub final : public Network::Listener {
 public:
  static constexpr size_t kShards = 3;
  static constexpr uint16_t kPartitions = 4;

  // Everything but the log, which is opened first: that may fail.
  struct Ground {
    Scheduler& scheduler;
    Network& network;
    StateDisk& state_disk;
    TwinLedger& twins;
    C2dLedger& commands;
    FeedbackLedger& feedback;
    const hub::HubInfo& info;
  };
  SimHub(const Ground& ground, std::unique_ptr<Metrics> metrics, std::unique_ptr<SimLog> log);
  ~SimHub() override;
  SimHub(const SimHub&) = delete;
  SimHub& operator=(const SimHub&) = delete;

  void accept(Network::Port port, Socket& socket) override;

  [[nodiscard]] SimStore& store() { return store_; }
  [[nodiscard]] SimLog& log() { return *log_; }
  [[nodiscard]] const hub::SessionDirectory& directory() const { return directory_; }
  // What must be nothing when nobody is connected; empty if it is so.
  [[nodiscard]] std::string leftovers();

 private:
  void add_amqp_nodes();
  void plan_c2d_tick();
  [[nodiscard]] std::vector<front::http::Route> routes();
  [[nodiscard]] std::vector<hub::Ingest*> ingests_by_shard() const;

  Scheduler& scheduler_;
  Network& network_;
  const hub::HubInfo& info_;
  const std::unique_ptr<Metrics> metrics_;
  std::vector<std::unique_ptr<SimShard>> shards_;
  SimStore store_;
  const std::unique_ptr<SimLog> log_;
  auth::Policies policies_;
  hub::Authenticator authenticator_;
  hub::SessionDirectory directory_;
  hub::Registry registry_;
  hub::TwinService twins_;
  hub::MethodService methods_;
  hub::C2dService c2d_;
  std::vector<std::unique_ptr<hub::Ingest>> ingests_;
  front::eventhub::EventHub event_hub_;
  front::amqp::FrontContext amqp_;
  front::amqp::DeviceServices amqp_devices_;
  front::http::ServiceApi service_api_;
  net::HandlerFactory factories_[3];  // by Network::Port
  const Life life_ = make_life();
};

}  // namespace nave::sim
