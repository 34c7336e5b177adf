#include "front/http/state_routes.h"

#include <utility>

#include "base/limits.h"
#include "base/url.h"
#include "front/http/path.h"

namespace nave::front::http {
namespace {

constexpr const char* kContinuation = "x-nave-continuation";
constexpr const char* kLinesType = "application/x-ndjson; charset=utf-8";

void export_page(hub::StateService& state, Call call) {
  std::string from = query_parameter(call.request.query(), "from").value_or("");
  state.export_page(std::move(from), call.shard.executor,
                    [reply = std::move(call.reply)](hub::HubResult<hub::StatePage> page) mutable {
                      if (!page) return reply.error(page.error());
                      Headers headers;
                      if (!page->continuation.empty())
                        headers.emplace_back(kContinuation, percent_encode(page->continuation));
                      reply.text(200, kLinesType, std::move(page->lines), std::move(headers));
                    });
}

json::Object document(const hub::StateImport& done) {
  json::Array problems;
  for (const hub::StateImport::Problem& p : done.problems) {
    json::Object problem;
    problem.append("line", p.line);
    problem.append("errorStatus", p.text);
    problems.emplace_back(std::move(problem));
  }
  json::Object out;
  out.append("created", done.created);
  out.append("replaced", done.replaced);
  out.append("policies", done.policies);
  out.append("configurations", done.configurations);
  out.append("problems", std::move(problems));
  return out;
}

void import_lines(hub::StateService& state, Call call) {
  state.import_lines(std::move(call.request.body), call.shard.executor,
                     [reply = std::move(call.reply)](hub::HubResult<hub::StateImport> done) mutable {
                       if (!done) return reply.error(done.error());
                       reply.json(200, document(*done));
                     });
}

}  // namespace

std::vector<Route> state_routes(hub::StateService& state) {
  using enum auth::Right;
  const std::vector<auth::Right> every{kRegistryRead, kRegistryWrite, kServiceConnect, kDeviceConnect};
  const auto get = [&state](Call call) { export_page(state, std::move(call)); };
  const auto put = [&state](Call call) { import_lines(state, std::move(call)); };
  return {
      {.method = "GET", .pattern = "nave/state", .any_of = every, .handler = get, .needs_all = true},
      {.method = "POST",
       .pattern = "nave/state",
       .any_of = every,
       .handler = put,
       .body_bytes_max = limits::kHttpBulkBodyBytesMax,
       .needs_all = true},
  };
}

}  // namespace nave::front::http
