// The device-to-partition mapping is part of the wire: test suites compute it and read only that partition
// (reference/amqp.md §9.7).
#include <array>
#include <bit>
#include <cstdlib>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "hub/telemetry/ingest.h"

namespace nave::hub {
namespace {

// State and steps of Bob Jenkins' lookup3, variant hashlittle2: three words, twelve bytes of input a round.
struct Lookup3 {
  uint32_t a, b, c;

  explicit Lookup3(size_t length) : a(0xdeadbeefU + static_cast<uint32_t>(length)), b(a), c(a) {}

  void add(const char* twelve) {
    a += load_le<uint32_t>(twelve);
    b += load_le<uint32_t>(twelve + 4);
    c += load_le<uint32_t>(twelve + 8);
  }

  void mix() {
    static constexpr std::array<int, 6> kRotations = {4, 6, 8, 16, 19, 4};
    std::array<uint32_t*, 3> w = {&a, &b, &c};
    for (size_t i = 0; i < kRotations.size(); ++i) {
      uint32_t& x = *w[i % 3];
      uint32_t& y = *w[(i + 1) % 3];
      uint32_t& z = *w[(i + 2) % 3];
      x -= z;
      x ^= std::rotl(z, kRotations[i]);
      z += y;
    }
  }

  void finish() {
    static constexpr std::array<int, 7> kRotations = {14, 11, 25, 16, 4, 14, 24};
    std::array<uint32_t*, 3> w = {&c, &a, &b};
    for (size_t i = 0; i < kRotations.size(); ++i) {
      uint32_t& x = *w[i % 3];
      const uint32_t y = *w[(i + 2) % 3];
      x ^= y;
      x -= std::rotl(y, kRotations[i]);
    }
  }
};

std::pair<uint32_t, uint32_t> hashlittle2(std::string_view text) {
  Lookup3 state(text.size());
  while (text.size() > 12) {
    state.add(text.data());
    state.mix();
    text.remove_prefix(12);
  }
  if (!text.empty()) {
    std::array<char, 12> tail{};
    text.copy(tail.data(), text.size());
    state.add(tail.data());
    state.finish();
  }
  return {state.c, state.b};
}

// ASCII, as ids are.
std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

}  // namespace

PartitionId partition_of(std::string_view device_id, uint16_t count) {
  NAVE_CHECK(count >= 1, "a hub has a partition");
  constexpr int kLogical = 32767;
  const auto [c, b] = hashlittle2(upper(device_id));
  const auto hash = static_cast<int16_t>((c ^ b) & 0xffffU);
  const int logical = std::abs(hash % kLogical);

  // The first `larger` partitions own one logical partition more than the others.
  const int width = kLogical / count;
  const int larger = kLogical % count;
  const int edge = larger * (width + 1);
  const int partition = logical < edge ? logical / (width + 1) : larger + (logical - edge) / width;
  return PartitionId{static_cast<uint16_t>(partition)};
}

}  // namespace nave::hub
