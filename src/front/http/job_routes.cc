#include "front/http/job_routes.h"

#include <utility>

#include "front/http/page.h"
#include "front/http/path.h"
#include "hub/device/ids.h"
#include "hub/job/request.h"

namespace nave::front::http {
namespace {

using hub::Error;
using hub::ErrorCode;
using hub::HubResult;
using hub::JobService;

JobService::Reply<std::string> sender(Reply reply) {
  return [reply = std::move(reply)](HubResult<std::string> job) mutable {
    if (!job) return reply.error(job.error());
    reply.json_text(200, *std::move(job));
  };
}

void create(JobService& jobs, Call call) {
  auto order = hub::read_job_order(call.ids[0], *call.body.if_object());
  if (!order) return call.reply.error(order.error());
  jobs.create(*std::move(order), call.shard.executor, sender(std::move(call.reply)));
}

using Act = void (JobService::*)(std::string, Executor&, JobService::Reply<std::string>);

void act(JobService& jobs, Act action, Call call) {
  if (!hub::is_valid_id(call.ids[0])) {
    return call.reply.error(Error(ErrorCode::kArgumentInvalid, "The job id is not valid"));
  }
  (jobs.*action)(std::move(call.ids[0]), call.shard.executor, sender(std::move(call.reply)));
}

void list(JobService& jobs, Call call) {
  const std::string_view query = call.request.query();
  hub::JobListRequest request{query_parameter(query, "jobType").value_or(""),
                              query_parameter(query, "jobStatus").value_or(""), page_rows(call.request),
                              continuation(call.request)};
  jobs.list(
      std::move(request), call.shard.executor,
      [reply = std::move(call.reply)](HubResult<hub::QueryPage> page) mutable { send_page(reply, std::move(page)); });
}

}  // namespace

std::vector<Route> job_routes(JobService& jobs) {
  const std::vector<auth::Right> rights{auth::Right::kServiceConnect, auth::Right::kRegistryWrite};
  const auto find = [&jobs](Call call) { act(jobs, &JobService::find, std::move(call)); };
  const auto cancel = [&jobs](Call call) { act(jobs, &JobService::cancel, std::move(call)); };
  return {
      {"GET", "jobs/v2/query", rights, Body::kRaw, [&jobs](Call call) { list(jobs, std::move(call)); }},
      {"PUT", "jobs/v2/{}", rights, Body::kObject, [&jobs](Call call) { create(jobs, std::move(call)); }},
      {"GET", "jobs/v2/{}", rights, Body::kRaw, find},
      {"POST", "jobs/v2/{}/cancel", rights, Body::kRaw, cancel},
  };
}

}  // namespace nave::front::http
