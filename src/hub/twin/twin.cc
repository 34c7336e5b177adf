#include "hub/twin/twin.h"

#include <charconv>

#include "base/base64.h"
#include "base/bytes.h"

namespace nave::hub {

// It is in .NET ticks.
UtcTime creation_time(const Identity& identity) {
  int64_t ticks = 0;
  const char* const last = identity.generation_id.data() + identity.generation_id.size();
  const auto [end, error] = std::from_chars(identity.generation_id.data(), last, ticks);
  if (error != std::errc{} || end != last || ticks < 0) return kNever;
  return kNever + Ticks{ticks};
}

Twin fresh_twin(const Identity& identity) {
  Twin out;
  out.desired.metadata = R"({"$lastUpdated":")" + format_iso8601(creation_time(identity)) + R"("})";
  out.reported.metadata = out.desired.metadata;
  return out;
}

std::string twin_etag_text(const Twin& twin) {
  std::string bytes;
  append_be(bytes, twin.changes);
  return base64_encode(bytes);
}

std::optional<uint64_t> parse_twin_etag(std::string_view text) {
  const std::optional<std::string> bytes = base64_decode(text);
  if (!bytes || bytes->size() != 8) return {};
  return load_be<uint64_t>(bytes->data());
}

}  // namespace nave::hub
