// A twin in the form of a digital twin: one view of what is desired and what is reported (reference/service-rest.md
// §17).
#pragma once

#include <string>

#include "hub/device/identity.h"
#include "hub/errors.h"
#include "hub/twin/twin.h"

namespace nave::hub {

// JSON text: "$dtId", the properties and components in the order of the reported section and then of the desired one,
// "$metadata" with the model last. Every device has one, whatever is in its twin. What a name is, component or
// property, the twin says by itself: no model is looked at. Fails only if the stored twin is damaged.
[[nodiscard]] HubResult<std::string> digital_twin_text(const Identity& identity, const Twin& twin);

}  // namespace nave::hub
