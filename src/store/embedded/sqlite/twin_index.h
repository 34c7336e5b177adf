// Indexes over values inside twin records, which operators declare: SQLite keeps them, over an expression that takes
// the value out of the record.
#pragma once

#include <string>
#include <vector>

#include "hub/query/scan.h"
#include "store/embedded/sqlite/database.h"

namespace nave::store::embedded {

// Every connection that writes twins or reads through an index needs this first.
void add_twin_value_function(Database& database);

// The value that `path` leads to, as SQL over a row of twin: text or a number; NULL for anything else.
[[nodiscard]] std::string twin_value_sql(const hub::IndexedPath& path);

// Makes the indexes that are missing, which takes some seconds for a million twins, and drops those that are no longer
// declared. Throws DatabaseError.
void establish_twin_indexes(Database& writer, const std::vector<hub::IndexedPath>& paths);

// The name of the index on `path`.
[[nodiscard]] std::string twin_index_name(const hub::IndexedPath& path);

}  // namespace nave::store::embedded
