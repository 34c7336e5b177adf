#include "hub/method/rules.h"

#include <algorithm>
#include <string_view>

#include "base/limits.h"
#include "json/write.h"

namespace nave::hub {
namespace {

auto invalid(std::string text) {
  return fail(Error(ErrorCode::kArgumentInvalid, std::move(text)));
}

const json::Value* given(const json::Object& body, std::string_view name) {
  const json::Value* const value = body.find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

HubResult<void> read_seconds(const json::Object& body, std::string_view name, int64_t& out) {
  const json::Value* const value = given(body, name);
  if (value == nullptr) return {};
  const auto seconds = value->to_int64();
  if (!seconds) return invalid(std::string(name) + " must be a whole number of seconds");
  out = *seconds;
  return {};
}

// Printable ASCII without the separators of HTTP, because the name travels in a topic and in AMQP properties; without
// '+' and '#' too, which a topic name cannot hold (MQTT 3.1.1 §4.7.1).
bool is_name_character(char c) {
  constexpr std::string_view kForbidden = "$()<>@,;:\\\"/[]?={}+#";
  return c > ' ' && c <= '~' && kForbidden.find(c) == std::string_view::npos;
}

HubResult<void> check_range(std::string_view name, int64_t value, int64_t min, int64_t max) {
  if (value >= min && value <= max) return {};
  return invalid(std::string(name) + " must be between " + std::to_string(min) + " and " + std::to_string(max));
}

}  // namespace

HubResult<MethodInput> read_method_input(const json::Object& body) {
  MethodInput out;
  if (const json::Value* const name = given(body, "methodName")) {
    if (name->if_string() == nullptr) return invalid("methodName must be a string");
    out.name = *name->if_string();
  }
  if (const json::Value* const payload = given(body, "payload")) out.payload = json::to_text(*payload);
  HubResult<void> ok = read_seconds(body, "timeoutInSeconds", out.response_timeout_s);
  if (ok) ok = read_seconds(body, "responseTimeoutInSeconds", out.response_timeout_s);
  if (ok) ok = read_seconds(body, "connectTimeoutInSeconds", out.connect_timeout_s);
  if (!ok) return fail(ok.error());
  return out;
}

HubResult<void> check_method_input(const MethodInput& input) {
  if (input.name.empty()) return invalid("methodName is missing");
  if (input.name.size() > limits::kMethodNameCharsMax) return invalid("methodName is too long");
  if (!std::ranges::all_of(input.name, is_name_character))
    return invalid("methodName has a character that is not allowed");
  if (input.payload.size() > limits::kMethodPayloadBytesMax) return fail(Error(ErrorCode::kMessageTooLarge));
  HubResult<void> ok = check_range("responseTimeoutInSeconds", input.response_timeout_s,
                                   limits::kMethodResponseTimeoutSecondsMin, limits::kMethodTimeoutSecondsMax);
  if (ok) ok = check_range("connectTimeoutInSeconds", input.connect_timeout_s, 0, limits::kMethodTimeoutSecondsMax);
  if (!ok) return ok;
  if (input.connect_timeout_s > input.response_timeout_s) {
    return invalid("Device connection timeout " + std::to_string(input.connect_timeout_s) +
                   "s cannot be longer than an overall call timeout " + std::to_string(input.response_timeout_s) + "s");
  }
  return {};
}

}  // namespace nave::hub
