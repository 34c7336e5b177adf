// One answer of the Blob service on its way, with the headers that every answer has.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "hub/blob/blob.h"
#include "net/http.h"

namespace nave::front::blob {

using Headers = std::vector<std::pair<std::string, std::string>>;

// Move-only, used once, on the shard of the request.
class BlobReply {
 public:
  // Takes from the request what its answer repeats.
  BlobReply(net::HttpResponder respond, const net::HttpRequest& request, const Clock& clock);

  void send(int status, Headers headers);
  void xml(std::string body);
  void error(hub::BlobError error, Headers headers = {});
  // Status, headers and body as given, with what every answer has.
  void send(net::HttpResponse response);

 private:
  net::HttpResponder respond_;
  const Clock* clock_;
  std::string version_;
  std::string client_request_id_;
  std::string request_id_;
};

[[nodiscard]] Headers change_headers(uint64_t etag, UtcTime modified);
// All that is told of a blob, but its length.
[[nodiscard]] Headers blob_headers(const hub::Blob& blob);

}  // namespace nave::front::blob
