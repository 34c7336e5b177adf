// The content of a configuration: what it wants to stand in desired properties (reference/service-rest.md §15.1–§15.3).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hub/errors.h"
#include "json/value.h"

namespace nave::hub {

enum class ContentKind : uint8_t { kDevice, kModule, kModules };

// "deviceContent", "moduleContent", "modulesContent".
[[nodiscard]] std::string_view name_of(ContentKind kind);

// What one key says: "properties.desired" is the whole document, "properties.desired.a.b" exactly that path.
struct DesiredWrite {
  std::vector<std::string> path;  // empty: the whole document
  json::Value value;              // without members that are null; null: nothing stands there
};
using DesiredWrites = std::vector<DesiredWrite>;  // shorter paths first

struct Content {
  ContentKind kind = ContentKind::kDevice;
  DesiredWrites writes;                          // kDevice, kModule
  std::map<std::string, DesiredWrites> modules;  // kModules, by module id; has $edgeAgent
  // kModules: not a deployment of its own but put on top of one, because it leaves $edgeAgent's document as it is and
  // only adds modules and routes to it.
  bool layered = false;
};

// `content` as in a request: exactly one kind that is not null. Else InvalidConfigurationContent.
[[nodiscard]] HubResult<Content> read_content(const json::Object& content);

// Of that only the kind in use, as text: what is kept and shown.
[[nodiscard]] std::string content_text(const json::Object& content);

}  // namespace nave::hub
