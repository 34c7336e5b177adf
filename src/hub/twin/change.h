// What a write makes of a twin: pure decisions over the stored state (reference/service-rest.md §5, §11.2–§11.4,
// device-mqtt-https.md §5.4). After an error the twin is as it was.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "hub/device/etag.h"
#include "hub/errors.h"
#include "hub/twin/twin.h"
#include "json/value.h"

namespace nave::hub {

// The writable parts of a twin document that the service API was given.
struct TwinInput {
  std::optional<json::Object> tags;
  bool clears_tags = false;  // "tags": null
  std::optional<json::Object> desired;
  // A patch with this begins desired anew instead of merging, as clears_tags does for the tags.
  bool clears_desired = false;
};

// The values or metadata of a section, or tags, from their stored text. It was written by us and its row's checksum
// held, so a failure here is a fault of the program.
[[nodiscard]] HubResult<json::Object> parse_stored(const std::string& text);

// Read-only fields and unknown ones are ignored, and so are the "$…" names that a document carries when it was read
// before: clients send back what they got.
[[nodiscard]] HubResult<TwinInput> read_twin_input(const json::Object& body);

// What a connected device is told of a change of its desired properties.
struct DesiredChange {
  uint64_t version = 0;
  std::string body;  // the patch, or after a replacement the whole section, with "$version" as its last member
};

// A tag without quotes is ignored, as the service does.
[[nodiscard]] HubResult<void> check_twin_etag(const Twin& twin, const IfMatch& if_match);

// The twin of `identity`, which is new: what it is created with is the first version of everything.
[[nodiscard]] HubResult<Twin> initial_twin(const Identity& identity, const TwinInput& input);
// Merges. nullopt: the desired properties were not part of it.
[[nodiscard]] HubResult<std::optional<DesiredChange>> patch_twin(Twin& twin, const TwinInput& input, UtcTime now);
// Sections that are missing in `input` are emptied. Never nullopt.
[[nodiscard]] HubResult<std::optional<DesiredChange>> replace_twin(Twin& twin, const TwinInput& input, UtcTime now);
// `base`: the version that the device believes it changes; checked if given. Returns the new version.
[[nodiscard]] HubResult<uint64_t> patch_reported(Twin& twin, const json::Object& patch, std::optional<int64_t> base,
                                                 UtcTime now);

}  // namespace nave::hub
