#include "front/http/page.h"

#include <charconv>
#include <utility>

#include "hub/query/limits.h"

namespace nave::front::http {

size_t page_rows(const net::HttpRequest& request) {
  const std::string_view text = request.header("x-ms-max-item-count").value_or("");
  size_t out = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (problem == std::errc::result_out_of_range) return hub::kQueryPageRowsMax;
  return problem == std::errc() && end == text.data() + text.size() ? out : 0;
}

std::string continuation(const net::HttpRequest& request) {
  return std::string(request.header("x-ms-continuation").value_or(""));
}

void send_page(Reply& reply, hub::HubResult<hub::QueryPage> page) {
  if (!page) return reply.error(page.error());
  Headers headers = {{"x-ms-item-type", std::string(page->item_type)}};
  if (!page->continuation.empty()) headers.emplace_back("x-ms-continuation", std::move(page->continuation));
  reply.json_text(200, std::move(page->body), std::move(headers));
}

}  // namespace nave::front::http
