// RFC 7386 merge of a twin section, keeping the metadata that mirrors it (reference/service-rest.md §11.1, §11.2).
// Order of members and spelling of numbers stay as they were written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "json/value.h"

namespace nave::hub {

// What a change writes into the metadata of the nodes that it touches, and of those above them.
struct TwinStamp {
  std::string time;                 // "$lastUpdated"
  std::optional<uint64_t> version;  // "$lastUpdatedVersion"; reported properties have none
};

// Merges `patch` into `values` and stamps `metadata`, which mirrors `values` before and after. An array has one node.
// Takes time in proportion to the sizes, whatever they are.
void merge_properties(json::Object& values, json::Object& metadata, const json::Object& patch, const TwinStamp& stamp);

// The same without metadata, as tags have none.
void merge_tags(json::Object& values, const json::Object& patch);

}  // namespace nave::hub
