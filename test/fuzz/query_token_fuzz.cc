// A continuation token as anybody may send it: what is taken is what we would have written, for this query only.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "hub/query/limits.h"
#include "hub/query/token.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nave::hub;
  constexpr std::string_view kQuery = "SELECT * FROM devices";
  const std::string_view token(reinterpret_cast<const char*>(data), size);
  const auto position = read_token(token, kQuery);
  if (!position) return 0;
  NAVE_CHECK(token.size() <= kQueryTokenBytesMax, "a token is short");
  NAVE_CHECK(read_token(write_token(*position, kQuery), kQuery) == *position, "what is taken can be given");
  NAVE_CHECK(!read_token(token, "SELECT * FROM devices "), "a token is of one query");
  return 0;
}
