#include "auth/sas_token.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nave::auth;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto any_host = [](std::string_view, const void*) { return true; };
  const auto token = parse_sas(text);
  const std::string_view resource = token ? token->resource : text;
  (void)resource_covers(resource, {"hub", "devices", "d", "modules", "m"}, any_host, nullptr);
  (void)resource_segments(resource);
  if (!token) return 0;
  constexpr const char* kKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
  (void)signature_matches(*token, kKey);
  (void)is_expired(*token, 1'893'456'000);
  const std::string remade = make_sas(token->resource, kKey, 1, token->policy);
  const auto again = parse_sas(remade);
  NAVE_CHECK(!again || signature_matches(*again, kKey), "a token that we made does not verify");
  return 0;
}
