// One receiver of one partition: reads the log ahead of the credit it has and streams settled messages
// (reference/amqp.md §9.3, §9.4).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "front/amqp/connection.h"
#include "front/eventhub/attach_request.h"
#include "front/eventhub/event_hub.h"
#include "front/eventhub/event_message.h"

namespace nave::front::eventhub {

// Shard thread only. Asynchronous replies of the log find it again through the connection's handle and the link's id.
class ReceiverLink final : public amqp::LinkHandler, private Evictable {
 public:
  // `entity` names a partition and consumer group that exist; `link` is not answered yet.
  ReceiverLink(EventHub& event_hub, amqp::Connection& connection, wire::amqp::Link& link, EntityAddress entity,
               SeatKey key, const AttachRequest& request);
  ~ReceiverLink() override;

  // Takes a place among the receivers; on failure nothing is held.
  [[nodiscard]] Result<void, Verdict> take_seat();

  [[nodiscard]] bool authorized(const amqp::Grants& grants) const override;
  void on_sendable(wire::amqp::Link& link) override;
  void on_detach() override { leave(); }

 private:
  void evict(const Verdict& verdict) override;
  void pump(wire::amqp::Link& link);
  void send_next(wire::amqp::Link& link);
  void read();
  void on_read(Result<hub::EventBatch, hub::StoreError> result);
  void wait();
  void leave();
  // The link if it still lives; work that began outside a callback ends with connection_.flush().
  [[nodiscard]] wire::amqp::Link* link() const { return connection_.machine().find(link_id_); }
  // A callback for the log: finds this receiver if it still lives, runs f(*this, args…), then sends what came of it.
  template <class F>
  [[nodiscard]] auto later(F f);

  EventHub& event_hub_;
  amqp::Connection& connection_;
  const wire::amqp::LinkId link_id_;
  const EntityAddress entity_;
  const SeatKey key_;
  const PartitionId partition_;
  const bool wants_metric_;

  std::shared_ptr<Seat> seat_;
  SequenceNumber next_;    // of the log, after what batch_ holds
  hub::EventBatch batch_;  // read and not yet sent: from index_ on
  size_t index_ = 0;
  std::string message_;                  // scratch
  hub::EventView view_;                  // scratch
  std::optional<RuntimeMetric> metric_;  // as of this turn, if the receiver wants it
  uint32_t next_tag_ = 0;
  bool reading_ = false;
  std::optional<uint64_t> wait_handle_;
  bool gone_ = false;
};

}  // namespace nave::front::eventhub
