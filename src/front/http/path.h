// Request targets, taken apart (reference/service-rest.md §1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nave::front::http {

// The decoded segments of a path. Each is decoded once, after splitting at '/'; but a path that is one segment with an
// encoded '/' inside is decoded whole and then split, because Azure IoT Explorer sends it so; in a message to a device
// it has encoded the id before, which is decoded once more then. One trailing slash is ignored. nullopt: an empty
// segment, too many of them, or one that is not UTF-8.
[[nodiscard]] std::optional<std::vector<std::string>> split_path(std::string_view path);

// The decoded value of the first `name` (compared ignoring case) in a query string; nullopt if there is none.
[[nodiscard]] std::optional<std::string> query_parameter(std::string_view query, std::string_view name);

}  // namespace nave::front::http
