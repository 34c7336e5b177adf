#include "bench/load/http_client.h"

#include <cstdlib>
#include <ctime>

#include "auth/sas_token.h"
#include "base/url.h"

namespace nave::bench {
namespace {

// 0 without the header.
size_t content_length(std::string_view head) {
  constexpr std::string_view kName = "\r\ncontent-length:";
  for (size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at);
    if (line.size() > kName.size() && equals_ignore_case(line.substr(0, kName.size()), kName)) {
      return static_cast<size_t>(std::atoi(std::string(line.substr(kName.size())).c_str()));
    }
  }
  return 0;
}

}  // namespace

HttpClient::HttpClient(Loop& loop, const Options& options, unsigned number, Answered answered)
    : Stream(loop, options, options.service_port, number), answered_(std::move(answered)) {
  head_ = " HTTP/1.1\r\nHost: " + options.hub + "\r\nAuthorization: " +
          auth::make_sas(options.hub, options.service_key, std::time(nullptr) + 86400, "iothubowner") +
          "\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ";
}

void HttpClient::post(std::string_view path, std::string_view body) {
  queue("POST " + std::string(path) + head_ + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
}

void HttpClient::on_bytes(std::string& in) {
  const size_t end = in.find("\r\n\r\n");
  if (end == std::string::npos) return;
  const size_t size = end + 4 + content_length(std::string_view(in).substr(0, end));
  if (in.size() < size) return;
  const int status = std::atoi(in.substr(sizeof "HTTP/1.1", 3).c_str());
  in.erase(0, size);
  answered_(number(), status);
}

}  // namespace nave::bench
