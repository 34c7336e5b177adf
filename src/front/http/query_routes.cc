#include "front/http/query_routes.h"

#include <utility>

#include "front/http/page.h"

namespace nave::front::http {
namespace {

using hub::Error;
using hub::ErrorCode;

hub::HubResult<std::string> text_of(const Call& call) {
  const json::Value* query = call.body.if_object()->find("query");
  if (query == nullptr || query->is_null()) return fail(Error(ErrorCode::kArgumentNull, "query is missing"));
  if (query->if_string() == nullptr) return fail(Error(ErrorCode::kArgumentInvalid, "query must be a string"));
  return *query->if_string();
}

// Ours, not Azure's: what the query would do.
void explain_query(const hub::QueryService& queries, Call call) {
  const auto text = text_of(call);
  if (!text) return call.reply.error(text.error());
  auto plan = queries.explain(*text);
  if (!plan) return call.reply.error(plan.error());
  call.reply.json(200, *std::move(plan));
}

void run_query(hub::QueryService& queries, Call call) {
  auto text = text_of(call);
  if (!text) return call.reply.error(text.error());
  hub::QueryRequest request{*std::move(text), page_rows(call.request), continuation(call.request)};
  queries.run(std::move(request), call.shard.executor,
              [reply = std::move(call.reply)](hub::HubResult<hub::QueryPage> page) mutable {
                send_page(reply, std::move(page));
              });
}

}  // namespace

std::vector<Route> query_routes(hub::QueryService& queries) {
  const std::vector<auth::Right> service{auth::Right::kServiceConnect};
  return {
      {"POST", "devices/query", service, Body::kObject, [&queries](Call call) { run_query(queries, std::move(call)); }},
      {"POST", "devices/query/explain", service, Body::kObject,
       [&queries](Call call) { explain_query(queries, std::move(call)); }},
  };
}

}  // namespace nave::front::http
