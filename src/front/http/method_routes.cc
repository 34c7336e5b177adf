#include "front/http/method_routes.h"

#include <string>
#include <utility>

namespace nave::front::http {
namespace {

using hub::HubResult;
using hub::MethodAnswer;

// The payload is the text of the device, which has been checked to be JSON: no number changes its spelling.
void send_answer(Reply& reply, const HubResult<MethodAnswer>& answer) {
  if (!answer) return reply.nested_error(answer.error());
  reply.json_text(200, "{\"status\":" + std::to_string(answer->status) + ",\"payload\":" + answer->payload + "}");
}

void invoke(hub::MethodService& methods, Call call) {
  auto input = hub::read_method_input(*call.body.if_object());
  if (!input) return call.reply.nested_error(input.error());
  const IdentityKey key{call.ids[0], call.ids.size() > 1 ? call.ids[1] : ""};
  // The caller may be gone by then: the responder below the reply knows.
  methods.invoke(
      key, *std::move(input), call.shard,
      [reply = std::move(call.reply)](const HubResult<MethodAnswer>& answer) mutable { send_answer(reply, answer); });
}

}  // namespace

std::vector<Route> method_routes(hub::MethodService& methods) {
  const std::vector<auth::Right> service{auth::Right::kServiceConnect};
  const auto handler = [&methods](Call call) { invoke(methods, std::move(call)); };
  return {
      {"POST", "twins/{}/methods", service, Body::kObject, handler},
      {"POST", "twins/{}/modules/{}/methods", service, Body::kObject, handler},
  };
}

}  // namespace nave::front::http
