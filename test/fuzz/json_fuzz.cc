// A text that parses must survive writing and parsing again, unchanged.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "json/parse.h"
#include "json/write.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nave::json;
  const auto value = parse({reinterpret_cast<const char*>(data), size});
  if (!value) return 0;
  const auto again = parse(to_text(*value), {.bytes_max = 16 * 1024 * 1024});
  NAVE_CHECK(again && *again == *value, "JSON changed on its way through the writer");
  return 0;
}
