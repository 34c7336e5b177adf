// Twin documents as text (reference/service-rest.md §11.1, device-mqtt-https.md §5.3).
#pragma once

#include <string>

#include "hub/device/identity.h"
#include "hub/session/directory.h"
#include "hub/twin/change.h"
#include "hub/twin/twin.h"
#include "json/value.h"

namespace nave::hub {

// What the service API answers: identity fields, tags, both sections with metadata and versions.
[[nodiscard]] std::string service_twin_text(const Identity& identity, const Presence& presence, const Twin& twin);

// Of that document everything but tags and properties.
[[nodiscard]] json::Object service_twin_fields(const Identity& identity, const Presence& presence, const Twin& twin);
// And one of its sections, with metadata and version.
[[nodiscard]] std::string service_section_text(const TwinSection& section);

// What a device or module gets of its own twin: both sections, no metadata, no tags.
[[nodiscard]] std::string device_twin_text(const Twin& twin);

// The whole desired section, as after a replacement.
[[nodiscard]] DesiredChange whole_desired(const Twin& twin);

}  // namespace nave::hub
