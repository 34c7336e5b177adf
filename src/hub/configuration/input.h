// The bodies of requests about configurations, and what is answered (reference/service-rest.md §15.1, §15.2).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "hub/configuration/configuration.h"
#include "hub/configuration/content.h"
#include "hub/errors.h"
#include "json/value.h"

namespace nave::hub {

// ^[a-z0-9\-+%_*!']{1,128}$
[[nodiscard]] bool is_valid_configuration_id(std::string_view id);

// Of a PUT of `id`: everything but etag and times. What is read-only is ignored.
[[nodiscard]] HubResult<Configuration> read_configuration(const std::string& id, const json::Object& body);

// What its metrics found, by the name of the query.
struct ConfigurationResults {
  std::map<std::string, uint64_t> system;
  std::map<std::string, uint64_t> custom;
};
[[nodiscard]] std::string configuration_text(const Configuration& configuration, ContentKind kind,
                                             const ConfigurationResults& results);

// The body of testQueries to its answer.
[[nodiscard]] HubResult<json::Object> test_configuration_queries(const json::Object& body);

}  // namespace nave::hub
