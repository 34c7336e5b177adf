#include "base/random.h"

#include <sys/random.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"

namespace nave {

std::string random_bytes(size_t n) {
  std::string out(n, '\0');
  size_t done = 0;
  while (done < n) {
    const ssize_t got = getrandom(out.data() + done, std::min<size_t>(n - done, 256), 0);
    NAVE_CHECK(got > 0, "getrandom failed");
    done += static_cast<size_t>(got);
  }
  return out;
}

uint64_t random_u64() {
  return load_le<uint64_t>(random_bytes(8).data());
}

std::string random_hex(size_t digits) {
  return to_hex(random_bytes((digits + 1) / 2)).substr(0, digits);
}

std::string random_uuid() {
  std::string b = random_bytes(16);
  b[6] = static_cast<char>((static_cast<uint8_t>(b[6]) & 0x0f) | 0x40);
  b[8] = static_cast<char>((static_cast<uint8_t>(b[8]) & 0x3f) | 0x80);
  const std::string h = to_hex(b);
  return h.substr(0, 8) + "-" + h.substr(8, 4) + "-" + h.substr(12, 4) + "-" + h.substr(16, 4) + "-" + h.substr(20);
}

std::string tracking_id(const std::string& formatted_time) {
  return random_hex(32) + "-G:2-TimeStamp:" + formatted_time;
}

}  // namespace nave
