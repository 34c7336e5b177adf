#include "front/http/twin_routes.h"

#include <utility>

namespace nave::front::http {
namespace {

using hub::HubResult;
using hub::TwinDocument;
using hub::TwinService;

IdentityKey key_of(const Call& call) {
  return {call.ids[0], call.ids.size() > 1 ? call.ids[1] : ""};
}

void send_twin(Reply& reply, HubResult<TwinDocument> twin) {
  if (!twin) return reply.error(twin.error());
  reply.json_text(200, std::move(twin->body), {{"ETag", '"' + twin->etag + '"'}});
}

void get_twin(TwinService& twins, Call call) {
  send_twin(call.reply, twins.find(key_of(call)));
}

using Write = void (TwinService::*)(const IdentityKey&, TwinService::ServiceWrite, Executor&,
                                    TwinService::Reply<TwinDocument>);

void write_twin(TwinService& twins, Write write, Call call) {
  auto input = hub::read_twin_input(*call.body.if_object());
  if (!input) return call.reply.error(input.error());
  TwinService::ServiceWrite change{*std::move(input), hub::parse_if_match(call.request.header("If-Match")),
                                   call.request.body.size()};
  const IdentityKey key = key_of(call);
  (twins.*write)(
      key, std::move(change), call.shard.executor,
      [reply = std::move(call.reply)](HubResult<TwinDocument> twin) mutable { send_twin(reply, std::move(twin)); });
}

}  // namespace

std::vector<Route> twin_routes(TwinService& twins) {
  const std::vector<auth::Right> service{auth::Right::kServiceConnect};
  const auto get = [&twins](Call call) { get_twin(twins, std::move(call)); };
  const auto patch = [&twins](Call call) { write_twin(twins, &TwinService::patch, std::move(call)); };
  const auto replace = [&twins](Call call) { write_twin(twins, &TwinService::replace, std::move(call)); };
  return {
      {"GET", "twins/{}", service, Body::kRaw, get},
      {"PATCH", "twins/{}", service, Body::kObject, patch},
      {"PUT", "twins/{}", service, Body::kObject, replace},
      {"GET", "twins/{}/modules/{}", service, Body::kRaw, get},
      {"PATCH", "twins/{}/modules/{}", service, Body::kObject, patch},
      {"PUT", "twins/{}/modules/{}", service, Body::kObject, replace},
  };
}

}  // namespace nave::front::http
