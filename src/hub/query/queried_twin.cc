#include "hub/query/queried_twin.h"

#include <array>

#include "hub/twin/render.h"
#include "json/write.h"

namespace nave::hub {
namespace {

constexpr std::string_view kQuotedEnabled = "\"enabled\"";
constexpr std::string_view kQuotedDisabled = "\"disabled\"";
constexpr std::string_view kQuotedConnected = "\"Connected\"";
constexpr std::string_view kQuotedDisconnected = "\"Disconnected\"";
constexpr std::string_view kObject = "{}";

std::string quoted(std::string_view text) {
  std::string out;
  json::write_string(text, out);
  return out;
}

}  // namespace

std::string_view QueriedTwin::keep(std::string text) const {
  texts_.push_front(std::move(text));
  return texts_.front();
}

const Presence& QueriedTwin::presence(const Identity& identity) const {
  if (!presence_) presence_ = registry_->presence(identity);
  return *presence_;
}

std::optional<std::string_view> QueriedTwin::in_tags(Steps steps) const {
  const TwinText* twin = row_.twin();
  if (twin == nullptr || twin->tags == kObject) return {};
  return query::walk_text(twin->tags, steps);
}

std::optional<std::string_view> QueriedTwin::in_properties(Steps steps) const {
  // By far the most queries ask for values: then identity and metadata are not touched.
  if (steps.size() > 1 && !steps[1].name.starts_with('$')) {
    const TwinText* twin = row_.twin();
    const bool desired = steps[0].name == "desired";
    if (!desired && steps[0].name != "reported") return {};
    if (twin == nullptr) return {};
    return query::walk_text((desired ? twin->desired : twin->reported).values, steps.subspan(1));
  }
  if (!properties_) {
    const Identity* identity = row_.identity();
    const TwinText* stored = row_.twin();
    if (identity == nullptr) return {};
    const Twin twin = stored == nullptr ? fresh_twin(*identity) : stored->to_twin();
    properties_ = keep(R"({"desired":)" + service_section_text(twin.desired) + R"(,"reported":)" +
                       service_section_text(twin.reported) + "}");
  }
  return query::walk_text(*properties_, steps);
}

// Those that queries ask for most, without making all of them.
std::optional<std::string_view> QueriedTwin::quick_field(const query::Step& step) const {
  if (step.name == "deviceId") return keep(quoted(row_.device()));
  if (step.name == "moduleId" && !row_.module().empty()) return keep(quoted(row_.module()));
  const bool status = step.name == "status";
  if (!status && step.name != "connectionState") return {};
  const Identity* identity = row_.identity();
  if (identity == nullptr) return {};
  if (status) return identity->enabled ? kQuotedEnabled : kQuotedDisabled;
  return presence(*identity).connected ? kQuotedConnected : kQuotedDisconnected;
}

std::optional<std::string_view> QueriedTwin::in_fields(Steps steps) const {
  if (steps.size() == 1) {
    if (const auto field = quick_field(steps[0])) return field;
  }
  if (!fields_) {
    const Identity* identity = row_.identity();
    const TwinText* stored = row_.twin();
    if (identity == nullptr) return {};
    Twin twin;  // of which only what is no section matters
    if (stored != nullptr) {
      twin.changes = stored->changes;
      twin.model_id = stored->model_id;
      twin.reported.version = stored->reported.version;
    }
    json::Object members = service_twin_fields(*identity, presence(*identity), twin);
    if (twin.model_id.empty()) members.erase("modelId");  // to a query, none is none
    fields_ = keep(json::to_text(std::move(members)));
  }
  return query::walk_text(*fields_, steps);
}

std::optional<std::string_view> QueriedTwin::look_up(Steps steps) const {
  if (steps[0].name == "tags") return in_tags(steps.subspan(1));
  if (steps[0].name == "properties") return in_properties(steps.subspan(1));
  if (steps[0].name == "configurations") {
    const TwinText* twin = row_.twin();
    if (twin == nullptr || twin->configurations.empty()) return {};
    return query::walk_text(twin->configurations, steps.subspan(1));
  }
  return in_fields(steps);
}

query::Value QueriedTwin::find(const query::Path& path) const {
  const auto found = look_up(path.steps);
  return found ? query::value_of_text(*found, texts_) : query::Value{};
}

bool QueriedTwin::write(const query::Path& path, std::string& out) const {
  const auto found = look_up(path.steps);
  if (found) out += *found;
  return found.has_value();
}

bool QueriedTwin::any_of(const query::Path& path, const std::function<bool(const query::Value&)>& visit) const {
  const auto found = look_up(path.steps);
  return found && query::any_of_text(*found, visit);
}

}  // namespace nave::hub
