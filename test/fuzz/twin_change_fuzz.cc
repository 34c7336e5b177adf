// Any JSON as a twin write: whatever is accepted must be stored within its limits, be JSON, and be acceptable again; a
// refused write must change nothing. The first byte says who writes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "hub/twin/change.h"
#include "hub/twin/merge.h"
#include "hub/twin/render.h"
#include "hub/twin/validate.h"
#include "json/parse.h"
#include "json/write.h"

namespace {

using namespace nave;

const UtcTime kNow = from_unix_ms(1'786'784'856'000);

json::Object parse(const std::string& text) {
  const auto value = json::parse(text, {.bytes_max = limits::kTwinStoredTextBytesMax});
  NAVE_CHECK(value && value->if_object() != nullptr, "what is stored is a JSON object");
  return *value->if_object();
}

// Every value has its node of metadata, and every node its value.
void check_mirror(const json::Object& values, const json::Object& metadata) {
  size_t nodes = 0;
  for (const json::Member& m : metadata) nodes += m.name.starts_with('$') ? 0 : 1;
  NAVE_CHECK(nodes == values.size(), "metadata mirrors the values");
  for (const json::Member& m : values) {
    const json::Value* const node = metadata.find(m.name);
    NAVE_CHECK(node != nullptr && node->if_object() != nullptr, "metadata mirrors the values");
    if (m.value.if_object() != nullptr) check_mirror(*m.value.if_object(), *node->if_object());
  }
}

void check(const hub::Twin& twin) {
  check_mirror(parse(twin.desired.values), parse(twin.desired.metadata));
  check_mirror(parse(twin.reported.values), parse(twin.reported.metadata));
  (void)parse(twin.tags);
  (void)parse(hub::device_twin_text(twin));
  const json::Object document = parse(hub::service_twin_text({}, {}, twin));
  const auto again = hub::read_twin_input(document);
  hub::Twin copy = twin;
  NAVE_CHECK(again && hub::replace_twin(copy, *again, kNow), "a document can be sent back");
  NAVE_CHECK(copy.desired.values == twin.desired.values && copy.tags == twin.tags, "and changes nothing");
}

bool write(hub::Twin& twin, uint8_t kind, const json::Object& body) {
  if (kind % 3 == 0) return hub::patch_reported(twin, body, {}, kNow).has_value();
  const auto input = hub::read_twin_input(body);
  if (!input) return false;
  const auto done = kind % 3 == 1 ? hub::patch_twin(twin, *input, kNow) : hub::replace_twin(twin, *input, kNow);
  return done.has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  // Two patches in one input: the second meets what the first left.
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t end = text.find('\n');
  hub::Twin twin = hub::fresh_twin({});
  for (const std::string_view part : {text.substr(0, end), end == text.npos ? "" : text.substr(end + 1)}) {
    const auto body = json::parse(part);
    if (!body || body->if_object() == nullptr) continue;
    const hub::Twin before = twin;
    if (write(twin, data[0], *body->if_object())) {
      check(twin);
    } else {
      NAVE_CHECK(twin == before, "a refused write changes nothing");
    }
  }
  return 0;
}
