// Bulk items and export lines as JSON (reference/service-rest.md §8, §10.2): the items of POST /devices, the lines that
// an import reads and an export writes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hub/device/bulk.h"
#include "hub/query/scan.h"
#include "json/value.h"

namespace nave::hub {

enum class BulkDialect : uint8_t {
  kRest,    // an item of POST /devices
  kImport,  // a line of an import, which must say its status
};

// Whom an item is about, as far as that can be read, for naming it in an error. A device that is no valid id is left
// to the registry to refuse.
[[nodiscard]] HubResult<IdentityKey> read_bulk_key(const json::Value& item);
// ArgumentInvalid or ArgumentNull in words about the field.
[[nodiscard]] HubResult<BulkItem> read_bulk_item(const json::Value& item, BulkDialect dialect);

// "createOrUpdate", …, as the service spells it.
[[nodiscard]] std::string_view name_of(ImportMode mode);

// One line, without its end. `with_keys`: else the keys are null.
[[nodiscard]] std::string export_line(const ScannedTwin& row, bool with_keys);

// The answer to POST /devices: isSuccessful, errors, warnings.
[[nodiscard]] json::Object bulk_result_document(const std::vector<BulkOutcome>& outcomes);

}  // namespace nave::hub
