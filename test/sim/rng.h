// The only source of chance in the simulator: everything that a run does follows from its seed.
#pragma once

#include <cstdint>
#include <vector>

namespace nave::sim {

// SplitMix64: small, and the same on every machine.
class Rng {
 public:
  explicit Rng(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  // 0 … n − 1; n ≥ 1.
  uint64_t below(uint64_t n) { return next() % n; }
  // low … high.
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(below(static_cast<uint64_t>(high - low) + 1));
  }
  bool one_in(uint64_t n) { return below(n) == 0; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }

 private:
  uint64_t state_;
};

// What base/random.h gives to the hub comes from here (random.cc): set for the length of a run.
void set_random_source(Rng* rng);

}  // namespace nave::sim
