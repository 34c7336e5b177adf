// Writes HTTP responses.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "net/http.h"

namespace nave::net {

struct HttpResponseOptions {
  bool head = false;   // answer to HEAD: the length of the body, but not the body
  bool close = false;  // announce that the connection closes
};

// Names exactly as spelled by the caller; framing headers (Content-Length, Connection, Transfer-Encoding, Date) are
// written here and dropped from the caller's. Line breaks in values become spaces.
void append_http_response(std::string& out, const HttpResponse& response, UtcTime now, HttpResponseOptions options);

// An answer of net's own, in the service's error shape (reference/device-mqtt-https.md §8.9). `text` is ours and needs
// no escaping in JSON.
[[nodiscard]] HttpResponse http_error(int status, std::string_view text);

}  // namespace nave::net
