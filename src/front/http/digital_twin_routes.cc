#include "front/http/digital_twin_routes.h"

#include <charconv>
#include <string>
#include <utility>

#include "base/url.h"
#include "front/http/path.h"
#include "hub/pnp/document.h"
#include "hub/pnp/patch.h"

namespace nave::front::http {
namespace {

using hub::Error;
using hub::ErrorCode;
using hub::HubResult;
using hub::MethodAnswer;
using hub::TwinDocument;
using hub::TwinService;

IdentityKey key_of(const Call& call) {
  return {call.ids[0], ""};
}

std::string quoted(const std::string& etag) {
  return '"' + etag + '"';
}

void get_digital_twin(TwinService& twins, Call call) {
  auto document = twins.find(key_of(call), hub::digital_twin_text);
  if (!document) return call.reply.error(document.error());
  call.reply.json_text(200, std::move(document->body), {{"ETag", quoted(document->etag)}});
}

// Java sends the tag as the application has it, so here a bare tag counts as well as a quoted one.
hub::IfMatch if_match_of(const Call& call) {
  hub::IfMatch out = hub::parse_if_match(call.request.header("If-Match"));
  out.quoted = true;
  return out;
}

void patch_digital_twin(TwinService& twins, const hub::HubInfo& hub, Call call) {
  auto patch = hub::read_digital_twin_patch(call.body);
  if (!patch) return call.reply.error(patch.error());
  const IdentityKey key = key_of(call);
  const std::string location = "https://" + hub.host_name + "/digitaltwins/" + percent_encode(key.device);
  twins.patch(
      key, [patch = *std::move(patch)](const hub::Twin& twin) { return hub::apply_digital_twin_patch(patch, twin); },
      if_match_of(call), call.request.body.size(), call.shard.executor,
      [location, reply = std::move(call.reply)](const HubResult<TwinDocument>& twin) mutable {
        if (!twin) return reply.error(twin.error());
        reply.empty(202, {{"ETag", quoted(twin->etag)}, {"Location", location}});
      });
}

HubResult<void> read_seconds(const net::HttpRequest& request, std::string_view name, int64_t& out) {
  const auto text = query_parameter(request.query(), name);
  if (!text || text->empty()) return {};
  const char* const end = text->data() + text->size();
  const auto [last, problem] = std::from_chars(text->data(), end, out);
  if (problem == std::errc() && last == end) return {};
  return fail(Error(ErrorCode::kArgumentInvalid, std::string(name) + " must be a whole number of seconds"));
}

// "command" of the device itself, "component*command" of a component.
HubResult<hub::MethodInput> read_command(const Call& call) {
  hub::MethodInput out;
  out.name = call.ids[1];
  if (call.ids.size() > 2) out.name += "*" + call.ids[2];
  if (!call.request.body.empty()) out.payload = call.request.body;  // as it was written: checked to be JSON
  HubResult<void> ok = read_seconds(call.request, "responseTimeoutInSeconds", out.response_timeout_s);
  if (ok) ok = read_seconds(call.request, "connectTimeoutInSeconds", out.connect_timeout_s);
  if (!ok) return fail(ok.error());
  return out;
}

// The status of the device has no place but the header.
void send_answer(Reply& reply, const HubResult<MethodAnswer>& answer) {
  if (!answer) return reply.nested_error(answer.error());
  reply.json_text(200, answer->payload, {{"x-ms-command-statuscode", std::to_string(answer->status)}});
}

void invoke_command(hub::MethodService& methods, Call call) {
  auto input = read_command(call);
  if (!input) return call.reply.nested_error(input.error());
  methods.invoke(
      key_of(call), *std::move(input), call.shard,
      [reply = std::move(call.reply)](const HubResult<MethodAnswer>& answer) mutable { send_answer(reply, answer); });
}

}  // namespace

std::vector<Route> digital_twin_routes(TwinService& twins, hub::MethodService& methods, const hub::HubInfo& hub) {
  const std::vector<auth::Right> service{auth::Right::kServiceConnect};
  const auto get = [&twins](Call call) { get_digital_twin(twins, std::move(call)); };
  const auto patch = [&twins, &hub](Call call) { patch_digital_twin(twins, hub, std::move(call)); };
  const auto invoke = [&methods](Call call) { invoke_command(methods, std::move(call)); };
  return {
      {"GET", "digitaltwins/{}", service, Body::kRaw, get},
      {"PATCH", "digitaltwins/{}", service, Body::kAnyJson, patch},
      {"POST", "digitaltwins/{}/commands/{}", service, Body::kAnyJson, invoke},
      {"POST", "digitaltwins/{}/components/{}/commands/{}", service, Body::kAnyJson, invoke},
  };
}

}  // namespace nave::front::http
