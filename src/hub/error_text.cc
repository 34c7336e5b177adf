#include "hub/error_text.h"

#include "base/random.h"
#include "json/write.h"

namespace nave::hub {

std::string device_error_text(const Error& error, UtcTime now) {
  json::Object out;
  out.append("errorCode", row(error.code).code);
  out.append("trackingId", tracking_id(format_tracking(now)));
  out.append("message", error.message);
  out.append("timestampUtc", format_iso8601(now));
  return json::to_text(std::move(out));
}

}  // namespace nave::hub
