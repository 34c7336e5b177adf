#include "hub/device/authentication_rules.h"

#include <algorithm>

#include "base/base64.h"
#include "base/limits.h"
#include "base/random.h"

namespace nave::hub {
namespace {

constexpr size_t kGeneratedKeyBytes = 32;

auto invalid(const char* text) {
  return fail(Error(ErrorCode::kArgumentInvalid, text));
}

bool is_thumbprint(std::string_view text) {
  constexpr size_t kSha1Digits = 40;
  constexpr size_t kSha256Digits = 64;
  if (text.size() != kSha1Digits && text.size() != kSha256Digits) return false;
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

HubResult<Authentication> with_keys(const AuthenticationInput& input) {
  if (input.primary_key.empty() && input.secondary_key.empty()) return make_keys();
  if (input.primary_key.empty() || input.secondary_key.empty()) {
    return invalid("Either no keys or both keys can be set");
  }
  for (const std::string* key : {&input.primary_key, &input.secondary_key}) {
    const auto bytes = base64_decode(*key);
    if (!bytes) return invalid("A device key is not base64");
    if (bytes->size() < limits::kKeyBytesMin || bytes->size() > limits::kKeyBytesMax) {
      return invalid("Invalid device key length");
    }
  }
  Authentication out;
  out.primary_key = input.primary_key;
  out.secondary_key = input.secondary_key;
  return out;
}

HubResult<Authentication> with_thumbprints(const AuthenticationInput& input) {
  for (const std::string* t : {&input.primary_thumbprint, &input.secondary_thumbprint}) {
    if (!t->empty() && !is_thumbprint(*t)) return invalid("StringIsNotThumbprint");
  }
  Authentication out;
  out.type = AuthType::kSelfSigned;
  out.primary_thumbprint = input.primary_thumbprint;
  out.secondary_thumbprint = input.secondary_thumbprint;
  return out;
}

AuthType infer_type(const AuthenticationInput& input) {
  const bool thumbprint = !input.primary_thumbprint.empty() || !input.secondary_thumbprint.empty();
  return thumbprint ? AuthType::kSelfSigned : AuthType::kSas;
}

}  // namespace

Authentication make_keys() {
  Authentication out;
  out.primary_key = base64_encode(random_bytes(kGeneratedKeyBytes));
  out.secondary_key = base64_encode(random_bytes(kGeneratedKeyBytes));
  return out;
}

HubResult<Authentication> decide_authentication(const std::optional<AuthenticationInput>& input, IdentityKind kind) {
  if (!input) return with_keys({});
  Authentication out;
  switch (input->type.value_or(infer_type(*input))) {
    case AuthType::kSas:
      return with_keys(*input);
    case AuthType::kSelfSigned:
      return with_thumbprints(*input);
    case AuthType::kCertificateAuthority:
      out.type = AuthType::kCertificateAuthority;
      return out;
    case AuthType::kNone:
      break;
  }
  if (kind == IdentityKind::kDevice) return fail(Error(ErrorCode::kDeviceAuthenticationTypeIsMissing));
  if (kind == IdentityKind::kModule) return with_keys(*input);
  out.type = AuthType::kNone;
  return out;
}

}  // namespace nave::hub
