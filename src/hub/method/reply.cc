#include "hub/method/reply.h"

#include "base/limits.h"
#include "json/parse.h"

namespace nave::hub {
namespace {

HubResult<MethodAnswer> checked(int32_t status, std::string_view payload) {
  if (payload.empty()) return MethodAnswer{status, "null"};
  if (payload.size() > limits::kMethodPayloadBytesMax) {
    return fail(Error(ErrorCode::kInvalidResponseWhileProxying, "The answer of the device exceeds the maximum size"));
  }
  if (!json::parse(payload)) return fail(Error(ErrorCode::kInvalidResponseWhileProxying));
  return MethodAnswer{status, std::string(payload)};
}

}  // namespace

void MethodReply::answer(int32_t status, std::string_view payload) {
  finish(checked(status, payload));
}

}  // namespace nave::hub
