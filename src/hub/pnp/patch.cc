#include "hub/pnp/patch.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/limits.h"
#include "hub/pnp/conventions.h"
#include "hub/twin/validate.h"

namespace nave::hub {
namespace {

using json::Member;
using json::Object;
using json::Value;

auto bad_patch(std::string why) {
  return fail(Error(ErrorCode::kInvalidDigitalTwinJsonPatch, std::move(why)));
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading.

HubResult<void> read_path(const std::string& path, DigitalTwinOperation& out) {
  const auto refuse = [&] {
    return fail(Error(ErrorCode::kInvalidDigitalTwinPatchPath,
                      "A path must be /property, /component or /component/property, with names of letters, digits and "
                      "'_' that begin with a letter"));
  };
  if (!path.starts_with('/')) return refuse();
  const size_t slash = path.find('/', 1);
  out.name = path.substr(1, slash == std::string::npos ? slash : slash - 1);
  if (!is_dtdl_name(out.name)) return refuse();
  if (slash == std::string::npos) return {};
  out.property = path.substr(slash + 1);
  if (!is_dtdl_name(out.property)) return refuse();
  return {};
}

HubResult<void> check_value(const Value& value) {
  if (is_property_value(value)) return {};
  return fail(Error(ErrorCode::kInvalidDigitalTwinPayload,
                    "A value must hold no array and no null, at most five levels of objects, and names of letters, "
                    "digits and '_' that begin with a letter"));
}

HubResult<void> read_component(Object value, DigitalTwinOperation& out) {
  const Value* const mark = value.find("$metadata");
  if (mark->if_object() == nullptr || !mark->if_object()->empty()) {
    return fail(Error(ErrorCode::kInvalidDigitalTwinPatch, "$metadata of a component must be an empty object"));
  }
  value.erase("$metadata");
  for (const Member& m : value) {
    if (!is_dtdl_name(m.name)) return check_value(Value());
    if (auto ok = check_value(m.value); !ok) return ok;
  }
  out.sets_component = true;
  out.value = std::move(value);
  return {};
}

HubResult<void> read_value(const Value& value, DigitalTwinOperation& out) {
  const Object* const object = value.if_object();
  if (object != nullptr) {
    // Before anything is looked up in it.
    if (auto ok = check_patch_size(*object, TwinPart::kDesired); !ok) return ok;
    if (out.property.empty() && object->find("$metadata") != nullptr) return read_component(*object, out);
  }
  out.value = value;
  return check_value(value);
}

const std::string* text_at(const Object& object, const char* name) {
  const Value* const value = object.find(name);
  return value == nullptr ? nullptr : value->if_string();
}

HubResult<DigitalTwinOperation> read_operation(const Value& value) {
  const Object* const object = value.if_object();
  if (object == nullptr) return bad_patch("Every operation must be a JSON object");
  const std::string* const op = text_at(*object, "op");
  if (op == nullptr || (*op != "add" && *op != "replace" && *op != "remove")) {
    return bad_patch("op must be add, replace or remove");
  }
  const std::string* const path = text_at(*object, "path");
  if (path == nullptr) return bad_patch("path must be a string");
  DigitalTwinOperation out;
  out.removes = *op == "remove";
  if (auto ok = read_path(*path, out); !ok) return fail(ok.error());
  if (out.removes) return out;
  const Value* const given = object->find("value");
  if (given == nullptr) return bad_patch("add and replace need a value");
  if (auto ok = read_value(*given, out); !ok) return fail(ok.error());
  return out;
}

// ---------------------------------------------------------------------------------------------------------------------
// Applying.

Error not_conformant(const std::string& name) {
  return {ErrorCode::kArgumentInvalid,
          "'" + name +
              "' exists within the device twin and is not digital twin conformant property. Please refer to "
              "aka.ms/dtpatch to update this to be conformant."};
}

// A patch needs to know of the reported properties only whether they are what it takes them for.
bool is_conformant(const Value* existing) {
  if (existing == nullptr) return true;
  const auto acknowledged = acknowledgement_in(*existing);
  return is_property_value(acknowledged ? *acknowledged->value : *existing);
}

// What makes `to` out of `from` when it is merged.
Value replacement(const Value* from, const Value& to) {
  const Object* const old = from == nullptr ? nullptr : from->if_object();
  const Object* const wanted = to.if_object();
  if (old == nullptr || wanted == nullptr) return to;
  std::unordered_map<std::string_view, const Value*> left;
  for (const Member& m : *old) left.emplace(m.name, &m.value);
  Object out;
  for (const Member& m : *wanted) {
    const auto was = left.find(m.name);
    out.append(m.name, replacement(was == left.end() ? nullptr : was->second, m.value));
    if (was != left.end()) left.erase(was);
  }
  for (const Member& m : *old) {
    if (left.contains(m.name)) out.append(m.name, nullptr);
  }
  return out;
}

class Application {
 public:
  Application(Object desired, Object reported)
      : before_(std::move(desired)), reported_(std::move(reported)), now_(before_) {}

  HubResult<void> apply(const DigitalTwinOperation& o) {
    if (auto ok = check(o); !ok) return ok;
    touched_.emplace(o.name, o.property);
    if (o.property.empty()) {
      apply_at_root(o);
    } else {
      apply_in_component(o);
    }
    return {};
  }

  // What is to be merged. A touched name that is as it was before is in it too if it was set: the device hears of it.
  [[nodiscard]] Object difference() const {
    Object out;
    for (const auto& [name, property] : touched_) {
      const Value* const now = now_.find(name);
      if (now == nullptr) {
        if (before_.find(name) != nullptr) out.set(name, nullptr);
      } else if (property.empty()) {
        out.set(name, replacement(before_.find(name), *now));
      } else if (!touched_.contains({name, ""})) {
        add_property(name, property, *now->if_object(), out);
      }
    }
    return out;
  }

 private:
  // Does the twin hold something under the name that is no component?
  [[nodiscard]] bool is_plain(const std::string& name) const {
    for (const Object* side : {&now_, &reported_}) {
      const Value* const value = side->find(name);
      if (value != nullptr && !is_component(value)) return true;
    }
    return false;
  }

  [[nodiscard]] HubResult<void> check(const DigitalTwinOperation& o) const {
    const bool component = is_component(now_.find(o.name)) || is_component(reported_.find(o.name));
    if (!o.property.empty() || o.sets_component) {
      if (is_plain(o.name)) return fail(not_conformant(o.name));
    } else if (!o.removes && component) {
      return fail(Error(ErrorCode::kInvalidDigitalTwinPatch,
                        "'" + o.name + "' is a component: its value must carry an empty $metadata object"));
    }
    if (o.removes || o.sets_component) return {};
    for (const Object* side : {&now_, &reported_}) {
      const Value* existing = side->find(o.name);
      if (!o.property.empty() && existing != nullptr) existing = existing->if_object()->find(o.property);
      if (!is_conformant(existing)) return fail(not_conformant(o.property.empty() ? o.name : o.property));
    }
    return {};
  }

  void apply_at_root(const DigitalTwinOperation& o) {
    if (o.removes) {
      now_.erase(o.name);
    } else if (o.sets_component) {
      Object component;
      component.append(std::string(kComponentMark), "c");
      for (const Member& m : *o.value.if_object()) component.append(m.name, m.value);
      now_.set(o.name, std::move(component));
    } else {
      now_.set(o.name, o.value);
    }
  }

  void apply_in_component(const DigitalTwinOperation& o) {
    Value* component = now_.find(o.name);
    if (component == nullptr) {
      if (o.removes) return;
      Object made;
      made.append(std::string(kComponentMark), "c");
      component = &now_.set(o.name, std::move(made));
    }
    Object& properties = *component->if_object();
    if (!o.removes) {
      properties.set(o.property, o.value);
    } else if (properties.erase(o.property) && properties.size() == 1) {
      now_.erase(o.name);  // nothing but the mark is left
    }
  }

  void add_property(const std::string& name, const std::string& property, const Object& now, Object& out) const {
    const Value* const component = before_.find(name);
    const Value* const was = component == nullptr ? nullptr : component->if_object()->find(property);
    const Value* const is = now.find(property);
    if (was == nullptr && is == nullptr) return;
    if (out.find(name) == nullptr) {
      Object marked;
      marked.append(std::string(kComponentMark), "c");
      out.append(name, std::move(marked));
    }
    out.find(name)->if_object()->append(property, is == nullptr ? Value() : replacement(was, *is));
  }

  const Object before_;
  const Object reported_;
  Object now_;
  std::set<std::pair<std::string, std::string>> touched_;
};

}  // namespace

HubResult<DigitalTwinPatch> read_digital_twin_patch(const Value& body) {
  const json::Array* const operations = body.if_array();
  if (operations == nullptr) return bad_patch("The body must be a JSON array of operations");
  if (operations->size() > limits::kDigitalTwinOperationsMax) {
    return bad_patch("A patch may hold " + std::to_string(limits::kDigitalTwinOperationsMax) + " operations");
  }
  DigitalTwinPatch out;
  for (const Value& value : *operations) {
    auto operation = read_operation(value);
    if (!operation) return fail(std::move(operation.error()));
    out.push_back(*std::move(operation));
  }
  return out;
}

HubResult<TwinInput> apply_digital_twin_patch(const DigitalTwinPatch& patch, const Twin& twin) {
  auto desired = parse_stored(twin.desired.values);
  auto reported = parse_stored(twin.reported.values);
  if (!desired || !reported) return fail(desired ? reported.error() : desired.error());
  Application application(*std::move(desired), *std::move(reported));
  for (const DigitalTwinOperation& o : patch) {
    if (auto ok = application.apply(o); !ok) return fail(ok.error());
  }
  TwinInput out;
  if (Object difference = application.difference(); !difference.empty()) out.desired = std::move(difference);
  return out;
}

}  // namespace nave::hub
