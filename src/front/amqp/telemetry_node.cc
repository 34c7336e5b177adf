#include "front/amqp/telemetry_node.h"

#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "front/amqp/telemetry_link.h"

namespace nave::front::amqp {
namespace {

using wire::amqp::Link;

constexpr uint32_t kTelemetryCredit = 1000;  // what the real hub gives

class TelemetryNode final : public LinkNode {
 public:
  TelemetryNode(const DeviceServices& services, std::vector<hub::Ingest*> ingests)
      : services_(services), ingests_(std::move(ingests)) {
    for (size_t i = 0; i < ingests_.size(); ++i) scratch_.push_back(std::make_unique<TelemetryScratch>());
  }

  // A peer that receives from this address is a module that waits for its inputs: another node's business.
  bool attach(Connection& connection, Link& link, const Address& address) override {
    if (link.role() != wire::amqp::Role::kReceiver) return false;
    const auto key = device_of(address, {"messages", "events"});
    if (!key) return false;
    if (auto session = join_or_refuse(connection, services_, *key, link)) accept(connection, link, std::move(session));
    return true;
  }

 private:
  void accept(Connection& connection, Link& link, std::shared_ptr<DeviceSession> session) {
    const size_t shard = connection.shard().id.value();
    NAVE_CHECK(shard < ingests_.size(), "every shard has its ingest");
    link.set_context(
        std::make_unique<TelemetryLink>(connection, std::move(session), link.id(), *ingests_[shard], *scratch_[shard]));
    wire::amqp::AttachReply reply = link.make_reply();
    reply.rcv_settle_mode = std::nullopt;
    reply.max_message_size = limits::kAmqpMessageBytesMax;
    reply.credit = kTelemetryCredit;
    link.accept(std::move(reply));
  }

  const DeviceServices& services_;
  const std::vector<hub::Ingest*> ingests_;                 // by ShardId
  std::vector<std::unique_ptr<TelemetryScratch>> scratch_;  // by ShardId
};

}  // namespace

std::unique_ptr<LinkNode> make_telemetry_node(const DeviceServices& services, std::vector<hub::Ingest*> ingests) {
  return std::make_unique<TelemetryNode>(services, std::move(ingests));
}

}  // namespace nave::front::amqp
