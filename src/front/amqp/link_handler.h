// How links find their code. A LinkNode owns addresses and answers attaches to them; what it accepts it gives a
// LinkHandler, which lives as long as the link. A new kind of link is one more node: nothing here knows the nodes, the
// wiring adds them to the Router.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "front/amqp/address.h"
#include "front/amqp/grants.h"
#include "wire/amqp/connection_listener.h"

namespace nave::front::amqp {

class Connection;

// What a link is for, where that matters to somebody other than its handler.
enum class LinkKind : uint8_t {
  kOther,
  kCbsRequest,  // the peer sends
  kCbsReply,
  kTelemetry,
  kC2d,
  kTwinRequest,  // the peer sends
  kTwinReply,
  kMethodRequest,  // the peer receives
  kMethodReply,
};

// One accepted link. All calls are made on the connection's shard, and only while the link is live. Asynchronous work
// keeps Connection::handle() and the link's id, never a pointer.
class LinkHandler : public wire::amqp::LinkContext {
 public:
  // May the link stay, now that the connection's grants have shrunk?
  [[nodiscard]] virtual bool authorized(const Grants& grants) const = 0;
  [[nodiscard]] virtual LinkKind kind() const { return LinkKind::kOther; }
  // A whole message; settle it unless the peer has.
  virtual void on_delivery(wire::amqp::Link&, const wire::amqp::Delivery&) {}
  // Sending may have become possible: credit, session window, or room in the transport (Connection::when_writable()).
  virtual void on_sendable(wire::amqp::Link&) {}
  virtual void on_outcome(wire::amqp::Link&, const wire::amqp::SentOutcome&) {}
  // Last call: the link has ended, whoever ended it, except by this handler.
  virtual void on_detach() {}
};

// Shared by all connections of all shards, so attach() must be thread-safe.
class LinkNode {
 public:
  virtual ~LinkNode() = default;
  // False if the address is not this node's. Otherwise the link has been answered: accepted, with a LinkHandler as its
  // context, or refused.
  virtual bool attach(Connection& connection, wire::amqp::Link& link, const Address& address) = 0;
};

class Router {
 public:
  // While wiring, before the first connection. Nodes are asked in this order.
  void add(std::unique_ptr<LinkNode> node) { nodes_.push_back(std::move(node)); }

  // Refuses with amqp:not-found what no node knows.
  void attach(Connection& connection, wire::amqp::Link& link) const;

 private:
  std::vector<std::unique_ptr<LinkNode>> nodes_;
};

}  // namespace nave::front::amqp
