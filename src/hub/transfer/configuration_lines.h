// Configurations as lines of import and export jobs: what the room of configurations offers to jobs.
#pragma once

#include <optional>
#include <string>

#include "hub/errors.h"
#include "json/value.h"

namespace nave::hub {

// Called on the jobs' thread; may block.
class ConfigurationLines {
 public:
  virtual ~ConfigurationLines() = default;
  // All of them, a line each (there are few).
  [[nodiscard]] virtual HubResult<std::string> export_lines() = 0;
  // nullopt: it took place.
  [[nodiscard]] virtual std::optional<Error> import_line(const json::Value& line) = 0;
};

}  // namespace nave::hub
