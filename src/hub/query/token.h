// Where the next page of a query begins, as its caller keeps it (reference/service-rest.md §13): nothing of it is kept
// here, so it survives restarts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace nave::hub {

struct QueryPosition {
  IdentityKey after;    // the last document of the page before
  uint64_t groups = 0;  // of a grouped query: rows that were given
  uint64_t rows = 0;    // that were given in all, for TOP
  bool operator==(const QueryPosition&) const = default;
};

// Printable ASCII, at most kQueryTokenBytesMax.
[[nodiscard]] std::string write_token(const QueryPosition& position, std::string_view query);
// nullopt: not written by us for just this query.
[[nodiscard]] std::optional<QueryPosition> read_token(std::string_view token, std::string_view query);

}  // namespace nave::hub
