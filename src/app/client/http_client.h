// One HTTPS request at a time, for the command line.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "app/client/tls_stream.h"

namespace nave::app {

struct ClientResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class HttpClient {
 public:
  explicit HttpClient(ClientTarget target) : target_(std::move(target)) {}
  // Throws std::runtime_error when there is no whole answer.
  [[nodiscard]] ClientResponse request(const std::string& method, const std::string& path,
                                       const std::vector<std::pair<std::string, std::string>>& headers,
                                       const std::string& body);

 private:
  ClientTarget target_;
};

}  // namespace nave::app
