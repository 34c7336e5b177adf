// What the log says of a row whose checksum does not match.
#pragma once

#include <string_view>

#include "base/log.h"
#include "store/embedded/sqlite/database.h"

namespace nave::store::embedded {

inline void report_damaged_row(const Database& database, std::string_view table, std::string_view row) {
  log::write_limited(log::Level::kError, log::Category::kStorage, "state-checksum",
                     "a row of the state database is damaged and not served",
                     {{"file", database.path()}, {"table", table}, {"row", row}});
}

}  // namespace nave::store::embedded
