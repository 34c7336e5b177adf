#include "front/mqtt/username.h"

#include "base/limits.h"
#include "front/mqtt/text.h"

namespace nave::front::mqtt {
namespace {

constexpr std::string_view kApiVersion = "api-version";
constexpr std::string_view kClientType = "DeviceClientType";
constexpr std::string_view kModelId = "model-id";
constexpr std::string_view kAuthChain = "auth-chain";

bool has_parameter(std::string_view segment, std::string_view name) {
  const size_t at = segment.find(name);
  return at != std::string_view::npos && segment.substr(at + name.size()).starts_with('=');
}

// Ids may begin with '?', so only a last segment that does is taken for the query; the older forms have no '?' and are
// told from a module id by the parameters that they always carry.
bool begins_parameters(std::string_view rest, std::string_view segment) {
  const bool last = rest.size() == segment.size();
  return (last && segment.starts_with('?')) || has_parameter(segment, kApiVersion) ||
         has_parameter(segment, kClientType);
}

struct Parameters {
  std::optional<std::string> api_version, client_type, model_id, auth_chain;

  [[nodiscard]] std::optional<std::string>* slot(std::string_view name) {
    if (name == kApiVersion) return &api_version;
    if (name == kClientType) return &client_type;
    if (name == kModelId) return &model_id;
    if (name == kAuthChain) return &auth_chain;
    return nullptr;
  }
};

// The old forms separate with '/' as well as '&'; a query's values may hold a raw '/'.
Parameters parse_parameters(std::string_view text) {
  const bool query = text.starts_with('?');
  if (query) text.remove_prefix(1);
  const std::string_view separators = query ? "&" : "&/";
  Parameters out;
  while (!text.empty()) {
    const std::string_view pair = take_until(text, separators);
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    std::optional<std::string>* const slot = out.slot(pair.substr(0, equals));
    if (slot != nullptr && !*slot) *slot = decode_text(pair.substr(equals + 1));
  }
  return out;
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= limits::kIdCharsMax;
}

}  // namespace

std::optional<Username> parse_username(std::string_view text) {
  Username out;
  out.host = take_until(text, "/");
  const std::string_view device = take_until(text, "/");
  if (out.host.empty() || !is_id(device)) return {};
  out.identity.device = device;

  std::string_view rest = text;
  std::string_view segment = take_until(rest, "/");
  if (!segment.empty() && !begins_parameters(text, segment)) {
    if (!is_id(segment)) return {};
    out.identity.module = segment;
    text = rest;
    segment = take_until(rest, "/");
    if (!segment.empty() && !begins_parameters(text, segment)) return {};
  }

  Parameters parameters = parse_parameters(text);
  out.api_version = std::move(parameters.api_version).value_or("");
  out.client_type = std::move(parameters.client_type).value_or("");
  out.model_id = std::move(parameters.model_id).value_or("");
  out.has_auth_chain = parameters.auth_chain.has_value();
  if (out.model_id.size() > limits::kModelIdBytesMax) return {};
  return out;
}

}  // namespace nave::front::mqtt
