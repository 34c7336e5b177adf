// What may be written into a twin (reference/service-rest.md §11.4, device-mqtt-https.md §11.3).
#pragma once

#include <cstdint>
#include <string_view>

#include "hub/errors.h"
#include "json/value.h"

namespace nave::hub {

enum class TwinPart : uint8_t { kTags, kDesired, kReported };

// "tags", "properties.desired", "properties.reported".
[[nodiscard]] std::string_view name_of(TwinPart part);

// Names, values and depth of what is to be merged into `part` or to replace it. null members are fine: they delete.
[[nodiscard]] HubResult<void> check_twin_values(const json::Object& values, TwinPart part);

// The size of a section as the service counts it, which is not the length of its text.
[[nodiscard]] HubResult<void> check_twin_size(const json::Object& values, TwinPart part);

// Of the values in `patch` that are not null: a lower bound of the size after merging. Lets a patch that can never fit
// be refused before any work is done for it.
[[nodiscard]] HubResult<void> check_patch_size(const json::Object& patch, TwinPart part);

}  // namespace nave::hub
