#include "app/hub_server.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <system_error>

#include "app/client/http_container.h"
#include "app/connection_string.h"
#include "app/data_folder.h"
#include "app/engine_options.h"
#include "app/installation.h"
#include "app/temporary_folder.h"
#include "app/ticker.h"
#include "app/websocket_routes.h"
#include "app/worker_thread.h"
#include "base/limits.h"
#include "base/log.h"
#include "front/amqp/c2d_node.h"
#include "front/amqp/cbs_node.h"
#include "front/amqp/connection.h"
#include "front/amqp/method_node.h"
#include "front/amqp/service_node.h"
#include "front/amqp/telemetry_node.h"
#include "front/amqp/twin_node.h"
#include "front/blob/api.h"
#include "front/eventhub/nodes.h"
#include "front/http/bulk_routes.h"
#include "front/http/c2d_routes.h"
#include "front/http/configuration_routes.h"
#include "front/http/digital_twin_routes.h"
#include "front/http/feedback_routes.h"
#include "front/http/identity_routes.h"
#include "front/http/job_routes.h"
#include "front/http/method_routes.h"
#include "front/http/ops_api.h"
#include "front/http/query_routes.h"
#include "front/http/service_api.h"
#include "front/http/state_routes.h"
#include "front/http/telemetry_routes.h"
#include "front/http/transfer_routes.h"
#include "front/http/twin_routes.h"
#include "front/mqtt/front.h"
#include "hub/blob/storage.h"
#include "hub/c2d/service.h"
#include "hub/configuration/lines.h"
#include "hub/configuration/service.h"
#include "hub/device/bulk.h"
#include "hub/device/registry.h"
#include "hub/fault/injection.h"
#include "hub/job/rows.h"
#include "hub/job/service.h"
#include "hub/method/service.h"
#include "hub/query/service.h"
#include "hub/state/service.h"
#include "hub/telemetry/ingest.h"
#include "hub/transfer/own_container.h"
#include "hub/transfer/service.h"
#include "hub/twin/service.h"
#include "net/runtime.h"
#include "store/embedded/blob/blob_files.h"
#include "store/embedded/log/segment_log.h"
#include "store/embedded/sqlite/device_store.h"
#include "store/memory/blob_files.h"
#include "store/memory/device_store.h"
#include "store/memory/event_log.h"
#include "store/memory/job_store.h"

namespace nave::app {
namespace {

constexpr int64_t kDrainMs = 3000;

}  // namespace

// In the order in which they are made; destroyed in reverse.
struct HubServer::Parts {
  explicit Parts(const Config& c) : config(c), runtime(runtime_options(c), clock, metrics) {}

  Config config;
  SystemClock clock;
  Metrics metrics;
  store::embedded::PosixFileSystem files;
  std::unique_ptr<DataFolder> folder;          // nullptr with --memory
  std::unique_ptr<TemporaryFolder> temporary;  // only with --memory
  net::Runtime runtime;
  WorkerThread job_worker;  // the stores still reply to it while they go: stop() has ended it by then

  std::unique_ptr<WorkerThread> configuration_worker;  // after its end the store still answers to it
  WorkerThread transfer_worker;                        // the store answers on it to its end

  std::unique_ptr<hub::DeviceStore> store;
  hub::TwinStore* twin_store = nullptr;        // the same object
  hub::CommandStore* command_store = nullptr;  // the same
  hub::TwinScan* twin_scan = nullptr;          // the same
  hub::ConfigurationStore* configuration_store = nullptr;
  std::unique_ptr<store::memory::MemoryJobStore> memory_jobs;
  hub::JobStore* job_store = nullptr;
  hub::TransferStore* transfer_store = nullptr;
  std::unique_ptr<store::embedded::SegmentLog> segment_log;
  std::unique_ptr<store::memory::MemoryEventLog> memory_log;
  hub::EventLog* event_log = nullptr;

  std::unique_ptr<hub::BlobFiles> blob_files;

  hub::HubInfo hub;
  std::unique_ptr<auth::Policies> policies;
  std::unique_ptr<hub::Authenticator> authenticator;
  std::unique_ptr<hub::SessionDirectory> directory;
  std::unique_ptr<hub::Registry> registry;
  std::unique_ptr<hub::TwinService> twins;
  std::unique_ptr<hub::BulkRegistry> bulk;
  std::unique_ptr<hub::MethodService> methods;
  std::unique_ptr<hub::FaultInjection> faults;  // nullptr unless it was switched on
  std::unique_ptr<hub::C2dService> c2d;
  std::unique_ptr<hub::ConfigurationService> configurations;
  std::unique_ptr<hub::JobService> jobs;
  std::unique_ptr<hub::JobRows> job_rows;
  std::unique_ptr<Ticker> ticker;
  std::unique_ptr<hub::QueryService> queries;
  std::unique_ptr<hub::StateService> state;
  std::unique_ptr<WorkerThread> query_worker;         // ends before what runs on it
  std::vector<std::unique_ptr<hub::Ingest>> ingests;  // by shard
  auth::BlobAccount blob_account;
  std::unique_ptr<hub::BlobStorage> blobs;
  HttpContainers remote_containers{""};
  std::unique_ptr<hub::OwnContainers> containers;
  std::unique_ptr<hub::LinesOfConfigurations> configuration_lines;
  std::unique_ptr<hub::TransferService> transfers;

  std::shared_ptr<net::TlsContext> tls;
  std::unique_ptr<front::eventhub::EventHub> event_hub;
  std::unique_ptr<front::amqp::DeviceServices> amqp_devices;
  std::unique_ptr<front::amqp::FrontContext> amqp;
  std::unique_ptr<front::http::ServiceApi> service_api;
  std::unique_ptr<front::blob::BlobApi> blob_api;  // before the service API
  std::unique_ptr<WorkerThread> blob_worker;       // both end before what runs on them
  std::unique_ptr<WorkerThread> blob_joiner;
  std::unique_ptr<front::http::OpsApi> ops_api;        // before these two, on the HTTPS listener
  std::unique_ptr<front::http::OpsApi> plain_ops_api;  // alone, on the plain loopback listener
  ConnectionInfo info;
  std::atomic<bool> accepting{false};

  void open_storage(std::function<void()> on_storage_failure);
  void make_hub();
  void make_jobs();
  void make_fronts();
  void bind_listeners();
  [[nodiscard]] std::vector<hub::Ingest*> ingests_by_shard() const;
  [[nodiscard]] Certificates certificates() const;
  [[nodiscard]] std::string missing() const;
};

void HubServer::Parts::open_storage(std::function<void()> on_storage_failure) {
  if (config.memory) {
    temporary = std::make_unique<TemporaryFolder>();
    auto memory = std::make_unique<store::memory::MemoryDeviceStore>();
    twin_store = memory.get();
    command_store = memory.get();
    twin_scan = memory.get();
    configuration_store = memory.get();
    transfer_store = memory.get();
    store = std::move(memory);
    memory_jobs = std::make_unique<store::memory::MemoryJobStore>();
    job_store = memory_jobs.get();
    memory_log = std::make_unique<store::memory::MemoryEventLog>(config.partitions, clock, runtime.shard(0).executor);
    event_log = memory_log.get();
    blob_files = std::make_unique<store::memory::MemoryBlobFiles>();
    return;
  }
  folder = std::make_unique<DataFolder>(config.data);
  auto sqlite = std::make_unique<store::embedded::SqliteDeviceStore>(
      store::embedded::SqliteDeviceStore::Options{
          .path = folder->state_db(), .durability = durability_of(config), .indexes = indexes_of(config)},
      metrics);
  twin_store = sqlite.get();
  command_store = sqlite.get();
  twin_scan = sqlite.get();
  configuration_store = sqlite.get();
  job_store = &sqlite->jobs();
  transfer_store = sqlite.get();
  store = std::move(sqlite);
  auto opened = store::embedded::SegmentLog::open(
      files, log_options(config, folder->event_log(), std::move(on_storage_failure)), clock, metrics);
  if (!opened) throw std::runtime_error(opened.error());
  blob_files = std::make_unique<store::embedded::FolderBlobFiles>(files, folder->blobs(), durability_of(config));
  segment_log = std::move(*opened);
  event_log = segment_log.get();
}

void HubServer::Parts::make_hub() {
  hub.host_name = establish_host_name(config, *store);
  hub.aliases = config.aliases;
  hub.aliases.emplace_back("localhost");
  hub.aliases.emplace_back("127.0.0.1");
  hub.partition_count = event_log->partition_count();
  policies = std::make_unique<auth::Policies>(establish_policies(*store));
  establish_first_device(*store, clock);
  authenticator = std::make_unique<hub::Authenticator>(*store, *policies, hub, clock);
  directory = std::make_unique<hub::SessionDirectory>(*store, clock, metrics);
  registry = std::make_unique<hub::Registry>(*store, *directory, hub, clock);
  twins = std::make_unique<hub::TwinService>(*twin_store, *registry, *directory, clock, metrics);
  bulk = std::make_unique<hub::BulkRegistry>(*registry, *twins);
  methods = std::make_unique<hub::MethodService>(*registry, *directory, runtime.shard_count(), metrics);
  if (config.fault_injection) faults = std::make_unique<hub::FaultInjection>(clock, metrics);
  c2d = std::make_unique<hub::C2dService>(*command_store, *registry, *directory, clock, metrics,
                                          runtime.shard(0).executor, config.c2d);
  registry->set_queue(*c2d);
  query_worker = std::make_unique<WorkerThread>();
  queries = std::make_unique<hub::QueryService>(*twin_scan, *registry, *query_worker, clock, metrics);
  configuration_worker = std::make_unique<WorkerThread>();
  configurations = std::make_unique<hub::ConfigurationService>(
      hub::ConfigurationService::Parts{*configuration_store, *store, *twin_store, *twin_scan, *registry, *twins,
                                       *configuration_worker, clock},
      metrics);
  registry->set_listener(configurations->listener());
  twins->set_listener(configurations->listener());
  make_jobs();
  ticker = std::make_unique<Ticker>(
      std::vector<std::function<void()>>{[this] { c2d->on_tick(); }, [this] { configurations->on_tick(); },
                                         [this] { jobs->on_tick(); }, [this] { transfers->on_tick(); },
                                         [this, seconds = 0]() mutable {  // files are not for a shard
                                           constexpr int kHour = 3600;
                                           if (++seconds % kHour == 0) blob_worker->post([this] { blobs->expire(); });
                                         }},
      runtime.shard(0));
  state = std::make_unique<hub::StateService>(
      hub::StateService::Parts{*store, *twin_scan, *registry, *configuration_store, *configurations, *query_worker});
  for (size_t i = 0; i < runtime.shard_count(); ++i) {
    ingests.push_back(std::make_unique<hub::Ingest>(*event_log, hub, runtime.shard(i), metrics));
  }
  blob_account = establish_blob_account(*store);
  blobs = std::make_unique<hub::BlobStorage>(*blob_files, clock, metrics, config.blob_bytes);
  if (!blobs->load()) throw std::runtime_error("the folder of blobs cannot be read");
  containers = std::make_unique<hub::OwnContainers>(*blobs, blob_account, hub, clock, remote_containers);
  configuration_lines = std::make_unique<hub::LinesOfConfigurations>(*configurations);
  transfers =
      std::make_unique<hub::TransferService>(hub::TransferParts{*transfer_store, *store, *twin_scan, *bulk, *containers,
                                                                transfer_worker, clock, configuration_lines.get()},
                                             metrics);
  metrics.gauge_function("totalDeviceCount", "Devices registered",
                         [this] { return static_cast<int64_t>(store->counts().devices); });
}

void HubServer::Parts::make_jobs() {
  job_rows = std::make_unique<hub::JobRows>(*job_store, metrics);
  queries->set_job_rows(*job_rows);
  std::vector<const ShardContext*> shards;
  for (size_t i = 0; i < runtime.shard_count(); ++i) shards.push_back(&runtime.shard(i));
  jobs = std::make_unique<hub::JobService>(
      hub::JobService::Means{*job_store,
                             {*twin_scan, *twin_store, *registry},
                             {*twin_store, *twins, *methods, std::move(shards), job_worker},
                             clock},
      config.jobs, metrics);
}

void HubServer::Parts::make_fronts() {
  event_hub = std::make_unique<front::eventhub::EventHub>(
      *event_log, hub, *authenticator, metrics,
      front::eventhub::EventHubOptions{.consumer_groups = config.consumer_groups, .created = clock.utc()});
  amqp = std::make_unique<front::amqp::FrontContext>(hub, *authenticator, metrics);
  amqp->router.add(std::make_unique<front::amqp::CbsNode>());
  amqp->router.add(front::eventhub::make_event_hub_node(*event_hub));
  amqp_devices = std::make_unique<front::amqp::DeviceServices>(*directory, *twins, hub, metrics);
  amqp_devices->faults = faults.get();
  amqp->router.add(front::amqp::make_telemetry_node(*amqp_devices, ingests_by_shard()));
  amqp->router.add(front::amqp::make_twin_node(*amqp_devices, *twins));
  amqp->router.add(front::amqp::make_method_node(*amqp_devices, *methods));
  amqp->router.add(front::amqp::make_c2d_node(*amqp_devices, *c2d));
  amqp->router.add(front::amqp::make_input_node(*amqp_devices));
  amqp->router.add(front::amqp::make_service_node(*c2d));
  std::vector<front::http::Route> routes = front::http::bulk_routes(*bulk, *registry);
  std::ranges::move(front::http::identity_routes(*registry), std::back_inserter(routes));
  std::ranges::move(front::http::twin_routes(*twins), std::back_inserter(routes));
  std::ranges::move(front::http::query_routes(*queries), std::back_inserter(routes));
  std::ranges::move(front::http::configuration_routes(*configurations), std::back_inserter(routes));
  std::ranges::move(front::http::job_routes(*jobs), std::back_inserter(routes));
  std::ranges::move(front::http::method_routes(*methods), std::back_inserter(routes));
  std::ranges::move(front::http::digital_twin_routes(*twins, *methods, hub), std::back_inserter(routes));
  std::ranges::move(front::http::c2d_routes(*c2d, *directory), std::back_inserter(routes));
  std::ranges::move(front::http::feedback_routes(c2d->feedback(), hub), std::back_inserter(routes));
  std::ranges::move(front::http::telemetry_routes(*directory, ingests_by_shard()), std::back_inserter(routes));
  std::ranges::move(front::http::transfer_routes(*transfers), std::back_inserter(routes));
  std::ranges::move(front::http::state_routes(*state), std::back_inserter(routes));
  service_api = std::make_unique<front::http::ServiceApi>(*authenticator, std::move(routes));
  blob_worker = std::make_unique<WorkerThread>();
  blob_joiner = std::make_unique<WorkerThread>();
  blob_api = std::make_unique<front::blob::BlobApi>(
      front::blob::BlobServices{*blobs, blob_account, *blob_worker, *blob_joiner}, metrics, *service_api);
  const auto readiness = [this] { return missing(); };
  ops_api = std::make_unique<front::http::OpsApi>(metrics, *authenticator, readiness, blob_api.get());
  plain_ops_api = std::make_unique<front::http::OpsApi>(metrics, *authenticator, readiness, nullptr);
}

std::vector<hub::Ingest*> HubServer::Parts::ingests_by_shard() const {
  std::vector<hub::Ingest*> out;
  for (const auto& ingest : ingests) out.push_back(ingest.get());
  return out;
}

std::string HubServer::Parts::missing() const {
  if (!accepting.load(std::memory_order_relaxed)) return "starting or stopping";
  if (segment_log && segment_log->failed()) return "the event log has failed";
  return "";
}

Certificates HubServer::Parts::certificates() const {
  return folder ? establish_certificates(*folder, hub, clock)
                : make_temporary_certificates(temporary->file("ca.pem"), hub, clock);
}

void HubServer::Parts::bind_listeners() {
  const Certificates made = certificates();
  tls = std::make_shared<net::TlsContext>(made.server_chain_pem, made.server_key_pem);
  info.ca_file = std::filesystem::absolute(made.ca_file);

  const net::HandlerFactory mqtt = front::mqtt::make_mqtt_factory(
      {*authenticator, *directory, *store, hub, metrics, ingests_by_shard(), *twins, *methods, *c2d, faults.get()});
  const net::HandlerFactory amqp_factory = front::amqp::make_amqp_factory(*amqp);
  const net::HandlerFactory https = net::make_http_factory(*ops_api, make_websocket_routes(mqtt, amqp_factory));

  info.mqtt_port = runtime.listen({"mqtt", config.bind, config.mqtt_port, true}, tls, mqtt);
  info.amqp_port = runtime.listen({"amqp", config.bind, config.amqp_port, true}, tls, amqp_factory);
  hub.amqp_port = info.amqp_port;
  try {
    info.https_port = runtime.listen({"https", config.bind, config.https_port, true}, tls, https);
  } catch (const std::system_error& e) {
    if (e.code() != std::errc::permission_denied || config.https_port_given) throw;
    info.https_port = runtime.listen({"https", config.bind, kHttpsFallbackPort, true}, tls, https);
  }
  hub.https_port = info.https_port;
  if (config.metrics_port >= 0) {
    info.metrics_port = runtime.listen(
        {"metrics", "127.0.0.1", static_cast<uint16_t>(config.metrics_port), false}, nullptr,
        net::make_http_factory(*plain_ops_api,
                               [](auto, const auto&, const auto&) { return std::optional<net::WsUpgrade>(); }));
  }
}

HubServer::HubServer(const Config& config, std::function<void()> on_storage_failure)
    : parts_(std::make_unique<Parts>(config)) {
  Parts& p = *parts_;
  p.open_storage(std::move(on_storage_failure));
  p.make_hub();
  p.make_fronts();
  p.bind_listeners();
  p.info.host_name = p.hub.host_name;
  p.info.pid = getpid();
  p.info.fault_injection = config.fault_injection;
  if (config.fault_injection) {
    log::write(log::Level::kWarning, log::Category::kServer,
               "fault injection is on: devices can break their own connections");
  }
  add_connection_strings(p.info, p.hub, *p.policies->current(), *p.store);
  p.info.connection_strings.emplace_back("storage",
                                         storage_connection_string(p.hub.host_name, p.info.https_port, p.blob_account));
  if (p.folder) write_file_atomic(DataFolder::connection_file(p.folder->path()), to_json(p.info), 0600);
}

HubServer::~HubServer() {
  stop();
}

void HubServer::start() {
  parts_->runtime.start();
  parts_->jobs->start();
  parts_->ticker->start();
  parts_->configurations->start();
  parts_->transfers->resume();
  parts_->accepting = true;
}

void HubServer::stop() {
  parts_->accepting = false;
  parts_->jobs->stop();
  parts_->runtime.stop(kDrainMs);
  parts_->configuration_worker->stop();
  parts_->job_worker.stop();
  parts_->transfer_worker.stop();
  if (parts_->segment_log) parts_->segment_log->stop();
  if (parts_->memory_log) parts_->memory_log->stop();
}

void HubServer::reload() {
  const Certificates made = parts_->certificates();
  parts_->tls->reload(made.server_chain_pem, made.server_key_pem);
}

const ConnectionInfo& HubServer::connection_info() const {
  return parts_->info;
}

}  // namespace nave::app
