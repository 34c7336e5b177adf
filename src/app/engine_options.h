// What the engines below the hub are told, out of the configuration.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/config.h"
#include "hub/query/scan.h"
#include "net/runtime.h"
#include "store/embedded/durability.h"
#include "store/embedded/log/log_options.h"

namespace nave::app {

[[nodiscard]] net::RuntimeOptions runtime_options(const Config& config);
[[nodiscard]] store::embedded::Durability durability_of(const Config& config);
// `on_failure`: the log takes nothing any more; its reason was written to the log of the process.
[[nodiscard]] store::embedded::LogOptions log_options(const Config& config, const std::string& directory,
                                                      std::function<void()> on_failure);
// Of a configuration that finish() has checked.
[[nodiscard]] std::vector<hub::IndexedPath> indexes_of(const Config& config);

}  // namespace nave::app
