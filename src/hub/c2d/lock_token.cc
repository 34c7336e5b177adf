#include "hub/c2d/lock_token.h"

#include <algorithm>
#include <cstring>

#include "base/random.h"

namespace nave::hub {
namespace {

// Which byte of the tag stands at which place of the text.
constexpr std::array<size_t, LockToken::kBytes> kTextOrder{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
constexpr size_t kTextLength = 36;

constexpr bool dash_at(size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

LockToken LockToken::make() {
  return *from_tag(random_bytes(kBytes));
}

std::optional<LockToken> LockToken::parse(std::string_view text) {
  if (text.size() != kTextLength) return {};
  LockToken out;
  size_t place = 0;
  for (size_t i = 0; i < kTextLength;) {
    if (dash_at(i)) {
      if (text[i++] != '-') return {};
      continue;
    }
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return {};
    out.bytes[kTextOrder[place++]] = static_cast<uint8_t>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::optional<LockToken> LockToken::from_tag(ByteView tag) {
  if (tag.size() != kBytes) return {};
  LockToken out;
  std::memcpy(out.bytes.data(), tag.data(), kBytes);
  return out;
}

std::string LockToken::text() const {
  std::string ordered;
  for (const size_t at : kTextOrder) ordered += static_cast<char>(bytes[at]);
  std::string out = to_hex(ordered);
  for (const size_t at : {8UL, 13UL, 18UL, 23UL}) out.insert(at, 1, '-');
  return out;
}

}  // namespace nave::hub
