// The errors of the Blob service (errors.def) as types.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace nave::hub {

enum class BlobError : uint8_t {
#define NAVE_BLOB_ERROR(name, http, text) k##name,
#include "hub/blob/errors.def"
#undef NAVE_BLOB_ERROR
};

struct BlobErrorRow {
  std::string_view name;
  int http_status;
  std::string_view text;
};

[[nodiscard]] const BlobErrorRow& row(BlobError error);

template <class T>
using BlobResult = Result<T, BlobError>;

}  // namespace nave::hub
