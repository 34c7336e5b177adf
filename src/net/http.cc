#include "net/http.h"

#include <algorithm>
#include <utility>

#include "base/url.h"
#include "net/http_connection.h"

namespace nave::net {

std::optional<std::string_view> HttpRequest::header(std::string_view name) const {
  const auto it = std::ranges::find_if(headers, [name](const auto& h) { return equals_ignore_case(h.first, name); });
  if (it == headers.end()) return std::nullopt;
  return it->second;
}

std::string_view HttpRequest::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view HttpRequest::query() const {
  const size_t question = target.find('?');
  return question == std::string::npos ? std::string_view() : std::string_view(target).substr(question + 1);
}

HttpBodyPlan HttpHandler::plan_body(const HttpRequest& /*head*/) const {
  return {};
}

std::unique_ptr<HttpBodyTaker> HttpHandler::take_body(HttpRequest /*head*/, const ShardContext& /*shard*/,
                                                      HttpResponder /*respond*/, UniqueFunction<void()> /*more*/) {
  return nullptr;  // a handler that plans for pieces has its own
}

HandlerFactory make_http_factory(HttpHandler& http, WsUpgrader upgrade) {
  return [&http, shared = std::make_shared<const WsUpgrader>(std::move(upgrade))](const ShardContext&) {
    return std::make_unique<HttpConnection>(http, shared);
  };
}

}  // namespace nave::net
