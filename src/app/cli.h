// The command line: which verb with which options. The verbs' work is in app/serve.h and app/commands/.
#pragma once

namespace nave::app {

// Exit codes: 0 done, 1 refused or failed (one line on standard error), 2 wrong usage
// (docs/operations/configuration.md).
[[nodiscard]] int run_command_line(int argc, char** argv);

}  // namespace nave::app
