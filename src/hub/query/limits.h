// What one query may take of the hub.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nave::hub {

inline constexpr size_t kQueryPageRowsDefault = 100;
inline constexpr size_t kQueryPageRowsMax = 1000;
inline constexpr size_t kQueryPageBytesMax = 4 * 1024 * 1024;  // a page ends early once it has so many
inline constexpr size_t kQueryGroupsBytesMax = 64 * 1024 * 1024;
inline constexpr int64_t kQueryMsMax = 30 * 1000;  // for one page
inline constexpr size_t kQueriesMax = 64;          // at one time; others are throttled
inline constexpr size_t kQueryTokenBytesMax = 1024;
inline constexpr size_t kQueryIndexesMax = 16;  // declared ones; each costs every write of a twin
// One turn of a query, after which others have theirs.
inline constexpr int64_t kQueryTurnMs = 5;
inline constexpr size_t kQueryTurnRows = 4096;
// The same where rows are copied in batches.
inline constexpr size_t kQueryTurnBytes = 1024 * 1024;

}  // namespace nave::hub
