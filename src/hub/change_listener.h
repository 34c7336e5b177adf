// Word of what changed, for whoever decides by it.
#pragma once

#include <cstdint>

#include "base/ids.h"

namespace nave::hub {

enum TwinAspect : uint8_t { kAspectIdentity = 1, kAspectTags = 2, kAspectReported = 4 };

class ChangeListener {
 public:
  virtual ~ChangeListener() = default;
  // The identity was written or erased, or these parts of its twin were, and that is durable. Any thread; takes about a
  // microsecond. `aspects`: TwinAspect bits.
  virtual void on_changed(const IdentityKey& key, uint8_t aspects) = 0;
};

}  // namespace nave::hub
