#include "front/http/transfer_routes.h"

#include <utility>

namespace nave::front::http {
namespace {

void create(hub::TransferService& transfers, Call call) {
  auto job = hub::parse_transfer_job(*call.body.if_object());
  if (!job) return call.reply.error(job.error());
  transfers.create(*std::move(job), call.shard.executor,
                   [reply = std::move(call.reply)](hub::HubResult<hub::TransferJob> created) mutable {
                     if (!created) return reply.error(created.error());
                     reply.json(200, hub::transfer_job_document(*created));
                   });
}

void list(const hub::TransferService& transfers, Call call) {
  json::Array out;
  for (const hub::TransferJob& job : transfers.list()) out.emplace_back(hub::transfer_job_document(job));
  call.reply.json(200, std::move(out));
}

void show(const hub::TransferService& transfers, Call call) {
  const auto job = transfers.find(call.ids[0]);
  if (!job) return call.reply.error(job.error());
  call.reply.json(200, hub::transfer_job_document(*job));
}

void cancel(hub::TransferService& transfers, Call call) {
  if (const auto ok = transfers.cancel(call.ids[0]); !ok) return call.reply.error(ok.error());
  call.reply.empty(204);
}

}  // namespace

std::vector<Route> transfer_routes(hub::TransferService& transfers) {
  const std::vector<auth::Right> read{auth::Right::kRegistryRead};
  const std::vector<auth::Right> write{auth::Right::kRegistryWrite};
  return {
      {"POST", "jobs/create", write, Body::kObject, [&](Call call) { create(transfers, std::move(call)); }},
      {"GET", "jobs", read, Body::kRaw, [&](Call call) { list(transfers, std::move(call)); }},
      {"GET", "jobs/{}", read, Body::kRaw, [&](Call call) { show(transfers, std::move(call)); }},
      {"DELETE", "jobs/{}", write, Body::kRaw, [&](Call call) { cancel(transfers, std::move(call)); }},
  };
}

}  // namespace nave::front::http
