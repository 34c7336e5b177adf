#include "front/amqp/device_link.h"

#include "base/limits.h"
#include "base/log.h"
#include "front/amqp/errors.h"

namespace nave::front::amqp {
namespace {

bool ends_with(const Address& address, size_t from, std::initializer_list<std::string_view> tail) {
  if (address.size() != from + tail.size()) return false;
  for (const std::string_view literal : tail) {
    if (!address.segment_is(from++, literal)) return false;
  }
  return true;
}

bool is_id(std::string_view text) {
  return text.size() <= limits::kIdCharsMax;
}

}  // namespace

std::optional<IdentityKey> device_of(const Address& address, std::initializer_list<std::string_view> tail) {
  if (!address.segment_is(0, "devices")) return std::nullopt;
  if (ends_with(address, 2, tail) && is_id(address.segments[1])) return IdentityKey{address.segments[1], ""};
  const bool module = address.segment_is(2, "modules") && ends_with(address, 4, tail);
  if (!module || !is_id(address.segments[1]) || !is_id(address.segments[3])) return std::nullopt;
  return IdentityKey{address.segments[1], address.segments[3]};
}

std::shared_ptr<DeviceSession> join_or_refuse(Connection& connection, const DeviceServices& services,
                                              const IdentityKey& key, wire::amqp::Link& link) {
  auto session = DeviceSession::join(connection, services, key, link);
  if (session) return *std::move(session);
  refuse_device_link(connection, link, key, session.error());
  return nullptr;
}

void refuse_device_link(Connection& connection, wire::amqp::Link& link, const IdentityKey& key,
                        const hub::Error& error) {
  log::write_limited(
      log::Level::kWarning, log::Category::kConnections, "amqp.refuse", "AMQP device link refused",
      {{"deviceId", printable(key.text())}, {"address", connection.peer().address}, {"why", error.message}});
  link.refuse(make_error(error, connection.utc()));
}

wire::amqp::AttachReply make_pair_reply(const wire::amqp::Link& link) {
  wire::amqp::AttachReply reply = link.make_reply();
  reply.snd_settle_mode = wire::amqp::SndSettleMode::kSettled;
  reply.rcv_settle_mode = wire::amqp::RcvSettleMode::kFirst;
  return reply;
}

std::string delivery_tag(uint64_t number) {
  std::string tag(8, '\0');
  append_be(tag, number);
  return tag;
}

}  // namespace nave::front::amqp
