// Tree to text: compact, in the order of the tree, numbers as they were written, text beyond ASCII kept as UTF-8.
#pragma once

#include <string>
#include <string_view>

#include "json/value.h"

namespace nave::json {

void write(const Value& value, std::string& out);
void write(const Object& object, std::string& out);
[[nodiscard]] std::string to_text(const Value& value);
// `text` in quotes, escaped as RFC 8259 §7 demands and no more.
void write_string(std::string_view text, std::string& out);

}  // namespace nave::json
