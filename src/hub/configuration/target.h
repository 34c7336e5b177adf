// Whom a configuration is for, and the queries that count them (reference/service-rest.md §15.1, §15.4,
// query-language.md §9).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/change_listener.h"
#include "hub/configuration/content.h"
#include "hub/errors.h"
#include "query/ast.h"

namespace nave::hub {

struct Target {
  std::optional<query::Statement> statement;  // nullopt: targets nothing
  uint8_t reads = 0;                          // TwinAspect bits that it depends on besides the identity
};

// InvalidConfigurationTargetCondition: no condition, over other things than a device's or module's id, tags and
// reported properties, or over the wrong collection for `kind`.
[[nodiscard]] HubResult<Target> compile_target(std::string_view condition, ContentKind kind);

// Name and text, in the order in which they are shown. `condition` has been compiled.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> system_metric_queries(std::string_view id,
                                                                                     std::string_view condition,
                                                                                     ContentKind kind);

}  // namespace nave::hub
