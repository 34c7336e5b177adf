#include "front/mqtt/topics.h"

#include <charconv>

#include "front/mqtt/text.h"

namespace nave::front::mqtt {
namespace {

bool skip(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

template <class Int>
std::optional<Int> parse_number(std::string_view text) {
  Int value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

struct Query {
  std::string_view request_id;
  std::optional<int64_t> version;
  bool bad_version = false;  // there is one and it is no number
};

// "?$rid=…[&$version=…]"; nullopt without a request id.
std::optional<Query> parse_query(std::string_view text) {
  if (!skip(text, "?")) return {};
  Query out;
  while (!text.empty()) {
    std::string_view pair = take_until(text, "&");
    if (skip(pair, "$rid=")) {
      out.request_id = pair;
    } else if (skip(pair, "$version=")) {
      out.version = parse_number<int64_t>(pair);
      out.bad_version = !out.version;
    }
  }
  if (out.request_id.empty()) return {};
  return out;
}

// Clients put any number of slashes behind the bag, but values may hold slashes too, so only the ends are trimmed
// (§3.1).
std::string_view trim_bag(std::string_view text) {
  while (text.starts_with('/')) text.remove_prefix(1);
  while (text.ends_with('/')) text.remove_suffix(1);
  skip(text, "?");
  return text;
}

PublishTopic parse_twin_topic(std::string_view rest) {
  const size_t end = rest.find("/?");
  if (end == std::string_view::npos) return UnknownTopic{};
  const auto query = parse_query(rest.substr(end + 1));
  if (!query) return UnknownTopic{};
  const std::string_view operation = rest.substr(0, end);
  if (operation == "GET") return TwinGetTopic{query->request_id};
  if (operation == "PATCH/properties/reported" && !query->bad_version) {
    return TwinPatchTopic{query->request_id, query->version};
  }
  return UnknownTwinTopic{query->request_id};
}

PublishTopic parse_method_response(std::string_view rest) {
  const auto status = parse_number<int32_t>(take_until(rest, "/"));
  const auto query = parse_query(rest);
  if (!status || !query) return UnknownTopic{};
  return MethodResponseTopic{*status, query->request_id};
}

}  // namespace

std::optional<std::string_view> after_own_prefix(std::string_view text, const IdentityKey& own) {
  const bool device = skip(text, "devices/") && skip(text, own.device) && skip(text, "/");
  if (!device) return {};
  const bool module = !own.is_module() || (skip(text, "modules/") && skip(text, own.module) && skip(text, "/"));
  if (!module) return {};
  return text;
}

PublishTopic parse_publish_topic(std::string_view topic, const IdentityKey& own) {
  if (auto rest = after_own_prefix(topic, own)) {
    const bool telemetry = skip(*rest, "messages/events") && (rest->empty() || rest->front() == '/');
    if (!telemetry) return UnknownTopic{};
    return TelemetryTopic{trim_bag(*rest)};
  }
  if (skip(topic, "$iothub/twin/")) return parse_twin_topic(topic);
  if (skip(topic, "$iothub/methods/res/")) return parse_method_response(topic);
  return UnknownTopic{};
}

}  // namespace nave::front::mqtt
