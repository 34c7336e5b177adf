// Text to tree: everything that can be wrong with a query is found here.
#pragma once

#include <string_view>

#include "query/ast.h"
#include "query/error.h"

namespace nave::query {

inline constexpr size_t kQueryCharsMax = 8192;
inline constexpr size_t kNodesMax = 4096;  // parts of expressions, items and steps of paths together
inline constexpr size_t kItemsMax = 256;   // of a SELECT, and paths of a GROUP BY
inline constexpr size_t kDepthMax = 64;    // of expressions inside each other

// `text` is valid UTF-8. Paths are resolved, keys of items are final. Thread-safe.
[[nodiscard]] Result<Statement, Error> parse(std::string_view text);

// The condition of a job or configuration (reference/query-language.md §9): "*" for all devices, what stands behind
// WHERE, or "FROM devices.modules WHERE …". A statement that selects all.
[[nodiscard]] Result<Statement, Error> parse_condition(std::string_view text);

}  // namespace nave::query
