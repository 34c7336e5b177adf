// The two links of one channel of a device, twin or methods: requests one way, answers the other (reference/amqp.md §4,
// channel correlation). Either half is served without the other; at most one of each lives.
#pragma once

#include <optional>
#include <string>

#include "wire/amqp/link.h"

namespace nave::front::amqp {

class Connection;

class LinkPair {
 public:
  // Adds a link that is being attached. Closes the one of the same role that it replaces, and the other half if that
  // belongs to another correlation.
  void add(Connection& connection, const wire::amqp::Link& link);
  void remove(wire::amqp::LinkId link);

  // Ours is the receiving end of the first, the sending end of the second; 0 if there is none.
  [[nodiscard]] wire::amqp::LinkId from_device() const { return from_device_.link; }
  [[nodiscard]] wire::amqp::LinkId to_device() const { return to_device_.link; }

 private:
  struct Half {
    wire::amqp::LinkId link = 0;
    std::optional<std::string> correlation;  // nullopt fits every other
  };
  static void close(Connection& connection, wire::amqp::LinkId link);

  Half from_device_;
  Half to_device_;
};

}  // namespace nave::front::amqp
