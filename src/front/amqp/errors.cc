#include "front/amqp/errors.h"

#include <algorithm>
#include <utility>

#include "base/random.h"

namespace nave::front::amqp {

using wire::amqp::Value;

wire::amqp::Error make_error(std::string_view condition, std::string description, UtcTime now) {
  const std::string id = tracking_id(format_tracking(now));
  if (description.find("TrackingId:") == std::string::npos) description += " TrackingId:" + id;
  Value info = Value::map();
  info.add(Value::of_symbol("com.microsoft:tracking-id"), Value::of_string(id));
  info.add(Value::of_symbol("com.microsoft:is-filtered"), Value::of_bool(true));
  return {std::string(condition), std::move(description), std::move(info)};
}

wire::amqp::Error make_error(const hub::Error& error, UtcTime now) {
  const hub::ErrorRow& row = hub::row(error.code);
  const bool secret = error.code == hub::ErrorCode::kIotHubUnauthorizedAccess;
  return make_error(row.amqp_condition, secret ? std::string(row.text) : error.message, now);
}

wire::amqp::Error entity_not_found(std::string_view entity, UtcTime now) {
  return make_error(wire::amqp::condition::kNotFound,
                    "The messaging entity '" + printable(entity) + "' could not be found.", now);
}

std::string printable(std::string_view text) {
  constexpr size_t kCharsMax = 256;
  std::string out(text.substr(0, kCharsMax));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return out;
}

}  // namespace nave::front::amqp
