#include "front/http/locked_call.h"

#include <utility>

#include "base/url.h"
#include "front/http/path.h"
#include "hub/device/etag.h"

namespace nave::front::http {

using hub::Error;
using hub::ErrorCode;

hub::HubResult<hub::LockToken> lock_of(const net::HttpRequest& request, std::string_view path_token) {
  for (const std::string_view header : {"If-Match", "IfMatch"}) {
    const hub::IfMatch match = hub::parse_if_match(request.header(header));
    if (match.kind == hub::IfMatch::Kind::kTag && !equals_ignore_case(match.tag, path_token)) {
      return fail(Error(ErrorCode::kPreconditionFailed));
    }
  }
  if (const auto lock = hub::LockToken::parse(path_token)) return *lock;
  return fail(Error(ErrorCode::kDeviceMessageLockLost));
}

hub::C2dOutcome delete_outcome(const net::HttpRequest& request) {
  const bool reject = query_parameter(request.query(), "reject") || query_parameter(request.query(), "?reject");
  return reject ? hub::C2dOutcome::kReject : hub::C2dOutcome::kComplete;
}

UniqueFunction<void(hub::HubResult<void>)> settled_reply(Reply reply) {
  return [reply = std::move(reply)](hub::HubResult<void> done) mutable {
    if (done) return reply.empty(204);
    reply.error(done.error());
  };
}

}  // namespace nave::front::http
