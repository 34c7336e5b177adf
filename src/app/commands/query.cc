#include <algorithm>
#include <iostream>
#include <stdexcept>

#include "app/commands/commands.h"
#include "app/commands/output.h"
#include "json/parse.h"
#include "json/write.h"

namespace nave::app {
namespace {

constexpr unsigned kPageRows = 1000;

json::Array rows_of(const ClientResponse& page) {
  auto rows = json::parse(page.body, {.bytes_max = size_t{64} << 20});
  if (!rows || rows->if_array() == nullptr) throw std::runtime_error("the hub's answer is not a JSON array");
  return std::move(*rows->if_array());
}

}  // namespace

void run_query(const QueryOptions& o) {
  const Target target = resolve_target(o.target);
  json::Object body;
  body.append("query", argument_text(o.query));
  const std::string text = json::to_text(std::move(body));
  json::Array out;
  std::string continuation;
  do {
    const size_t wanted = o.top == 0 ? kPageRows : std::min<size_t>(kPageRows, o.top - out.size());
    ClientHeaders headers = {{"x-ms-max-item-count", std::to_string(wanted)}};
    if (!continuation.empty()) headers.emplace_back("x-ms-continuation", continuation);
    const ClientResponse page = call_service(target, "POST", "/devices/query", headers, text);
    json::Array rows = rows_of(page);
    for (json::Value& row : rows) out.push_back(std::move(row));
    const auto next = page.headers.find("x-ms-continuation");
    continuation = next == page.headers.end() ? "" : next->second;
  } while (!continuation.empty() && (o.top == 0 || out.size() < o.top));
  std::cout << shown(std::move(out), o.output);
}

}  // namespace nave::app
