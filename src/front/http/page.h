// Pages of rows: what a request asks for and how one is sent (reference/service-rest.md §13).
#pragma once

#include <cstddef>

#include "front/http/reply.h"
#include "hub/query/service.h"
#include "net/http.h"

namespace nave::front::http {

// From x-ms-max-item-count; what is no count is 0, the default.
[[nodiscard]] size_t page_rows(const net::HttpRequest& request);
// From x-ms-continuation; empty: the first page.
[[nodiscard]] std::string continuation(const net::HttpRequest& request);

void send_page(Reply& reply, hub::HubResult<hub::QueryPage> page);

}  // namespace nave::front::http
