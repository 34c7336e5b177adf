// One HTTPS request at a time, for the command line.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "app/client/tls_stream.h"

namespace nave::app {

using ClientHeaders = std::vector<std::pair<std::string, std::string>>;

struct ClientResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

inline constexpr int kAnswerTimeoutMs = 60'000;

class HttpClient {
 public:
  explicit HttpClient(ClientTarget target) : target_(std::move(target)) {}
  // Throws std::runtime_error when there is no whole answer, or nothing arrives for `answer_timeout_ms`.
  [[nodiscard]] ClientResponse request(const std::string& method, const std::string& path, const ClientHeaders& headers,
                                       const std::string& body, int answer_timeout_ms = kAnswerTimeoutMs);

 private:
  ClientTarget target_;
};

}  // namespace nave::app
