#include "front/http/c2d_message.h"

#include <array>
#include <charconv>

#include "base/url.h"

namespace nave::front::http {
namespace {

using hub::Error;
using hub::ErrorCode;
using hub::HubResult;
using hub::SystemProperty;

// What HTTP clients say of a body when nobody told them what it is.
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

void adopt(const net::HttpRequest& request, std::string_view header, SystemProperty name, hub::EventView& message) {
  const auto value = request.header(header);
  if (!value || value->empty() || message.find(name) || !is_valid_utf8(*value)) return;
  message.system.push_back({name, *value});
}

struct PropertyHeaders {
  SystemProperty property;
  std::array<const char*, 2> headers;
};

// C reads content type and encoding from names without the prefix (§8.2).
constexpr std::array<PropertyHeaders, 9> kHeaders = {{
    {SystemProperty::kMessageId, {"iothub-messageid"}},
    {SystemProperty::kCorrelationId, {"iothub-correlationid"}},
    {SystemProperty::kUserId, {"iothub-userid"}},
    {SystemProperty::kTo, {"iothub-to"}},
    {SystemProperty::kAck, {"iothub-ack"}},
    {SystemProperty::kContentType, {"ContentType", "iothub-contenttype"}},
    {SystemProperty::kContentEncoding, {"ContentEncoding", "iothub-contentencoding"}},
    {SystemProperty::kMessageSchema, {"iothub-messageschema"}},
    {SystemProperty::kCreationTimeUtc, {"iothub-creationtimeutc"}},
}};

std::string expiry_text(std::string_view ms_text) {
  int64_t ms = 0;
  std::from_chars(ms_text.data(), ms_text.data() + ms_text.size(), ms);  // checked when the message was taken
  return format_iso8601_fixed(from_unix_ms(ms));
}

}  // namespace

HubResult<void> read_c2d_message(const net::HttpRequest& request, TelemetryRequestReader& reader,
                                 hub::EventView& message) {
  if (auto ok = reader.read_single(request, message); !ok) return ok;
  if (request.header("iothub-expiry") && !message.find(SystemProperty::kAbsoluteExpiry)) {
    return fail(Error(ErrorCode::kInvalidMessageExpiryTime));
  }
  if (!equals_ignore_case(request.header("Content-Type").value_or(""), kFormType)) {
    adopt(request, "Content-Type", SystemProperty::kContentType, message);
  }
  adopt(request, "Content-Encoding", SystemProperty::kContentEncoding, message);
  return {};
}

Headers c2d_headers(const hub::C2dDelivery& delivery, const hub::EventView& message) {
  Headers out{{"ETag", lock_etag(delivery.lock)}};
  for (const PropertyHeaders& row : kHeaders) {
    const auto value = message.find(row.property);
    if (!value) continue;
    for (const char* header : row.headers) {
      if (header != nullptr) out.emplace_back(header, *value);
    }
  }
  if (const auto ms = message.find(SystemProperty::kAbsoluteExpiry)) {
    out.emplace_back("iothub-expiry", expiry_text(*ms));
  }
  out.emplace_back("iothub-enqueuedtime", format_iso8601_fixed(delivery.enqueued));
  out.emplace_back("iothub-deliverycount", std::to_string(delivery.delivery_count));
  out.emplace_back("iothub-sequencenumber", std::to_string(delivery.sequence));
  for (const hub::ApplicationProperty& p : message.application) {
    out.emplace_back("iothub-app-" + std::string(p.name), p.value.value_or(""));
  }
  return out;
}

std::string lock_etag(const hub::LockToken& lock) {
  return '"' + lock.text() + '"';
}

}  // namespace nave::front::http
