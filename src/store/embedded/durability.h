// When the stores of the data folder say that something is stored.
#pragma once

#include <cstdint>

namespace nave::store::embedded {

enum class Durability : uint8_t {
  kDurable,  // when it is on stable storage
  // When the operating system has it: the end of this process, whatever its cause, loses nothing; a power cut may lose
  // what was acknowledged shortly before. An operator's explicit choice, never a default.
  kRelaxed,
};

}  // namespace nave::store::embedded
