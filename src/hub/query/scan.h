// The port that queries read through: all identities with their twins, in one order, a batch at a time.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "hub/device/identity.h"
#include "hub/ports.h"
#include "hub/twin/twin.h"

namespace nave::hub {

struct ScannedTwin {
  Identity identity;
  std::optional<Twin> twin;  // nullopt: nothing has been written since the identity was created
};

// Thread-safe, with the promises of DeviceStore and TwinStore, which the same object is: a batch shows every write
// whose reply was given before the call. It may take milliseconds, so it is not for a shard.
class TwinScan {
 public:
  virtual ~TwinScan() = default;

  enum class Kind : uint8_t { kDevices, kModules };
  // Those behind `after`, ordered by the bytes of device id and module id; the first with an empty key. At most
  // `rows_max`, and none further once their twins have `bytes_max` bytes. Empty: there are no more. Identity and twin
  // are of one moment. A damaged row is left out.
  [[nodiscard]] virtual Result<std::vector<ScannedTwin>, StoreError> scan_twins(Kind kind, const IdentityKey& after,
                                                                                size_t rows_max,
                                                                                size_t bytes_max) const = 0;
};

// What counts towards bytes_max.
[[nodiscard]] inline size_t scanned_bytes(const std::optional<Twin>& twin) {
  if (!twin) return 0;
  return twin->tags.size() + twin->desired.values.size() + twin->desired.metadata.size() +
         twin->reported.values.size() + twin->reported.metadata.size();
}

}  // namespace nave::hub
