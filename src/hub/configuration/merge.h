// What the contents of configurations make of a document of desired properties.
#pragma once

#include <vector>

#include "hub/configuration/content.h"
#include "json/value.h"

namespace nave::hub {

// One path is replaced, siblings stay; what stands in its way gives way.
void apply_write(json::Object& desired, const DesiredWrite& write);

// Whether nothing of `write` is left after `later`.
[[nodiscard]] bool is_overridden(const DesiredWrite& write, const DesiredWrite& later);

// The merge patch (RFC 7386) that makes `to` of `from`: empty if they are the same but for the order of members.
// Neither has members that are null. Takes time in proportion to the sizes.
[[nodiscard]] json::Object merge_patch(const json::Object& from, const json::Object& to);

}  // namespace nave::hub
