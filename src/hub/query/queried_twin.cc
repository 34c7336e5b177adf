#include "hub/query/queried_twin.h"

#include <algorithm>

#include "base/limits.h"
#include "hub/twin/render.h"
#include "json/parse.h"
#include "json/write.h"
#include "query/json_document.h"

namespace nave::hub {
namespace {

// Our own text: only damage that no checksum found could make it unreadable, and then there is nothing in it.
const json::Value& parsed(std::optional<json::Value>& tree, std::string_view text) {
  if (!tree) tree = json::parse(text, {.bytes_max = limits::kTwinStoredTextBytesMax}).value_or(json::Value());
  return *tree;
}

}  // namespace

const json::Value& QueriedTwin::fields() const {
  if (!fields_) {
    json::Object members = service_twin_fields(identity_, presence_, twin_);
    if (twin_.model_id.empty()) members.erase("modelId");  // to a query, none is none
    fields_ = std::move(members);
  }
  return *fields_;
}

const json::Value& QueriedTwin::properties() const {
  if (!properties_) {
    const auto section = [](const TwinSection& s) {
      Tree tree;
      parsed(tree, service_section_text(s));
      return *std::move(tree);
    };
    json::Object both;
    both.append("desired", section(twin_.desired));
    both.append("reported", section(twin_.reported));
    properties_ = std::move(both);
  }
  return *properties_;
}

const json::Value* QueriedTwin::in_properties(std::span<const query::Step> steps) const {
  // By far the most queries ask for values: then the metadata, several times as long, stays text.
  if (steps.size() > 1 && !steps[1].name.starts_with('$')) {
    if (steps[0].name == "desired") return query::walk(parsed(values_[0], twin_.desired.values), steps.subspan(1));
    if (steps[0].name == "reported") return query::walk(parsed(values_[1], twin_.reported.values), steps.subspan(1));
  }
  return query::walk(properties(), steps);
}

const json::Value* QueriedTwin::look_up(std::span<const query::Step> steps) const {
  if (steps[0].name == "properties") return in_properties(steps.subspan(1));
  if (steps[0].name == "configurations") {
    return twin_.configurations.empty() ? nullptr
                                        : query::walk(parsed(configurations_, twin_.configurations), steps.subspan(1));
  }
  if (steps[0].name != "tags") return query::walk(fields(), steps);
  return twin_.tags == "{}" ? nullptr : query::walk(parsed(tags_, twin_.tags), steps.subspan(1));
}

query::Value QueriedTwin::find(const query::Path& path) const {
  const json::Value* found = look_up(path.steps);
  return found == nullptr ? query::Value{} : query::value_of(*found);
}

bool QueriedTwin::write(const query::Path& path, std::string& out) const {
  const json::Value* found = look_up(path.steps);
  if (found == nullptr) return false;
  json::write(*found, out);
  return true;
}

bool QueriedTwin::any_of(const query::Path& path, const std::function<bool(const query::Value&)>& visit) const {
  const json::Value* found = look_up(path.steps);
  const json::Array* array = found == nullptr ? nullptr : found->if_array();
  return array != nullptr &&
         std::any_of(array->begin(), array->end(), [&](const json::Value& v) { return visit(query::value_of(v)); });
}

}  // namespace nave::hub
