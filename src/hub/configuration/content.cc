#include "hub/configuration/content.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "hub/device/ids.h"
#include "hub/twin/validate.h"
#include "json/write.h"

namespace nave::hub {
namespace {

using json::Member;
using json::Object;
using json::Value;

constexpr std::string_view kWhole = "properties.desired";
constexpr const char* kAgent = "$edgeAgent";
constexpr const char* kHub = "$edgeHub";
constexpr std::array<ContentKind, 3> kKinds = {ContentKind::kDevice, ContentKind::kModule, ContentKind::kModules};

Error invalid(const std::string& why) {
  return {ErrorCode::kInvalidConfigurationContent, why};
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> out;
  while (true) {
    const size_t end = path.find('.');
    out.emplace_back(path.substr(0, end));
    if (end == std::string_view::npos) return out;
    path.remove_prefix(end + 1);
  }
}

void drop_nulls(Object& object) {
  std::vector<Member> kept;
  for (Member& m : object) {
    if (m.value.is_null()) continue;
    if (Object* inner = m.value.if_object()) drop_nulls(*inner);
    kept.push_back(std::move(m));
  }
  object = json::object_of(std::move(kept));
}

// The rules of desired properties hold for what will become some.
HubResult<void> check_values(const DesiredWrite& write) {
  Object document;
  if (write.path.empty()) {
    document = *write.value.if_object();
  } else {
    Value value = write.value;
    for (auto name = write.path.rbegin(); name != write.path.rend(); ++name) {
      Object outer;
      outer.append(*name, std::move(value));
      value = std::move(outer);
    }
    document = std::move(*value.if_object());
  }
  auto ok = check_twin_values(document, TwinPart::kDesired);
  if (ok) ok = check_patch_size(document, TwinPart::kDesired);
  if (!ok) return fail(invalid(ok.error().message));
  return {};
}

HubResult<DesiredWrite> read_write(const Member& member) {
  DesiredWrite out{{}, member.value};
  const std::string_view key = member.name;
  if (key != kWhole) {
    if (!key.starts_with(kWhole) || key.size() <= kWhole.size() + 1 || key[kWhole.size()] != '.') {
      return fail(invalid("A key of the content must be properties.desired or begin with properties.desired."));
    }
    out.path = split_path(key.substr(kWhole.size() + 1));
    if (out.path.size() > limits::kTwinDepthMax) return fail(invalid("A path of the content is too deep"));
    if (std::any_of(out.path.begin(), out.path.end(), [](const std::string& name) { return name.empty(); })) {
      return fail(invalid("A path of the content has an empty name"));
    }
  } else if (out.value.if_object() == nullptr) {
    return fail(invalid("properties.desired of the content must be a JSON object"));
  }
  if (Object* object = out.value.if_object()) {
    // As a twin is read, so that it can be used as it was read.
    if (out.path.empty()) {
      object->erase("$metadata");
      object->erase("$version");
    }
    drop_nulls(*object);
  }
  if (auto ok = check_values(out); !ok) return fail(ok.error());
  return out;
}

HubResult<DesiredWrites> read_writes(const Value& content) {
  const Object* const object = content.if_object();
  if (object == nullptr) return fail(invalid("The content must be a JSON object"));
  DesiredWrites out;
  for (const Member& m : *object) {
    auto write = read_write(m);
    if (!write) return fail(write.error());
    out.push_back(*std::move(write));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const DesiredWrite& a, const DesiredWrite& b) { return a.path.size() < b.path.size(); });
  return out;
}

bool has_whole(const DesiredWrites& writes) {
  return !writes.empty() && writes.front().path.empty();
}

// On top of another deployment, of the system's modules only entries may be named (§15.2).
HubResult<void> check_layered(const Content& content) {
  const auto entries_only = [&](const char* module, const char* section) {
    const auto found = content.modules.find(module);
    return found == content.modules.end() ||
           std::all_of(found->second.begin(), found->second.end(),
                       [&](const DesiredWrite& w) { return w.path.size() >= 2 && w.path.front() == section; });
  };
  if (!entries_only(kAgent, "modules")) {
    return fail(invalid("A layered deployment may only have properties.desired.modules.<name> of $edgeAgent"));
  }
  if (!entries_only(kHub, "routes")) {
    return fail(invalid("A layered deployment may only have properties.desired.routes.<name> of $edgeHub"));
  }
  return {};
}

HubResult<Content> read_modules(const Value& modules) {
  const Object* const object = modules.if_object();
  if (object == nullptr) return fail(invalid("modulesContent must be a JSON object"));
  Content out;
  out.kind = ContentKind::kModules;
  for (const Member& m : *object) {
    if (!is_valid_id(m.name) || (m.name.starts_with('$') && m.name != kAgent && m.name != kHub)) {
      return fail(invalid("modulesContent names a module that cannot be"));
    }
    auto writes = read_writes(m.value);
    if (!writes) return fail(writes.error());
    out.modules.emplace(m.name, *std::move(writes));
  }
  if (!out.modules.contains(kAgent)) return fail(invalid("modulesContent must contain $edgeAgent"));
  if (out.modules.size() > limits::kModulesPerDeviceMax) return fail(invalid("modulesContent has too many modules"));
  out.layered = !has_whole(out.modules.at(kAgent));
  if (out.layered) {
    if (auto ok = check_layered(out); !ok) return fail(ok.error());
  }
  return out;
}

HubResult<ContentKind> kind_of(const Object& content) {
  std::vector<ContentKind> given;
  for (const ContentKind kind : kKinds) {
    const Value* const value = content.find(name_of(kind));
    if (value != nullptr && !value->is_null()) given.push_back(kind);
  }
  if (given.empty()) return fail(invalid("The content of the configuration is missing"));
  if (given.size() > 1) return fail(invalid("A configuration has only one kind of content"));
  return given.front();
}

}  // namespace

std::string_view name_of(ContentKind kind) {
  constexpr std::array<std::string_view, 3> kNames = {"deviceContent", "moduleContent", "modulesContent"};
  return kNames[static_cast<size_t>(kind)];
}

HubResult<Content> read_content(const Object& content) {
  const auto kind = kind_of(content);
  if (!kind) return fail(kind.error());
  const Value& value = *content.find(name_of(*kind));
  if (*kind == ContentKind::kModules) return read_modules(value);
  auto writes = read_writes(value);
  if (!writes) return fail(writes.error());
  Content out;
  out.kind = *kind;
  out.writes = *std::move(writes);
  return out;
}

std::string content_text(const Object& content) {
  const auto kind = kind_of(content);
  if (!kind) return "{}";
  Object out;
  out.append(std::string(name_of(*kind)), *content.find(name_of(*kind)));
  return json::to_text(std::move(out));
}

}  // namespace nave::hub
