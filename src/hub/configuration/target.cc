#include "hub/configuration/target.h"

#include <algorithm>

#include "base/url.h"
#include "query/parser.h"

namespace nave::hub {
namespace {

using query::Collection;
using query::Expression;
using query::Path;

Error invalid(const std::string& what) {
  return {ErrorCode::kInvalidConfigurationTargetCondition,
          "Invalid targetCondition. It must be a filter condition based on 'deviceId', 'tags', or "
          "'properties.reported'. It contains: " +
              what};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::string text_of(const Path& path) {
  std::string out;
  for (const query::Step& step : path.steps) {
    if (step.index) {
      out += '[' + std::to_string(*step.index) + ']';
    } else {
      out += (out.empty() ? "" : ".") + step.name;
    }
  }
  return out;
}

// nullopt: not to be used in a condition.
std::optional<uint8_t> aspect_of(const Path& path, Collection collection) {
  if (!path.known || path.steps.empty()) return {};
  const std::string& first = path.steps[0].name;
  if (path.steps.size() == 1 && first == "deviceId") return 0;
  if (path.steps.size() == 1 && first == "moduleId" && collection == Collection::kModules) return 0;
  if (first == "tags") return kAspectTags;
  if (first == "properties" && path.steps.size() > 1 && path.steps[1].name == "reported") return kAspectReported;
  return {};
}

HubResult<uint8_t> aspects_of(const Expression& expression, Collection collection) {
  uint8_t out = 0;
  if (expression.kind == Expression::Kind::kPath) {
    const auto aspect = aspect_of(expression.path, collection);
    if (!aspect) return fail(invalid(std::string(query::quotable(text_of(expression.path)))));
    out = *aspect;
  }
  for (const Expression& child : expression.children) {
    const auto inner = aspects_of(child, collection);
    if (!inner) return inner;
    out = static_cast<uint8_t>(out | *inner);
  }
  return out;
}

// What stands behind FROM devices.modules WHERE; the whole text if it does not begin so.
std::string_view behind_where(std::string_view condition) {
  std::string_view rest = condition;
  for (const std::string_view word : {"from", "devices.modules", "where"}) {
    rest = trimmed(rest);
    if (rest.size() < word.size() || !equals_ignore_case(rest.substr(0, word.size()), word)) return condition;
    rest.remove_prefix(word.size());
  }
  return trimmed(rest);
}

bool is_or(std::string_view condition) {
  const auto statement = query::parse_condition(condition);
  return statement && statement->where && statement->where->kind == Expression::Kind::kOr;
}

std::string target_query(std::string_view condition, ContentKind kind) {
  if (condition.empty()) return "";
  if (kind == ContentKind::kModule) {
    return "select deviceId, moduleId from devices.modules where " + std::string(behind_where(condition));
  }
  const bool all = condition == "*";
  if (kind == ContentKind::kDevice) {
    return all ? "select deviceId from devices" : "select deviceId from devices where " + std::string(condition);
  }
  const std::string edge = "select deviceId from devices where capabilities.iotEdge = true";
  if (all) return edge;
  return edge + " and " + (is_or(condition) ? "(" + std::string(condition) + ")" : std::string(condition));
}

}  // namespace

HubResult<Target> compile_target(std::string_view condition, ContentKind kind) {
  Target out;
  condition = trimmed(condition);
  if (condition.empty()) return out;
  auto statement = query::parse_condition(condition);
  if (!statement) return fail(invalid(query::describe(statement.error(), condition)));
  const Collection wanted = kind == ContentKind::kModule ? Collection::kModules : Collection::kDevices;
  if (statement->collection != wanted) {
    return fail(invalid(kind == ContentKind::kModule ? "no FROM devices.modules WHERE" : "FROM devices.modules"));
  }
  if (statement->where) {
    const auto aspects = aspects_of(*statement->where, wanted);
    if (!aspects) return fail(aspects.error());
    out.reads = *aspects;
  }
  out.statement = *std::move(statement);
  return out;
}

std::vector<std::pair<std::string, std::string>> system_metric_queries(std::string_view id, std::string_view condition,
                                                                       ContentKind kind) {
  const std::string applied = "configurations.[[" + std::string(id) + "]].status = 'Applied'";
  std::vector<std::pair<std::string, std::string>> out = {{"targetedCount", target_query(trimmed(condition), kind)}};
  if (kind == ContentKind::kDevice) {
    out.emplace_back("appliedCount", "select deviceId from devices where " + applied);
  } else if (kind == ContentKind::kModule) {
    out.emplace_back("appliedCount", "select deviceId, moduleId from devices.modules where " + applied);
  } else {
    const std::string agents = "select deviceId from devices.modules where moduleId = '$edgeAgent' and " + applied;
    const std::string reported = agents +
                                 " and properties.desired.$version = properties.reported.lastDesiredVersion and "
                                 "properties.reported.lastDesiredStatus.code ";
    out.emplace_back("appliedCount", agents);
    out.emplace_back("reportedSuccessfulCount", reported + "= 200");
    out.emplace_back("reportedFailedCount", reported + "!= 200");
  }
  return out;
}

}  // namespace nave::hub
