// An automatic configuration or Edge deployment as it is kept (reference/service-rest.md §15.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace nave::hub {

struct Configuration {
  std::string id;
  uint64_t etag = 1;  // on the wire the base64 of its digits; +1 per write
  UtcTime created = kNever;
  UtcTime updated = kNever;
  int64_t priority = 0;
  std::optional<std::string> schema_version;
  std::optional<std::string> content_type;
  std::string target_condition;  // as it was written; empty: targets nothing
  std::string labels;            // JSON text of an object; empty: null
  std::string content;           // JSON text of an object with the one kind of content that it has
  std::string metrics = "{}";    // JSON text of an object: name to query
  bool operator==(const Configuration&) const = default;
};

}  // namespace nave::hub
