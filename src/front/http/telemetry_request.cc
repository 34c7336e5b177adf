#include "front/http/telemetry_request.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/base64.h"
#include "base/limits.h"
#include "base/url.h"
#include "json/parse.h"

namespace nave::front::http {
namespace {

using hub::Error;
using hub::ErrorCode;
using hub::HubResult;
using hub::SystemProperty;

constexpr std::string_view kBatchType = "application/vnd.microsoft.iothub.json";
constexpr std::string_view kApplicationPrefix = "iothub-app-";
constexpr std::string_view kExpiryHeader = "iothub-expiry";
constexpr size_t kBatchDepthMax = 4;  // array, message, properties

struct HeaderName {
  std::string_view header;
  SystemProperty property;
};

// C# and Java spell the creation time differently; `iothub-operation: d2c` of C# says nothing about the message.
constexpr std::array<HeaderName, 13> kSystemHeaders = {{
    {"iothub-messageid", SystemProperty::kMessageId},
    {"iothub-correlationid", SystemProperty::kCorrelationId},
    {"iothub-userid", SystemProperty::kUserId},
    {"iothub-to", SystemProperty::kTo},
    {kExpiryHeader, SystemProperty::kAbsoluteExpiry},
    {"iothub-ack", SystemProperty::kAck},
    {"iothub-contenttype", SystemProperty::kContentType},
    {"iothub-contentencoding", SystemProperty::kContentEncoding},
    {"iothub-interface-id", SystemProperty::kInterfaceId},
    {"iothub-messageschema", SystemProperty::kMessageSchema},
    {"iothub-creationtimeutc", SystemProperty::kCreationTimeUtc},
    {"iothub-creation-time-utc", SystemProperty::kCreationTimeUtc},
    {"dt-subject", SystemProperty::kComponent},
}};

bool has_prefix(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equals_ignore_case(text.substr(0, prefix.size()), prefix);
}

auto malformed(std::string text) {
  return fail(Error(ErrorCode::kIotHubFormatError, std::move(text)));
}

}  // namespace

bool is_telemetry_batch(const net::HttpRequest& request) {
  const std::string_view type = request.header("Content-Type").value_or("");
  return has_prefix(type, kBatchType) &&
         (type.size() == kBatchType.size() || type[kBatchType.size()] == ';' || type[kBatchType.size()] == ' ');
}

HubResult<json::Array> parse_telemetry_batch(std::string_view body) {
  auto parsed = json::parse(body, {.bytes_max = limits::kHttpBodyBytesMax, .depth_max = kBatchDepthMax});
  if (!parsed) return malformed(parsed.error().message());
  json::Array* const items = parsed->if_array();
  if (items == nullptr) return malformed("The body must be a JSON array of messages");
  if (items->size() > limits::kHttpBatchMessagesMax)
    return fail(Error(ErrorCode::kMessageTooLarge, "The batch holds too many messages"));
  return std::move(*items);
}

HubResult<void> TelemetryRequestReader::read_single(const net::HttpRequest& request, hub::EventView& event) {
  collector_.begin(event);
  for (const auto& [name, value] : request.headers) {
    if (!take(name, value)) return malformed("A property is not UTF-8 text");
  }
  finish();
  event.body = request.body;
  return {};
}

HubResult<void> TelemetryRequestReader::read_item(const json::Value& item, hub::EventView& event) {
  collector_.begin(event);
  const json::Object* const object = item.if_object();
  if (object == nullptr) return malformed("Each message of a batch must be a JSON object");
  if (!read_body(*object, event)) return malformed("The body of a message must be a string, base64 unless it says so");
  if (!read_properties(*object)) return malformed("The properties of a message must be an object of strings");
  finish();
  return {};
}

// False for what cannot be kept. Headers that are no properties are the transport's.
bool TelemetryRequestReader::take(std::string_view header, std::optional<std::string_view> value) {
  const bool application = has_prefix(header, kApplicationPrefix) && header.size() > kApplicationPrefix.size();
  const auto* const system = std::ranges::find_if(
      kSystemHeaders, [header](const HeaderName& h) { return equals_ignore_case(h.header, header); });
  if (!application && system == kSystemHeaders.end()) return true;
  if (!is_valid_utf8(header) || !is_valid_utf8(value.value_or(""))) return false;
  if (application) {
    collector_.add(header.substr(kApplicationPrefix.size()), value);
  } else {
    collector_.set(system->property, value);
  }
  return true;
}

bool TelemetryRequestReader::read_body(const json::Object& item, hub::EventView& event) {
  event.body = {};
  const json::Value* const body = item.find("body");
  if (body == nullptr || body->is_null()) return true;
  if (body->if_string() == nullptr) return false;
  const json::Value* const flag = item.find("base64Encoded");
  // Node and C# never say that it is base64, and it always is (§8.5).
  if (flag != nullptr && flag->if_bool() != nullptr && !*flag->if_bool()) {
    event.body = *body->if_string();
    return true;
  }
  auto decoded = base64_decode(*body->if_string());
  if (!decoded) return false;
  body_ = *std::move(decoded);
  event.body = body_;
  return true;
}

bool TelemetryRequestReader::read_properties(const json::Object& item) {
  const json::Value* const properties = item.find("properties");
  if (properties == nullptr || properties->is_null()) return true;
  const json::Object* const object = properties->if_object();
  if (object == nullptr) return false;
  return std::ranges::all_of(*object, [this](const json::Member& member) {
    if (const std::string* const text = member.value.if_string()) return take(member.name, *text);
    if (const json::Number* const number = member.value.if_number()) return take(member.name, number->text);
    if (const bool* const flag = member.value.if_bool()) return take(member.name, *flag ? "true" : "false");
    return member.value.is_null() && take(member.name, {});
  });
}

void TelemetryRequestReader::finish() {
  collector_.convert_expiry(kExpiryHeader);
  collector_.finish();
}

}  // namespace nave::front::http
