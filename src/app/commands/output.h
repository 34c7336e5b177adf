// How client verbs show JSON: indented, as YAML, or as a table of chosen members.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "json/value.h"

namespace nave::app {

// The value of a flag: `text` itself, or the content of the file behind an '@'. Throws std::runtime_error.
[[nodiscard]] std::string argument_text(const std::string& text);

[[nodiscard]] std::string indented(const json::Value& value);

// A YAML document that holds the same value: block style, texts quoted where they could be taken for something else.
[[nodiscard]] std::string yaml(const json::Value& value);

// A column: its heading and the member it shows.
using Columns = std::vector<std::pair<std::string, std::string>>;
// One line per object; missing members are empty, others than strings as JSON.
[[nodiscard]] std::string table(const std::vector<const json::Object*>& rows, const Columns& columns);

// As the flag -o says: json, table or yaml. A table has a line for each object of an array, or one for an object;
// without `columns` it shows the members of the first that are neither objects nor arrays.
[[nodiscard]] std::string shown(const json::Value& value, const std::string& output, const Columns& columns = {});

}  // namespace nave::app
