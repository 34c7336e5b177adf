#include "hub/configuration/lines.h"

#include <future>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "json/parse.h"
#include "json/write.h"

namespace nave::hub {
namespace {

// A reply only hands its answer to the thread that waits.
class AtOnce final : public Executor {
 public:
  void post(UniqueFunction<void()> f) override { f(); }
};

// Calls `ask(executor, reply)` and waits. A reply that is dropped, because the hub stops, counts as unavailable.
template <class Answer, class Ask>
HubResult<Answer> answer_of(Ask ask) {
  AtOnce at_once;
  std::promise<HubResult<Answer>> promise;
  std::future<HubResult<Answer>> future = promise.get_future();
  ask(at_once,
      [promise = std::move(promise)](HubResult<Answer> answer) mutable { promise.set_value(std::move(answer)); });
  try {
    return future.get();
  } catch (const std::future_error&) {
    return fail(Error(ErrorCode::kServiceUnavailable));
  }
}

std::string capital(std::string_view name) {
  if (name == "etag") return "ETag";
  std::string out(name);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out;
}

std::string small(std::string_view name) {
  if (name == "ETag") return "etag";
  std::string out(name);
  if (!out.empty() && out[0] >= 'A' && out[0] <= 'Z') out[0] = static_cast<char>(out[0] - 'A' + 'a');
  return out;
}

json::Object renamed(const json::Object& object, std::string (*rename)(std::string_view)) {
  json::Object out;
  for (const json::Member& m : object) out.set(rename(m.name), m.value);
  return out;
}

// The names that the service gives, not those of users: of the configuration, its content and its two kinds of metrics.
json::Object respelled(const json::Object& configuration, std::string (*rename)(std::string_view)) {
  json::Object out = renamed(configuration, rename);
  for (const char* name : {"content", "metrics", "systemMetrics"}) {
    json::Value* inner = out.find(rename(name));
    if (inner != nullptr && inner->if_object() != nullptr) *inner = renamed(*inner->if_object(), rename);
  }
  return out;
}

}  // namespace

HubResult<std::string> LinesOfConfigurations::export_lines() {
  const auto all = answer_of<std::string>(
      [this](Executor& executor, auto reply) { configurations_.list(executor, std::move(reply)); });
  if (!all) return fail(all.error());
  const auto array = json::parse(*all, {.bytes_max = all->size()});
  if (!array || array->if_array() == nullptr) return fail(Error(ErrorCode::kServerError));
  std::string out;
  for (const json::Value& configuration : *array->if_array()) {
    if (configuration.if_object() == nullptr) continue;
    out += json::to_text(respelled(*configuration.if_object(), capital)) + '\n';
  }
  return out;
}

std::optional<Error> LinesOfConfigurations::import_line(const json::Value& line) {
  if (line.if_object() == nullptr) return Error(ErrorCode::kArgumentInvalid, "The line is not a JSON object");
  const json::Object body = respelled(*line.if_object(), small);
  const json::Value* id = body.find("id");
  if (id == nullptr || id->if_string() == nullptr || !is_valid_configuration_id(*id->if_string())) {
    return Error(ErrorCode::kArgumentInvalid, "The line has no valid configuration id");
  }
  auto configuration = read_configuration(*id->if_string(), body);
  if (!configuration) return configuration.error();
  const auto write = [&](IfMatch::Kind kind) {
    return answer_of<ConfigurationDocument>([&](Executor& executor, auto reply) {
      configurations_.put(*configuration, {kind, "", false}, executor, std::move(reply));
    });
  };
  auto written = write(IfMatch::Kind::kAny);
  if (!written && written.error().code == ErrorCode::kConfigurationNotFound) written = write(IfMatch::Kind::kAbsent);
  if (!written) return written.error();
  return {};
}

}  // namespace nave::hub
