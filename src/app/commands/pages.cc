#include "app/commands/pages.h"

#include <algorithm>
#include <stdexcept>

#include "json/parse.h"

namespace nave::app {
namespace {

constexpr unsigned kPageRows = 1000;

json::Array rows_of(const ClientResponse& page) {
  auto rows = json::parse(page.body, {.bytes_max = size_t{64} << 20});
  if (!rows || rows->if_array() == nullptr) throw std::runtime_error("the hub's answer is not a JSON array");
  return std::move(*rows->if_array());
}

}  // namespace

json::Array all_pages(const Target& target, const std::string& method, const std::string& path, const std::string& body,
                      unsigned top) {
  json::Array out;
  std::string continuation;
  do {
    const size_t wanted = top == 0 ? kPageRows : std::min<size_t>(kPageRows, top - out.size());
    ClientHeaders headers = {{"x-ms-max-item-count", std::to_string(wanted)}};
    if (!continuation.empty()) headers.emplace_back("x-ms-continuation", continuation);
    const ClientResponse page = call_service(target, method, path, headers, body);
    json::Array rows = rows_of(page);
    for (json::Value& row : rows) out.push_back(std::move(row));
    const auto next = page.headers.find("x-ms-continuation");
    continuation = next == page.headers.end() ? "" : next->second;
  } while (!continuation.empty() && (top == 0 || out.size() < top));
  return out;
}

}  // namespace nave::app
