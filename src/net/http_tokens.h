// Comma-separated header values ("a, b"), over all header lines of one name.
#pragma once

#include <string_view>
#include <vector>

#include "net/http.h"

namespace nave::net {

// Trimmed, empty elements left out. Views into the request.
[[nodiscard]] std::vector<std::string_view> tokens_of(const HttpRequest& request, std::string_view name);
// Ignoring case.
[[nodiscard]] bool has_token(const HttpRequest& request, std::string_view name, std::string_view token);
// RFC 9110 §5.6.2: what a method or a header name is made of.
[[nodiscard]] bool is_http_token(std::string_view text);

}  // namespace nave::net
