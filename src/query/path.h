// Where in a document a value stands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nave::query {

enum class Collection : uint8_t { kDevices, kModules, kJobs };

struct Step {
  std::string name;               // of a member
  std::optional<uint32_t> index;  // of an array's element; then there is no name
  bool operator==(const Step&) const = default;
};

struct Path {
  std::vector<Step> steps;
  bool known = true;  // false: no document of the collection has such a field
  bool operator==(const Path&) const = default;
};

// Makes of a path as it was written the one that documents have (reference/query-language.md §4): without the name of a
// collection in front, fields of the system by their own spelling whatever the query's; `known` says if there is such a
// field.
void resolve(Path& path, Collection collection);

// The key that the value gets in a row, unless the query names one: the last name.
[[nodiscard]] std::string key_of(const Path& path);

}  // namespace nave::query
