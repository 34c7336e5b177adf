// Configurations as lines of import and export jobs (reference/service-rest.md §10.2): exported with names that begin
// with capitals, imported with either.
#pragma once

#include <optional>
#include <string>

#include "hub/configuration/service.h"
#include "hub/transfer/configuration_lines.h"

namespace nave::hub {

class LinesOfConfigurations final : public ConfigurationLines {
 public:
  // Outlives the lines.
  explicit LinesOfConfigurations(ConfigurationService& configurations) : configurations_(configurations) {}

  // Both wait for the service's worker, which must not be the caller's thread.
  [[nodiscard]] HubResult<std::string> export_lines() override;
  // Writes the configuration whatever is there; of one that exists the content stays, as with any other write.
  [[nodiscard]] std::optional<Error> import_line(const json::Value& line) override;

 private:
  ConfigurationService& configurations_;
};

}  // namespace nave::hub
