#include "front/http/query_routes.h"

#include <charconv>
#include <utility>

#include "hub/query/limits.h"

namespace nave::front::http {
namespace {

using hub::Error;
using hub::ErrorCode;

// What is no count asks for the default.
size_t page_rows(const net::HttpRequest& request) {
  const std::string_view text = request.header("x-ms-max-item-count").value_or("");
  size_t out = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (problem == std::errc::result_out_of_range) return hub::kQueryPageRowsMax;
  return problem == std::errc() && end == text.data() + text.size() ? out : 0;
}

void send_page(Reply& reply, hub::HubResult<hub::QueryPage> page) {
  if (!page) return reply.error(page.error());
  Headers headers = {{"x-ms-item-type", std::string(page->item_type)}};
  if (!page->continuation.empty()) headers.emplace_back("x-ms-continuation", std::move(page->continuation));
  reply.json_text(200, std::move(page->body), std::move(headers));
}

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
  hub::QueryRequest request{*std::move(text), page_rows(call.request),
                            std::string(call.request.header("x-ms-continuation").value_or(""))};
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
