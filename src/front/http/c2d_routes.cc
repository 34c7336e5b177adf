#include "front/http/c2d_routes.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/limits.h"
#include "front/http/c2d_message.h"
#include "front/http/locked_call.h"
#include "front/http/path.h"

namespace nave::front::http {
namespace {

using hub::C2dOutcome;
using hub::C2dService;
using hub::Error;
using hub::ErrorCode;
using hub::HubResult;

// ---------------------------------------------------------------------------------------------------------------------
// Back ends.

IdentityKey key_of(const Call& call) {
  return {call.ids[0], call.ids.size() > 1 ? call.ids[1] : ""};
}

void send_message(C2dService& c2d, Call call) {
  TelemetryRequestReader reader;
  hub::EventView message;
  if (const auto ok = read_c2d_message(call.request, reader, message); !ok) return call.reply.error(ok.error());
  c2d.send(key_of(call), message, call.shard.executor, settled_reply(std::move(call.reply)));
}

void purge(C2dService& c2d, Call call) {
  IdentityKey key = key_of(call);
  c2d.purge(key, call.shard.executor, [key, reply = std::move(call.reply)](HubResult<uint64_t> purged) mutable {
    if (!purged) return reply.error(purged.error());
    json::Object body;
    body.append("totalMessagesPurged", *purged);
    body.append("deviceId", key.device);
    body.append("moduleId", key.is_module() ? json::Value(key.module) : json::Value());
    reply.json(200, std::move(body));
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Devices.

// C# asks in the query, Java in a header (§8.3). More than the longest lock means the longest.
HubResult<int64_t> lock_ms_of(const net::HttpRequest& request) {
  constexpr std::string_view kName = "iothub-messagelocktimeout";
  std::string text = query_parameter(request.query(), kName).value_or("");
  if (text.empty()) text = request.header(kName).value_or("");
  if (text.empty()) return C2dService::kLockMs;
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument || seconds < 0) {
    return fail(Error(ErrorCode::kArgumentInvalid, "The lock timeout must be a number of seconds"));
  }
  if (error != std::errc()) seconds = limits::kC2dLockSecondsMax;
  return std::clamp<int64_t>(seconds, 1, limits::kC2dLockSecondsMax) * 1000;
}

void receive(C2dService& c2d, hub::SessionDirectory& directory, Call call) {
  const auto lock_ms = lock_ms_of(call.request);
  if (!lock_ms) return call.reply.error(lock_ms.error());
  const hub::Identity& identity = call.device->identity;
  directory.note_activity(identity);
  const auto delivery = c2d.receive({identity.key, identity.generation_id}, *lock_ms);
  if (!delivery) return call.reply.empty(204);
  hub::EventView message;
  if (!hub::decode_event(delivery->record, message)) return call.reply.error(ErrorCode::kServerError);
  call.reply.text(200, "application/octet-stream", std::string(message.body), c2d_headers(*delivery, message));
}

void settle(C2dService& c2d, hub::SessionDirectory& directory, C2dOutcome outcome, Call call) {
  const auto lock = lock_of(call.request, call.ids.back());
  if (!lock) return call.reply.error(lock.error());
  const hub::Identity& identity = call.device->identity;
  directory.note_activity(identity);
  c2d.settle(identity.key, *lock, outcome, call.shard.executor, settled_reply(std::move(call.reply)));
}

}  // namespace

std::vector<Route> c2d_routes(C2dService& c2d, hub::SessionDirectory& directory) {
  const std::vector<auth::Right> service{auth::Right::kServiceConnect};
  const auto send = [&c2d](Call call) { send_message(c2d, std::move(call)); };
  const auto empty = [&c2d](Call call) { purge(c2d, std::move(call)); };
  const auto get = [&](Call call) { receive(c2d, directory, std::move(call)); };
  const auto remove = [&](Call call) {
    const C2dOutcome outcome = delete_outcome(call.request);
    settle(c2d, directory, outcome, std::move(call));
  };
  const auto abandon = [&](Call call) { settle(c2d, directory, C2dOutcome::kAbandon, std::move(call)); };
  return {
      {"POST", "devices/{}/messages/devicebound", service, Body::kRaw, send},
      {"POST", "devices/{}/modules/{}/messages/devicebound", service, Body::kRaw, send},
      {"DELETE", "devices/{}/commands", service, Body::kRaw, empty},
      {"DELETE", "devices/{}/modules/{}/commands", service, Body::kRaw, empty},
      {"GET", "devices/{}/messages/devicebound", {}, Body::kRaw, get, Caller::kDevice},
      {"GET", "devices/{}/modules/{}/messages/devicebound", {}, Body::kRaw, get, Caller::kDevice},
      {"DELETE", "devices/{}/messages/devicebound/{}", {}, Body::kRaw, remove, Caller::kDevice},
      {"DELETE", "devices/{}/modules/{}/messages/devicebound/{}", {}, Body::kRaw, remove, Caller::kDevice},
      {"POST", "devices/{}/messages/devicebound/{}/abandon", {}, Body::kRaw, abandon, Caller::kDevice},
      {"POST", "devices/{}/modules/{}/messages/devicebound/{}/abandon", {}, Body::kRaw, abandon, Caller::kDevice},
  };
}

}  // namespace nave::front::http
