#include "hub/job/request.h"

#include <algorithm>

#include "base/limits.h"
#include "base/url.h"
#include "hub/device/ids.h"
#include "hub/job/limits.h"
#include "hub/twin/validate.h"
#include "json/parse.h"
#include "json/write.h"
#include "query/parser.h"

namespace nave::hub {
namespace {

auto invalid(std::string text) {
  return fail(Error(ErrorCode::kArgumentInvalid, std::move(text)));
}

// null counts as absent.
const json::Value* given(const json::Object& body, std::string_view name) {
  const json::Value* const value = body.find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

HubResult<void> check_id(std::string_view id, const json::Object& body) {
  if (!is_valid_id(id)) return invalid("The job id is not valid");
  const json::Value* const in_body = given(body, "jobId");
  if (in_body == nullptr) return {};
  const std::string* text = in_body->if_string();
  if (const json::Number* n = in_body->if_number()) text = &n->text;  // Node passes on what it was given
  if (text != nullptr && *text == id) return {};
  return invalid("jobId must be the one of the address");
}

HubResult<JobType> read_type(const json::Object& body) {
  const json::Value* const type = given(body, "type");
  if (type != nullptr && type->if_string() != nullptr) {
    if (const auto known = job_type_of(*type->if_string())) return *known;
  }
  return fail(Error(ErrorCode::kGenericBadRequest, "type must be scheduleUpdateTwin or scheduleDeviceMethod"));
}

bool is_too_long(std::string_view utf8) {
  const auto characters =
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return static_cast<size_t>(characters) > query::kQueryCharsMax;
}

HubResult<std::string> read_condition(const json::Object& body) {
  const json::Value* const condition = given(body, "queryCondition");
  if (condition == nullptr) return fail(Error(ErrorCode::kArgumentNull, "queryCondition is missing"));
  if (condition->if_string() == nullptr) return invalid("queryCondition must be a string");
  // Not ArgumentInvalid, as for a query: the service answers so.
  if (is_too_long(*condition->if_string())) {
    return fail(Error(ErrorCode::kPreconditionFailed,
                      "queryCondition is longer than " + std::to_string(query::kQueryCharsMax) + " characters"));
  }
  return *condition->if_string();
}

HubResult<UtcTime> read_start(const json::Object& body) {
  const json::Value* const start = given(body, "startTime");
  if (start == nullptr) return kNever;
  const auto time = start->if_string() == nullptr ? std::optional<UtcTime>() : parse_iso8601(*start->if_string());
  if (!time) return invalid("startTime must be a date and time");
  return *time;
}

HubResult<int64_t> read_execution_time(const json::Object& body) {
  const json::Value* const seconds = given(body, "maxExecutionTimeInSeconds");
  if (seconds == nullptr) return kJobExecutionSecondsDefault;
  const auto n = seconds->to_int64();
  if (n && *n == 0) return kJobExecutionSecondsDefault;  // a C# TimeSpan that nobody set
  if (n && *n > 0) return std::min(*n, kJobExecutionSecondsMax);
  return invalid("maxExecutionTimeInSeconds must be a positive whole number");
}

HubResult<void> check_section(const std::optional<json::Object>& section, TwinPart part) {
  if (!section) return {};
  if (auto ok = check_patch_size(*section, part); !ok) return ok;
  return check_twin_values(*section, part);
}

// {"etag":"*","tags":…,"properties":{"desired":…}}: only what counts of the document that was sent.
HubResult<std::string> read_twin(const json::Object& body) {
  const json::Value* const twin = given(body, "updateTwin");
  if (twin == nullptr) return fail(Error(ErrorCode::kArgumentNull, "updateTwin is missing"));
  const json::Object* const object = twin->if_object();
  if (object == nullptr) return invalid("updateTwin must be a JSON object");
  const json::Value* const etag = object->find("etag");
  if (etag == nullptr || etag->if_string() == nullptr || *etag->if_string() != "*") {
    return invalid("Missing or invalid etag for job type ScheduleUpdateTwin. The job only accepts '*' as the Etag.");
  }
  auto input = read_twin_input(*object);
  if (!input) return fail(input.error());
  HubResult<void> ok = check_section(input->tags, TwinPart::kTags);
  if (ok) ok = check_section(input->desired, TwinPart::kDesired);
  if (!ok) return fail(ok.error());
  json::Object out;
  out.append("etag", "*");
  if (input->tags) out.append("tags", *std::move(input->tags));
  if (input->clears_tags) out.append("tags", nullptr);
  json::Object properties;
  if (input->desired) properties.append("desired", *std::move(input->desired));
  if (!properties.empty()) out.append("properties", std::move(properties));
  return json::to_text(std::move(out));
}

HubResult<std::string> read_method(const json::Object& body) {
  const json::Value* const method = given(body, "cloudToDeviceMethod");
  if (method == nullptr) return fail(Error(ErrorCode::kArgumentNull, "cloudToDeviceMethod is missing"));
  if (method->if_object() == nullptr) return invalid("cloudToDeviceMethod must be a JSON object");
  const auto input = read_method_input(*method->if_object());
  if (!input) return fail(input.error());
  if (auto ok = check_method_input(*input); !ok) return fail(ok.error());
  std::string out = "{\"methodName\":";
  json::write_string(input->name, out);
  out += ",\"responseTimeoutInSeconds\":" + std::to_string(input->response_timeout_s);
  out += ",\"connectTimeoutInSeconds\":" + std::to_string(input->connect_timeout_s);
  return out + ",\"payload\":" + input->payload + "}";
}

HubResult<json::Value> parse_content(const JobOrder& order) {
  auto value = json::parse(order.content);
  if (!value || value->if_object() == nullptr) return fail(Error(ErrorCode::kServerError));
  return *std::move(value);
}

}  // namespace

HubResult<JobOrder> read_job_order(std::string_view id, const json::Object& body) {
  if (auto ok = check_id(id, body); !ok) return fail(ok.error());
  const auto type = read_type(body);
  if (!type) return fail(type.error());
  auto condition = read_condition(body);
  if (!condition) return fail(condition.error());
  const auto start = read_start(body);
  if (!start) return fail(start.error());
  const auto seconds = read_execution_time(body);
  if (!seconds) return fail(seconds.error());
  auto content = *type == JobType::kUpdateTwin ? read_twin(body) : read_method(body);
  if (!content) return fail(content.error());
  return JobOrder{std::string(id), *type, *std::move(condition), *std::move(content), kNever, *start, *seconds};
}

HubResult<void> time_job_order(JobOrder& order, UtcTime now) {
  if (order.start > now + std::chrono::hours(kJobStartHoursMax)) {
    return invalid("startTime: Must be within " + std::to_string(kJobStartHoursMax) + " hours");
  }
  order.created = now;
  order.start = std::max(order.start, now);
  return {};
}

HubResult<TwinInput> twin_input_of(const JobOrder& order) {
  const auto content = parse_content(order);
  if (!content) return fail(content.error());
  return read_twin_input(*content->if_object());
}

HubResult<MethodInput> method_input_of(const JobOrder& order) {
  const auto content = parse_content(order);
  if (!content) return fail(content.error());
  return read_method_input(*content->if_object());
}

}  // namespace nave::hub
