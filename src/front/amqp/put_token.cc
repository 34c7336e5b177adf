#include "front/amqp/put_token.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "base/url.h"

namespace nave::front::amqp {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view n) { return equals_ignore_case(text, n); });
}

NodeReply refusal(int32_t status, std::string description) {
  NodeReply reply;
  reply.status = status;
  reply.description = std::move(description);
  return reply;
}

NodeReply unauthorized(const hub::Error& error) {
  // The reason is for the operator; a peer that guesses learns nothing from the answer.
  log::write_limited(log::Level::kWarning, log::Category::kConnections, "amqp.cbs", "a put-token was refused",
                     {{"reason", error.message}});
  return refusal(401, "Unauthorized: the token is not valid for this hub");
}

}  // namespace

NodeReply put_token(const PutToken& request, const hub::Authenticator& authenticator, Grants& grants,
                    int64_t now_unix_seconds) {
  if (!equals_ignore_case(request.operation, "put-token")) return refusal(400, "The operation must be put-token");
  // Python's azure-eventhub 5.11 says "jwt" whatever the token is.
  const bool is_sas = request.token.starts_with("SharedAccessSignature ");
  if (is_one_of(request.type, {"jwt", "bearer"}) && !is_sas)
    return unauthorized({hub::ErrorCode::kIotHubUnauthorizedAccess, "a JSON web token, and no issuer is configured"});
  if (!is_one_of(request.type, {"servicebus.windows.net:sastoken", "azure-devices.net:sastoken", "jwt", "bearer"}))
    return refusal(400, "The token type is not supported");

  const auto parsed = auth::parse_sas(request.token);
  if (!parsed) return refusal(400, "The token is not a well-formed shared access signature");
  auto grant = authenticator.by_audience(request.token);
  if (!grant) return unauthorized(grant.error());
  if (!grants.add(std::move(*grant), now_unix_seconds)) return refusal(403, "The connection holds too many tokens");
  return {};
}

}  // namespace nave::front::amqp
