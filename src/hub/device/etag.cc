#include "hub/device/etag.h"

#include <charconv>

#include "base/base64.h"
#include "base/random.h"

namespace nave::hub {

IfMatch parse_if_match(std::optional<std::string_view> header) {
  std::string_view text = header.value_or("");
  if (text.starts_with("W/")) text.remove_prefix(2);
  IfMatch out;
  if (text.empty()) return out;
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    out.quoted = true;
    text = text.substr(1, text.size() - 2);
  }
  out.kind = text == "*" ? IfMatch::Kind::kAny : IfMatch::Kind::kTag;
  if (out.kind == IfMatch::Kind::kTag) out.tag = std::string(text);
  return out;
}

std::string counter_etag_text(uint64_t etag) {
  return base64_encode(std::to_string(etag));
}

std::optional<uint64_t> parse_counter_etag(std::string_view text) {
  const std::optional<std::string> digits = base64_decode(text);
  if (!digits) return {};
  uint64_t out = 0;
  const char* const last = digits->data() + digits->size();
  const auto [end, error] = std::from_chars(digits->data(), last, out);
  if (error != std::errc{} || end != last || counter_etag_text(out) != text) return {};
  return out;
}

uint64_t first_counter_etag() {
  constexpr uint64_t kSmallest = 100'000'000;
  return kSmallest + random_u64() % (9 * kSmallest);
}

}  // namespace nave::hub
