// The error bodies that SDKs parse (reference/service-rest.md §4).
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "hub/errors.h"

namespace nave::front::http {

// E1: {"Message":"ErrorCode:<Name>;<text>","ExceptionMessage":"Tracking ID:<tracking>"}. A ';' in the text becomes ','
// because Node splits the message there.
[[nodiscard]] std::string error_body(const hub::Error& error, std::string_view tracking);

// E3: a JSON document with the numeric code, as a string inside E1's Message; for direct methods and digital twins.
[[nodiscard]] std::string nested_error_body(const hub::Error& error, std::string_view tracking, UtcTime now);

}  // namespace nave::front::http
