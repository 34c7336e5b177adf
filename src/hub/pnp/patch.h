// JSON Patch of a digital twin: what it means for the desired properties (reference/service-rest.md §17).
#pragma once

#include <string>
#include <vector>

#include "hub/errors.h"
#include "hub/twin/change.h"
#include "hub/twin/twin.h"
#include "json/value.h"

namespace nave::hub {

// One operation. "add" and "replace" are the same here: both set what is desired.
struct DigitalTwinOperation {
  bool removes = false;
  bool sets_component = false;  // the value carried "$metadata": {}, which is not in `value` any more
  std::string name;             // of a root property or a component
  std::string property;         // of the component; empty: the path ended at `name`
  json::Value value;
};
using DigitalTwinPatch = std::vector<DigitalTwinOperation>;

// Everything that can be checked without the twin: shape (400505), paths (400508), values (400506), the mark of a
// component (400507). At most limits::kDigitalTwinOperationsMax operations.
[[nodiscard]] HubResult<DigitalTwinPatch> read_digital_twin_patch(const json::Value& body);

// What to merge into the desired properties of `twin` so that the operations have taken place, in their order. A
// component that is set loses what is not in its new value; one that loses its last property goes too; removing what is
// not desired changes nothing. ArgumentInvalid: a name means something else in the twin than in the patch, or holds
// what no property can.
[[nodiscard]] HubResult<TwinInput> apply_digital_twin_patch(const DigitalTwinPatch& patch, const Twin& twin);

}  // namespace nave::hub
