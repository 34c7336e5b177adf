// How client verbs show JSON: indented, or as a table of chosen members.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "json/value.h"

namespace nave::app {

// The value of a flag: `text` itself, or the content of the file behind an '@'. Throws std::runtime_error.
[[nodiscard]] std::string argument_text(const std::string& text);

[[nodiscard]] std::string indented(const json::Value& value);

// A column: its heading and the member it shows.
using Columns = std::vector<std::pair<std::string, std::string>>;
// One line per object; missing members are empty, others than strings as JSON.
[[nodiscard]] std::string table(const std::vector<const json::Object*>& rows, const Columns& columns);

}  // namespace nave::app
