#include "front/http/identity_routes.h"

#include <charconv>
#include <memory>

#include "front/http/path.h"
#include "hub/device/identity_json.h"

namespace nave::front::http {
namespace {

using hub::HubResult;
using hub::Identity;
using hub::Registry;

constexpr size_t kListMax = 1000;

IdentityKey key_of(const Call& call) {
  return {call.ids[0], call.ids.size() > 1 ? call.ids[1] : ""};
}

json::Object document(const Registry& registry, const Identity& identity) {
  const hub::Presence presence = registry.presence(identity);
  return identity.key.is_module() ? hub::module_document(identity, presence) : hub::device_document(identity, presence);
}

json::Array documents(const Registry& registry, const std::vector<Identity>& identities) {
  json::Array out;
  out.reserve(identities.size());
  for (const Identity& i : identities) out.emplace_back(document(registry, i));
  return out;
}

void send_identity(const Registry& registry, Reply& reply, const HubResult<Identity>& identity) {
  if (!identity) {
    reply.error(identity.error());
    return;
  }
  reply.json(200, document(registry, *identity), {{"ETag", '"' + hub::counter_etag_text(identity->etag) + '"'}});
}

// 1–1000; anything else means 1000.
size_t top_of(const net::HttpRequest& request) {
  const std::string text = query_parameter(request.query(), "top").value_or("");
  size_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  const bool ok = error == std::errc{} && end == text.data() + text.size() && n >= 1 && n <= kListMax;
  return ok ? n : kListMax;
}

void get_identity(const Registry& registry, Call call) {
  send_identity(registry, call.reply, registry.get(key_of(call)));
}

void list_devices(const Registry& registry, Call call) {
  call.reply.json(200, documents(registry, registry.list_devices(top_of(call.request))));
}

void list_modules(const Registry& registry, Call call) {
  const auto modules = registry.list_modules(call.ids[0]);
  if (modules) {
    call.reply.json(200, documents(registry, *modules));
  } else {
    call.reply.error(modules.error());
  }
}

Registry::IdentityReply identity_reply(const Registry& registry, Reply reply) {
  return [&registry, reply = std::move(reply)](HubResult<Identity> identity) mutable {
    send_identity(registry, reply, identity);
  };
}

hub::IfMatch if_match_of(const Call& call) {
  return hub::parse_if_match(call.request.header("If-Match"));
}

void put_device(Registry& registry, Call call) {
  const IdentityKey key = key_of(call);
  auto input = hub::parse_device(*call.body.if_object(), key);
  if (!input) {
    call.reply.error(input.error());
    return;
  }
  registry.put_device(key, *std::move(input), if_match_of(call), call.shard.executor,
                      identity_reply(registry, std::move(call.reply)));
}

void put_module(Registry& registry, Call call) {
  const IdentityKey key = key_of(call);
  auto input = hub::parse_module(*call.body.if_object(), key);
  if (!input) {
    call.reply.error(input.error());
    return;
  }
  registry.put_module(key, *std::move(input), if_match_of(call), call.shard.executor,
                      identity_reply(registry, std::move(call.reply)));
}

void remove_identity(Registry& registry, Call call) {
  registry.remove(key_of(call), if_match_of(call), call.shard.executor,
                  [reply = std::move(call.reply)](HubResult<void> done) mutable {
                    if (done) {
                      reply.empty(204);
                    } else {
                      reply.error(done.error());
                    }
                  });
}

void device_statistics(const Registry& registry, Call call) {
  const hub::DeviceStore::Counts counts = registry.counts();
  json::Object body;
  body.append("totalDeviceCount", counts.devices);
  body.append("enabledDeviceCount", counts.enabled_devices);
  body.append("disabledDeviceCount", counts.devices - counts.enabled_devices);
  call.reply.json(200, std::move(body));
}

void service_statistics(const Registry& registry, Call call) {
  json::Object body;
  body.append("connectedDeviceCount", uint64_t{registry.connected_devices()});
  call.reply.json(200, std::move(body));
}

}  // namespace

std::vector<Route> identity_routes(Registry& registry) {
  using enum auth::Right;
  const auto to = [&registry](auto* handler) {
    return [&registry, handler](Call call) { handler(registry, std::move(call)); };
  };
  const std::vector<auth::Right> read{kRegistryRead};
  const std::vector<auth::Right> write{kRegistryWrite};
  return {
      {"GET", "statistics/devices", read, Body::kRaw, to(device_statistics)},
      {"GET", "statistics/service", {kRegistryRead, kServiceConnect}, Body::kRaw, to(service_statistics)},
      {"GET", "devices", read, Body::kRaw, to(list_devices)},
      {"GET", "devices/{}", read, Body::kRaw, to(get_identity)},
      {"PUT", "devices/{}", write, Body::kObject, to(put_device)},
      {"DELETE", "devices/{}", write, Body::kRaw, to(remove_identity)},
      {"GET", "devices/{}/modules", read, Body::kRaw, to(list_modules)},
      {"GET", "devices/{}/modules/{}", read, Body::kRaw, to(get_identity)},
      {"PUT", "devices/{}/modules/{}", write, Body::kObject, to(put_module)},
      {"DELETE", "devices/{}/modules/{}", write, Body::kRaw, to(remove_identity)},
  };
}

}  // namespace nave::front::http
