// One answer on its way: puts into every response what every response carries (reference/service-rest.md §1.2).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "hub/errors.h"
#include "json/value.h"
#include "net/http.h"

namespace nave::front::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

// Move-only, used once, on the shard of the request. Destroyed unused, net answers 500.
class Reply {
 public:
  Reply(net::HttpResponder respond, const Clock& clock) : respond_(std::move(respond)), clock_(&clock) {}

  void json(int status, const json::Value& body, Headers headers = {});
  // A body that is JSON text already.
  void json_text(int status, std::string body, Headers headers = {});
  // No body: 204.
  void empty(int status, Headers headers = {});
  void text(int status, std::string content_type, std::string body, Headers headers = {});
  // E1 with the status and name of the error's row.
  void error(const hub::Error& error, Headers headers = {});
  // E3 (errors.h).
  void nested_error(const hub::Error& error);

 private:
  void send(net::HttpResponse response);
  void send_error(const hub::Error& error, std::string body, Headers headers);
  [[nodiscard]] std::string tracking() const;

  net::HttpResponder respond_;
  const Clock* clock_;
};

}  // namespace nave::front::http
