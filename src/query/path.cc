#include "query/path.h"

#include <array>
#include <span>
#include <string_view>

#include "base/url.h"

namespace nave::query {
namespace {

struct Spelling {
  std::string_view written, meant;
};

constexpr std::array<Spelling, 22> kTwinFields = {{
    {"deviceId", "deviceId"},
    {"id", "deviceId"},
    {"moduleId", "moduleId"},
    {"etag", "etag"},
    {"deviceEtag", "deviceEtag"},
    {"status", "status"},
    {"statusReason", "statusReason"},
    {"statusUpdateTime", "statusUpdateTime"},
    {"statusUpdatedTime", "statusUpdateTime"},  // the identity's name for it
    {"connectionState", "connectionState"},
    {"lastActivityTime", "lastActivityTime"},
    {"cloudToDeviceMessageCount", "cloudToDeviceMessageCount"},
    {"authenticationType", "authenticationType"},
    {"x509Thumbprint", "x509Thumbprint"},
    {"modelId", "modelId"},
    {"version", "version"},
    {"capabilities", "capabilities"},
    {"deviceScope", "deviceScope"},
    {"parentScopes", "parentScopes"},
    {"tags", "tags"},
    {"properties", "properties"},
    {"configurations", "configurations"},
}};

constexpr std::array<Spelling, 11> kJobFields = {{
    {"deviceId", "deviceId"},
    {"moduleId", "moduleId"},
    {"jobId", "jobId"},
    {"jobType", "jobType"},
    {"status", "status"},
    {"startTimeUtc", "startTimeUtc"},
    {"endTimeUtc", "endTimeUtc"},
    {"createdDateTimeUtc", "createdDateTimeUtc"},
    {"lastUpdatedDateTimeUtc", "lastUpdatedDateTimeUtc"},
    {"outcome", "outcome"},
    {"error", "error"},
}};

struct Nested {
  std::string_view parent, name;
};
constexpr std::array<Nested, 5> kNestedFields = {{
    {"properties", "desired"},
    {"properties", "reported"},
    {"capabilities", "iotEdge"},
    {"x509Thumbprint", "primaryThumbprint"},
    {"x509Thumbprint", "secondaryThumbprint"},
}};

bool is_name(const Step& step, std::string_view name) {
  return !step.index && equals_ignore_case(step.name, name);
}

void drop_collection(std::vector<Step>& steps) {
  if (steps.size() < 2 || !is_name(steps[0], "devices")) return;
  const bool two = steps.size() > 2 && (is_name(steps[1], "modules") || is_name(steps[1], "jobs"));
  steps.erase(steps.begin(), steps.begin() + (two ? 2 : 1));
}

bool respell(Step& step, std::span<const Spelling> fields) {
  for (const Spelling& field : fields) {
    if (!is_name(step, field.written)) continue;
    step.name = field.meant;
    return true;
  }
  return false;
}

}  // namespace

void resolve(Path& path, Collection collection) {
  std::vector<Step>& steps = path.steps;
  drop_collection(steps);
  path.known = collection == Collection::kJobs ? respell(steps[0], kJobFields) : respell(steps[0], kTwinFields);
  if (!path.known || steps.size() < 2 || collection == Collection::kJobs) return;
  for (const Nested& field : kNestedFields) {
    if (steps[0].name == field.parent && is_name(steps[1], field.name)) steps[1].name = field.name;
  }
}

std::string key_of(const Path& path) {
  for (auto step = path.steps.rbegin(); step != path.steps.rend(); ++step) {
    if (!step->index) return step->name;
  }
  return {};
}

}  // namespace nave::query
