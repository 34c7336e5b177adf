// One MQTT connection from its first byte to its last: what a packet means to the hub, and what the hub answers
// (docs/protocol/mqtt.md). Lives on the shard that accepted it; everything here runs on that shard's thread.
//
// The member functions are spread over files by what they are about: connection.cc (life and deadlines), connect.cc,
// publish.cc (telemetry, acknowledgements, back-pressure), subscribe.cc, twin.cc,
// methods.cc, injected_faults.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/shard_context.h"
#include "base/timer_wheel.h"
#include "front/mqtt/admission.h"
#include "front/mqtt/counters.h"
#include "front/mqtt/durable_session.h"
#include "front/mqtt/puback_queue.h"
#include "front/mqtt/shared.h"
#include "front/mqtt/topics.h"
#include "front/mqtt/will.h"
#include "hub/fault/pending.h"
#include "hub/method/open_methods.h"
#include "hub/session/directory.h"
#include "hub/telemetry/ingest.h"
#include "hub/twin/held_changes.h"
#include "net/transport.h"
#include "wire/mqtt/decoder.h"
#include "wire/mqtt/encoder.h"

namespace nave::front::mqtt {

// There is one of these for every connected device: memory is counted in bytes here.
class Connection final : public net::Handler,
                         public hub::Session,
                         public hub::TelemetrySink,
                         private Timer,
                         private hub::FaultTarget {
 public:
  // `shared` is kept alive by every connection, because a factory may be dropped while its connections go on.
  Connection(std::shared_ptr<const Shared> shared, const ShardContext& shard);

  void on_open(net::Transport& transport) override;
  void on_bytes(ByteView bytes) override;
  void on_drained() override { update_reading(); }
  void on_closed(net::CloseReason reason) override;

  void end(hub::EndReason reason) override;
  [[nodiscard]] bool still_authorized(const hub::Identity& identity) const override;
  void on_desired_changed(const hub::DesiredChange& change) override;
  [[nodiscard]] hub::MethodDelivery deliver_method(const hub::MethodCommand& command, hub::MethodReply& reply) override;

  void on_telemetry_done(uint64_t detail, bool ok) override;
  void on_telemetry_batch_end() override;

 private:
  enum class Phase : uint8_t {
    kAwaitingConnect,
    kOpening,  // let in; CONNACK waits until what it implies is on disk
    kOpen,
    kClosed,  // nothing more is read or sent; only on_closed() is still to come
  };

  // connection.cc
  void on_timer() override;
  void decode_packets();
  void dispatch(const wire::mqtt::Packet& packet);
  void send_pingresp();
  void arm_deadline();
  [[nodiscard]] int64_t ms_until_keep_alive_ends() const;
  [[nodiscard]] int64_t ms_until_token_ends() const;
  void close(CloseCause cause);
  void leave(CloseCause cause);
  void publish_will();
  void log_close(CloseCause cause) const;

  // connect.cc
  void on_connect(const wire::mqtt::Connect& connect);
  void enter(Admission admission);
  void note_model_id(bool clean);
  void on_model_id_stored(bool clean, bool ok);
  void begin_session(bool clean);
  void accept(bool session_present);
  void refuse(wire::mqtt::ConnectCode code, std::string_view client_id, std::string_view why);

  // publish.cc
  void on_publish(const wire::mqtt::Publish& publish);
  void on_telemetry(const TelemetryTopic& topic, const wire::mqtt::Publish& publish);
  void note_activity();
  void send_acknowledgements();
  void update_reading();

  // subscribe.cc
  void on_subscribe(const wire::mqtt::Subscribe& subscribe);
  void on_unsubscribe(const wire::mqtt::Unsubscribe& unsubscribe);
  void acknowledge_subscriptions(ByteView packet);
  void save_session();
  void store_session(std::optional<hub::MqttSession> session);
  void on_session_stored(bool ok);

  // twin.cc
  void on_twin_get(const TwinGetTopic& topic, const wire::mqtt::Publish& publish);
  void on_twin_patch(const TwinPatchTopic& topic, const wire::mqtt::Publish& publish);
  void on_unknown_twin_request(const UnknownTwinTopic& topic, const wire::mqtt::Publish& publish);
  void begin_twin_request(const wire::mqtt::Publish& publish);
  void end_twin_request(uint16_t packet_id);
  [[nodiscard]] bool refuse_twin_request(std::string_view request_id, uint16_t packet_id);
  void on_twin_read(const std::string& request_id, const hub::HubResult<hub::TwinDocument>& document);
  void on_twin_patched(const std::string& request_id, const hub::HubResult<uint64_t>& version);
  void send_twin_response(int status, std::string_view request_id, std::optional<uint64_t> version,
                          std::string_view body);
  void send_twin_error(std::string_view request_id, const hub::Error& error);
  void send_desired(const hub::DesiredChange& change);
  void send_held_changes();
  template <class Reply>
  [[nodiscard]] auto if_alive(Reply reply);
  [[nodiscard]] hub::TwinService::Caller twin_caller() const { return {origin_.identity, origin_.generation_id}; }

  // injected_faults.cc
  [[nodiscard]] std::optional<hub::ErrorCode> injected_refusal() const;
  void look_for_fault_request(const hub::EventView& message);
  void suffer(const hub::FaultRequest& fault) override;

  // methods.cc
  void on_method_response(const MethodResponseTopic& topic, const wire::mqtt::Publish& publish);
  void update_methods();

  [[nodiscard]] const MqttServices& services() const { return shared_->services; }
  [[nodiscard]] Scratch& scratch() const { return shared_->scratch(shard_.id); }
  [[nodiscard]] hub::Ingest& ingest() const { return shared_->ingest(shard_.id); }

  std::shared_ptr<const Shared> shared_;
  const ShardContext& shard_;
  net::Transport* transport_ = nullptr;
  wire::mqtt::Decoder decoder_;
  Phase phase_ = Phase::kAwaitingConnect;
  bool reading_paused_ = false;

  // From the accepted CONNECT on.
  hub::TelemetryOrigin origin_;
  hub::Credential credential_;
  std::shared_ptr<hub::SessionLink> link_;  // shared with the directory; also how late store replies find us
  hub::SessionDirectory::Claim claim_ = 0;
  uint64_t sink_ = 0;
  std::unique_ptr<Will> will_;
  DurableSession session_;
  int64_t keep_alive_ms_ = 0;
  // A packet only moves this; the timer looks at it when it fires, so that traffic costs no re-arming.
  int64_t last_packet_ms_ = 0;
  int64_t last_noted_ms_ = 0;

  // Publishes that are on their way to the disk.
  size_t inflight_publishes_ = 0;
  size_t inflight_bytes_ = 0;
  std::string pubacks_;  // of the commit that is being delivered
  PubackQueue puback_queue_;

  uint32_t twin_requests_ = 0;                  // not answered yet
  uint16_t last_packet_id_ = 0;                 // of our own PUBLISHes
  bool takes_methods_ = false;                  // subscribed, and told so
  std::unique_ptr<hub::OpenMethods> methods_;   // from the first method on
  std::unique_ptr<hub::PendingFaults> faults_;  // from the first request for a fault on
  std::unique_ptr<hub::HeldChanges> held_;      // only between reading the twin and subscribing to its changes
};

}  // namespace nave::front::mqtt
