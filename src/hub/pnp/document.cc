#include "hub/pnp/document.h"

#include <string_view>
#include <unordered_map>
#include <utility>

#include "hub/pnp/conventions.h"
#include "hub/twin/change.h"
#include "json/write.h"

namespace nave::hub {
namespace {

using json::Member;
using json::Object;
using json::Value;

// The members of an object by name: look-ups in an Object are linear, and a section may have thousands.
class Members {
 public:
  explicit Members(const Object& object) : object_(object) {
    for (const Member& m : object) index_.emplace(m.name, &m.value);
  }
  [[nodiscard]] const Value* find(std::string_view name) const {
    const auto it = index_.find(name);
    return it == index_.end() ? nullptr : it->second;
  }
  // Empty if there is no object of this name.
  [[nodiscard]] const Object& object_at(std::string_view name) const {
    static const Object empty;
    const Value* const value = find(name);
    return value == nullptr || value->if_object() == nullptr ? empty : *value->if_object();
  }
  [[nodiscard]] const Object& all() const { return object_; }

 private:
  const Object& object_;
  std::unordered_map<std::string_view, const Value*> index_;
};

// Both sections of the twin, or of one component.
struct View {
  Members desired;
  Members desired_metadata;
  Members reported;
  Members reported_metadata;

  // Every name once.
  template <class F>
  void for_each_name(F f) const {
    for (const Member& m : reported.all()) f(m.name);
    for (const Member& m : desired.all()) {
      if (reported.find(m.name) == nullptr) f(m.name);
    }
  }
};

void append_if(Object& out, const char* name, const Value* value) {
  if (value != nullptr) out.append(name, *value);
}

// The value goes to `out` if the device has reported one, everything else to `metadata`.
void append_property(const std::string& name, const View& view, Object& out, Object& metadata) {
  Object entry;
  if (const Value* const desired = view.desired.find(name)) {
    entry.append("desiredValue", *desired);
    append_if(entry, "desiredVersion", view.desired_metadata.object_at(name).find("$lastUpdatedVersion"));
  }
  if (const Value* const reported = view.reported.find(name)) {
    const auto acknowledged = acknowledgement_in(*reported);
    if (acknowledged) {
      append_if(entry, "ackVersion", acknowledged->version);
      append_if(entry, "ackCode", acknowledged->code);
      append_if(entry, "ackDescription", acknowledged->description);
    }
    append_if(entry, "lastUpdateTime", view.reported_metadata.object_at(name).find("$lastUpdated"));
    out.append(name, acknowledged ? *acknowledged->value : *reported);
  }
  metadata.append(name, std::move(entry));
}

// A side that holds something else under the name than a component has nothing to say about it.
const Object& component_at(const Members& side, const std::string& name) {
  static const Object empty;
  return is_component(side.find(name)) ? side.object_at(name) : empty;
}

Object component(const std::string& name, const View& twin) {
  const View view{Members(component_at(twin.desired, name)), Members(twin.desired_metadata.object_at(name)),
                  Members(component_at(twin.reported, name)), Members(twin.reported_metadata.object_at(name))};
  Object out;
  Object metadata;
  view.for_each_name([&](const std::string& property) {
    if (property != kComponentMark) append_property(property, view, out, metadata);
  });
  out.append("$metadata", std::move(metadata));
  return out;
}

Object document(const Identity& identity, const std::string& model_id, const View& view) {
  Object out;
  out.append("$dtId", identity.key.device);
  Object metadata;
  metadata.append("$model", model_id);
  view.for_each_name([&](const std::string& name) {
    if (is_component(view.desired.find(name)) || is_component(view.reported.find(name))) {
      out.append(name, component(name, view));
    } else {
      append_property(name, view, out, metadata);
    }
  });
  out.append("$metadata", std::move(metadata));
  return out;
}

}  // namespace

HubResult<std::string> digital_twin_text(const Identity& identity, const Twin& twin) {
  const auto desired = parse_stored(twin.desired.values);
  const auto desired_metadata = parse_stored(twin.desired.metadata);
  const auto reported = parse_stored(twin.reported.values);
  const auto reported_metadata = parse_stored(twin.reported.metadata);
  for (const auto* part : {&desired, &desired_metadata, &reported, &reported_metadata}) {
    if (!*part) return fail(part->error());
  }
  const View view{Members(*desired), Members(*desired_metadata), Members(*reported), Members(*reported_metadata)};
  return json::to_text(document(identity, twin.model_id, view));
}

}  // namespace nave::hub
