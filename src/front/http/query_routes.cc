#include "front/http/query_routes.h"

#include <utility>

#include "front/http/page.h"

namespace nave::front::http {
namespace {

using hub::Error;
using hub::ErrorCode;

void run_query(hub::QueryService& queries, Call call) {
  const json::Value* query = call.body.if_object()->find("query");
  if (query == nullptr || query->is_null())
    return call.reply.error(Error(ErrorCode::kArgumentNull, "query is missing"));
  if (query->if_string() == nullptr)
    return call.reply.error(Error(ErrorCode::kArgumentInvalid, "query must be a string"));
  hub::QueryRequest request{*query->if_string(), page_rows(call.request), continuation(call.request)};
  queries.run(std::move(request), call.shard.executor,
              [reply = std::move(call.reply)](hub::HubResult<hub::QueryPage> page) mutable {
                send_page(reply, std::move(page));
              });
}

}  // namespace

std::vector<Route> query_routes(hub::QueryService& queries) {
  return {{"POST", "devices/query", {auth::Right::kServiceConnect}, Body::kObject, [&queries](Call call) {
             run_query(queries, std::move(call));
           }}};
}

}  // namespace nave::front::http
