#include <iostream>
#include <stdexcept>

#include "app/commands/commands.h"
#include "app/commands/output.h"
#include "base/url.h"
#include "json/parse.h"
#include "json/write.h"

namespace nave::app {
namespace {

// Longer than the hub waits, so that it is the hub that says what was missing.
constexpr unsigned kPatienceSeconds = 15;

std::string method_path(const MethodOptions& o) {
  const std::string device = "/twins/" + percent_encode(o.device);
  return (o.module.empty() ? device : device + "/modules/" + percent_encode(o.module)) + "/methods";
}

json::Object request(const MethodOptions& o) {
  auto payload = json::parse(argument_text(o.payload));
  if (!payload) throw std::runtime_error("--method-payload: " + payload.error().message());
  json::Object body;
  body.append("methodName", o.name);
  body.append("payload", *std::move(payload));
  body.append("responseTimeoutInSeconds", uint64_t{o.timeout_s});
  body.append("connectTimeoutInSeconds", uint64_t{o.connect_timeout_s});
  return body;
}

}  // namespace

void method_invoke(const MethodOptions& o) {
  const int patience_ms = static_cast<int>(o.timeout_s + kPatienceSeconds) * 1000;
  const ClientResponse response =
      call_service(resolve_target(o.target), "POST", method_path(o), "", json::to_text(request(o)), patience_ms);
  const auto answer = json::parse(response.body);
  if (!answer) throw std::runtime_error("the hub's answer is not JSON");
  std::cout << shown(*answer, o.output);
}

}  // namespace nave::app
