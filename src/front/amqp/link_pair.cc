#include "front/amqp/link_pair.h"

#include <string_view>
#include <utility>

#include "front/amqp/connection.h"
#include "front/amqp/errors.h"

namespace nave::front::amqp {
namespace {

// "twin:<guid>" and "methods:<guid>"; C's method links have the bare device id.
std::optional<std::string> correlation_of(const wire::amqp::Link& link) {
  const wire::amqp::Value* value = link.attach().properties.find("com.microsoft:channel-correlation-id");
  const auto text = value == nullptr ? std::nullopt : value->as_text();
  if (!text) return std::nullopt;
  const size_t colon = text->find(':');
  return std::string(colon == std::string_view::npos ? *text : text->substr(colon + 1));
}

}  // namespace

void LinkPair::add(Connection& connection, const wire::amqp::Link& link) {
  const bool receives = link.role() == wire::amqp::Role::kReceiver;
  Half& own = receives ? from_device_ : to_device_;
  Half& other = receives ? to_device_ : from_device_;
  const Half older = std::exchange(own, Half{link.id(), correlation_of(link)});
  close(connection, older.link);
  const bool strangers = own.correlation && other.correlation && *own.correlation != *other.correlation;
  if (strangers) close(connection, other.link);
}

void LinkPair::remove(wire::amqp::LinkId link) {
  if (from_device_.link == link) from_device_ = {};
  if (to_device_.link == link) to_device_ = {};
}

// The handler takes it out of the pair.
void LinkPair::close(Connection& connection, wire::amqp::LinkId link) {
  connection.detach(link, make_error(hub::ErrorCode::kLinkCreationConflict, connection.utc()));
}

}  // namespace nave::front::amqp
