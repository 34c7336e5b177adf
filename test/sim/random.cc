// base/random.h for the simulator: defined here, the linker leaves the operating system's version in its library. Keys,
// etags, tracking ids and segment salts then follow from the seed as everything else does.
#include "base/random.h"

#include "base/bytes.h"
#include "base/check.h"
#include "sim/rng.h"

namespace nave {
namespace {
sim::Rng* source = nullptr;
}  // namespace

namespace sim {
void set_random_source(Rng* rng) {
  source = rng;
}
}  // namespace sim

uint64_t random_u64() {
  NAVE_CHECK(source != nullptr, "random numbers are for a running simulation");
  return source->next();
}

std::string random_bytes(size_t n) {
  std::string out;
  while (out.size() < n) append_le(out, random_u64());
  out.resize(n);
  return out;
}

std::string random_hex(size_t digits) {
  return to_hex(random_bytes((digits + 1) / 2)).substr(0, digits);
}

std::string random_uuid() {
  const std::string h = random_hex(32);
  return h.substr(0, 8) + "-" + h.substr(8, 4) + "-4" + h.substr(13, 3) + "-8" + h.substr(17, 3) + "-" + h.substr(20);
}

std::string tracking_id(const std::string& formatted_time) {
  return random_hex(32) + "-G:2-TimeStamp:" + formatted_time;
}

}  // namespace nave
