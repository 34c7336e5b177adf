// A stored twin as the bytes of one column (docs/formats/state-db.md): a scan over all of them reads a single value per
// row and looks only at the text that its question is about.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "hub/query/scan.h"
#include "hub/twin/twin.h"

namespace nave::store::embedded {

// The checksum covers the key as well: a row that strayed to another twin is damaged.
[[nodiscard]] std::string write_twin_record(const IdentityKey& key, const hub::Twin& twin);

// Texts belong to `record`. nullopt if it is damaged.
[[nodiscard]] std::optional<hub::TwinText> read_twin_record(std::string_view device, std::string_view module,
                                                            std::string_view record);

}  // namespace nave::store::embedded
