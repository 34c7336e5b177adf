// Answers that come in pages.
#pragma once

#include <string>

#include "app/commands/target.h"
#include "json/value.h"

namespace nave::app {

// The elements of all pages; with `top` at most so many, 0 means all. Throws std::runtime_error.
[[nodiscard]] json::Array all_pages(const Target& target, const std::string& method, const std::string& path,
                                    const std::string& body, unsigned top);

}  // namespace nave::app
