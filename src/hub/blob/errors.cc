#include "hub/blob/errors.h"

#include <array>

namespace nave::hub {

const BlobErrorRow& row(BlobError error) {
  static constexpr auto kRows = std::to_array<BlobErrorRow>({
#define NAVE_BLOB_ERROR(name, http, text) {#name, http, text},
#include "hub/blob/errors.def"
#undef NAVE_BLOB_ERROR
  });
  return kRows[static_cast<size_t>(error)];
}

}  // namespace nave::hub
