// `nave serve`: start, wait for signals, stop.
#pragma once

#include <string>

#include "app/config.h"

namespace nave::app {

// `config_file` may be empty; it is read again on SIGHUP. Returns the exit code. Throws std::runtime_error when the hub
// cannot start.
[[nodiscard]] int serve(Config config, const std::string& config_file);

}  // namespace nave::app
