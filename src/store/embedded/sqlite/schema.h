// The tables of the state database and how a file comes to have them (docs/formats/state-db.md).
#pragma once

#include <memory>
#include <string>

#include "store/embedded/durability.h"
#include "store/embedded/sqlite/database.h"

namespace nave::store::embedded {

inline constexpr int64_t kStateApplicationId = 0x4e617665;  // "Nave"
inline constexpr int64_t kStateVersion = 6;

// Opens the state database at `path` for the writer, creating the file (readable by its owner only) or bringing an
// older one up to kStateVersion. Throws DatabaseError with file and reason: not a database, another program's, a newer
// version, damaged, not accessible.
[[nodiscard]] std::unique_ptr<Database> open_state_database(const std::string& path,
                                                            Durability durability = Durability::kDurable);

}  // namespace nave::store::embedded
