#include "hub/configuration/input.h"

#include <algorithm>

#include "base/limits.h"
#include "base/url.h"
#include "hub/configuration/limits.h"
#include "hub/configuration/target.h"
#include "hub/device/etag.h"
#include "json/parse.h"
#include "json/write.h"
#include "query/parser.h"

namespace nave::hub {
namespace {

using json::Member;
using json::Object;
using json::Value;

Error invalid(const std::string& why) {
  return {ErrorCode::kArgumentInvalid, why};
}

// nullptr: missing or null.
const Value* member(const Object& body, std::string_view name) {
  const Value* const value = body.find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

HubResult<std::optional<std::string>> read_text(const Object& body, const char* name, size_t bytes_max) {
  const Value* const value = member(body, name);
  if (value == nullptr) return std::optional<std::string>();
  if (value->if_string() == nullptr) return fail(invalid(std::string(name) + " must be a string"));
  if (value->if_string()->size() > bytes_max) return fail(invalid(std::string(name) + " is too long"));
  return std::optional<std::string>(*value->if_string());
}

HubResult<int64_t> read_priority(const Object& body) {
  const Value* const value = member(body, "priority");
  if (value == nullptr) return 0;
  const auto number = value->to_int64();
  if (!number || *number < 0 || *number > INT32_MAX) return fail(invalid("priority must be an integer from 0 on"));
  return *number;
}

HubResult<std::string> read_labels(const Object& body) {
  const Value* const value = member(body, "labels");
  if (value == nullptr) return std::string();
  const Object* const labels = value->if_object();
  const auto is_text = [](const Member& m) { return m.value.if_string() != nullptr; };
  if (labels == nullptr || !std::all_of(labels->begin(), labels->end(), is_text)) {
    return fail(invalid("labels must be a JSON object of strings"));
  }
  return json::to_text(*value);
}

Error bad_metric(const std::string& why) {
  return {ErrorCode::kInvalidConfigurationCustomMetricsQuery, why};
}

// Anything that means to be a query is kept, whether it can be read or not: testQueries tells.
bool begins_as_query(std::string_view text) {
  constexpr std::string_view kSelect = "select";
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && equals_ignore_case(text.substr(begin, kSelect.size()), kSelect);
}

HubResult<std::string> read_metrics(const Object& body) {
  const Value* const metrics = member(body, "metrics");
  if (metrics == nullptr) return std::string("{}");
  if (metrics->if_object() == nullptr) return fail(bad_metric("metrics must be a JSON object"));
  const Value* const queries = member(*metrics->if_object(), "queries");
  if (queries == nullptr) return std::string("{}");
  if (queries->if_object() == nullptr) return fail(bad_metric("metrics.queries must be a JSON object"));
  if (queries->if_object()->size() > kConfigurationMetricsMax) {
    return fail(bad_metric("A configuration has at most 5 custom metrics"));
  }
  for (const Member& m : *queries->if_object()) {
    const std::string* const text = m.value.if_string();
    if (m.name.empty() || text == nullptr || text->size() > query::kQueryCharsMax || !begins_as_query(*text)) {
      return fail(bad_metric("A custom metric must be a query"));
    }
  }
  return json::to_text(*queries);
}

HubResult<void> read_texts(const Object& body, Configuration& out) {
  auto schema = read_text(body, "schemaVersion", kConfigurationTextBytesMax);
  if (!schema) return fail(schema.error());
  auto type = read_text(body, "contentType", kConfigurationTextBytesMax);
  if (!type) return fail(type.error());
  auto condition = read_text(body, "targetCondition", query::kQueryCharsMax);
  if (!condition) return fail(Error(ErrorCode::kInvalidConfigurationTargetCondition, condition.error().message));
  out.schema_version = *std::move(schema);
  out.content_type = *std::move(type);
  out.target_condition = std::move(*condition).value_or("");
  return {};
}

Value parsed(const std::string& text) {
  if (text.empty()) return {};
  return json::parse(text).value_or(Value());
}

Object results_of(const std::map<std::string, uint64_t>& results) {
  Object out;
  for (const auto& [name, count] : results) out.append(name, count);
  return out;
}

Object metrics_of(Object results, Value queries) {
  Object out;
  out.append("results", std::move(results));
  out.append("queries", std::move(queries));
  return out;
}

}  // namespace

bool is_valid_configuration_id(std::string_view id) {
  constexpr std::string_view kMarks = "-+%_*!'";
  return !id.empty() && id.size() <= limits::kIdCharsMax && std::all_of(id.begin(), id.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || kMarks.find(c) != std::string_view::npos;
  });
}

HubResult<Configuration> read_configuration(const std::string& id, const Object& body) {
  Configuration out;
  out.id = id;
  const Value* const given = member(body, "id");
  if (given != nullptr && (given->if_string() == nullptr || *given->if_string() != id)) {
    return fail(invalid("The id of the body is not that of the path"));
  }
  const Value* const content = member(body, "content");
  if (content == nullptr || content->if_object() == nullptr) {
    return fail(Error(ErrorCode::kInvalidConfigurationContent, "The content of the configuration is missing"));
  }
  if (auto ok = read_content(*content->if_object()); !ok) return fail(ok.error());
  if (auto ok = read_texts(body, out); !ok) return fail(ok.error());
  auto priority = read_priority(body);
  if (!priority) return fail(priority.error());
  auto labels = read_labels(body);
  if (!labels) return fail(labels.error());
  auto metrics = read_metrics(body);
  if (!metrics) return fail(metrics.error());
  out.priority = *priority;
  out.labels = *std::move(labels);
  out.metrics = *std::move(metrics);
  out.content = content_text(*content->if_object());
  if (out.labels.size() + out.metrics.size() + out.content.size() > kConfigurationBytesMax) {
    return fail(Error(ErrorCode::kGenericRequestEntityTooLarge));
  }
  return out;
}

std::string configuration_text(const Configuration& c, ContentKind kind, const ConfigurationResults& results) {
  Object out;
  out.append("id", c.id);
  out.append("schemaVersion", c.schema_version ? Value(*c.schema_version) : Value());
  out.append("labels", parsed(c.labels));
  out.append("content", parsed(c.content));
  out.append("contentType", c.content_type ? Value(*c.content_type) : Value());
  out.append("targetCondition", c.target_condition);
  out.append("createdTimeUtc", format_iso8601(c.created));
  out.append("lastUpdatedTimeUtc", format_iso8601(c.updated));
  out.append("priority", c.priority);
  Object queries;
  for (auto& [name, text] : system_metric_queries(c.id, c.target_condition, kind)) queries.append(name, text);
  out.append("systemMetrics", metrics_of(results_of(results.system), std::move(queries)));
  out.append("metrics", metrics_of(results_of(results.custom), parsed(c.metrics)));
  out.append("etag", counter_etag_text(c.etag));
  return json::to_text(std::move(out));
}

HubResult<Object> test_configuration_queries(const Object& body) {
  Object out;
  const auto condition = read_text(body, "targetCondition", query::kQueryCharsMax);
  if (!condition) return fail(condition.error());
  if (*condition && !(*condition)->empty()) {
    const auto is_module = query::parse_condition(**condition);
    const ContentKind kind =
        is_module && is_module->collection == query::Collection::kModules ? ContentKind::kModule : ContentKind::kDevice;
    const auto target = compile_target(**condition, kind);
    if (!target) {
      out.append("targetConditionError", target.error().message);
    } else if (**condition == "*") {
      // It is one for PUT, and none here, as with the service.
      out.append("targetConditionError", "The condition that targets everything cannot be tested");
    }
  }
  const Value* const queries = member(body, "customMetricQueries");
  if (queries == nullptr) return out;
  if (queries->if_object() == nullptr) return fail(invalid("customMetricQueries must be a JSON object"));
  Object errors;
  for (const Member& m : *queries->if_object()) {
    if (m.value.if_string() == nullptr) return fail(invalid("customMetricQueries must be a JSON object of strings"));
    const auto statement = query::parse(*m.value.if_string());
    if (!statement) errors.append(m.name, query::describe(statement.error(), *m.value.if_string()));
  }
  if (!errors.empty()) out.append("customMetricQueryErrors", std::move(errors));
  return out;
}

}  // namespace nave::hub
