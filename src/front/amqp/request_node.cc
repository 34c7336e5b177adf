#include "front/amqp/request_node.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "front/amqp/errors.h"

namespace nave::front::amqp {
namespace {

using wire::amqp::Delivery;
using wire::amqp::Link;
using wire::amqp::MessageView;

constexpr uint32_t kRequestCredit = 100;  // what the real $cbs gives
constexpr uint64_t kRequestBytesMax = limits::kAmqpFrameBytesMax;

class ReplyLink final : public LinkHandler {
 public:
  explicit ReplyLink(const RequestNode& node) : node_(node) {}
  [[nodiscard]] bool authorized(const Grants& grants) const override { return node_.authorized(grants); }
  [[nodiscard]] LinkKind kind() const override { return node_.reply_kind(); }
  [[nodiscard]] const RequestNode& node() const { return node_; }

  // Queued by the link until the peer gives credit: some clients give it only after they have asked (§3, Java).
  void send(Link& link, const std::string& message, UtcTime now) {
    std::string tag;
    append_be(tag, ++tag_);
    wire::amqp::SendOptions options;
    options.tag = tag;
    options.settled = link.attach().snd_settle_mode == wire::amqp::SndSettleMode::kSettled;
    if (!link.send(message, options))
      link.detach(true, make_error(wire::amqp::condition::kResourceLimitExceeded,
                                   "The link holds too many replies that were not taken.", now));
  }

 private:
  const RequestNode& node_;
  uint32_t tag_ = 0;
};

// How well a reply link suits a request, the higher the better: the same session first, then the name that the client
// gave (reply-to holds the target address or the link's name, §3); of equals the newest.
int suitability(const Link& reply, const Link& request, std::string_view reply_to) {
  int points = reply.session() == request.session() ? 2 : 0;
  const auto& target = reply.attach().target;
  if (!reply_to.empty() && (reply.name() == reply_to || (target && target->address_text() == reply_to))) ++points;
  return points;
}

class RequestLink final : public LinkHandler {
 public:
  RequestLink(RequestNode& node, Connection& connection) : node_(node), connection_(connection) {}

  [[nodiscard]] bool authorized(const Grants& grants) const override { return node_.authorized(grants); }
  [[nodiscard]] LinkKind kind() const override { return node_.request_kind(); }

  void on_delivery(Link& link, const Delivery& delivery) override {
    const auto request = MessageView::parse(delivery.payload);
    const auto properties = request ? request->properties() : std::nullopt;
    if (!properties) {
      link.settle(delivery.id,
                  wire::amqp::Rejected{make_error(wire::amqp::condition::kDecodeError,
                                                  "The request is not an AMQP message.", connection_.utc())});
      return;
    }
    // The disposition leaves before the reply: uAMQP takes a reply that overtakes it for a failure (R15).
    if (!delivery.settled) link.settle(delivery.id, wire::amqp::Accepted{});
    const NodeReply reply = node_.answer(connection_, *request);
    Link* const out = find_reply_link(link, properties->reply_to.value_or(std::string_view{}));
    if (out == nullptr) return;
    static_cast<ReplyLink*>(out->context())
        ->send(*out, encode_node_reply(reply, properties->message_id), connection_.utc());
  }

 private:
  [[nodiscard]] Link* find_reply_link(const Link& request, std::string_view reply_to) const {
    Link* best = nullptr;
    int best_points = -1;
    connection_.machine().for_each_link([&](Link& link) {
      const auto* reply = dynamic_cast<const ReplyLink*>(link.context());
      if (reply == nullptr || &reply->node() != &node_) return;
      const int points = suitability(link, request, reply_to);
      if (points < best_points || (points == best_points && link.id() < best->id())) return;
      best = &link;
      best_points = points;
    });
    return best;
  }

  RequestNode& node_;
  Connection& connection_;
};

}  // namespace

void RequestNode::accept(Connection& connection, Link& link) {
  wire::amqp::AttachReply reply = link.make_reply();
  if (link.role() == wire::amqp::Role::kReceiver) {
    link.set_context(std::make_unique<RequestLink>(*this, connection));
    reply.credit = kRequestCredit;
    reply.max_message_size = kRequestBytesMax;
  } else {
    link.set_context(std::make_unique<ReplyLink>(*this));
  }
  link.accept(std::move(reply));
}

}  // namespace nave::front::amqp
