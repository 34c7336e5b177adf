// HTTP requests from a hostile client. The first byte chooses how the rest is split; every split must parse alike.
#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/check.h"
#include "base/limits.h"
#include "net/http_parser.h"
#include "net/ws_handshake.h"

namespace {

using nave::net::HttpParser;
using nave::net::HttpRequest;

struct Outcome {
  HttpParser::Status status = HttpParser::Status::kNeedMore;
  std::optional<HttpRequest> request;
};

Outcome parse(std::string_view bytes, size_t step) {
  HttpParser parser;
  std::string buffer;
  Outcome out;
  while (!bytes.empty() && out.status == HttpParser::Status::kNeedMore) {
    buffer += bytes.substr(0, step);
    bytes.remove_prefix(std::min(step, bytes.size()));
    size_t consumed = 0;
    out.status = parser.feed(buffer, consumed);
    NAVE_CHECK(consumed <= buffer.size(), "consumed more than there was");
    buffer.erase(0, consumed);
    if (out.status != HttpParser::Status::kHead) continue;
    parser.set_body_limit(nave::limits::kHttpBodyBytesMax);
    out.status = parser.feed(buffer, consumed);
    NAVE_CHECK(out.status != HttpParser::Status::kHead, "the head comes once");
    buffer.erase(0, consumed);
  }
  if (out.status == HttpParser::Status::kFailed) NAVE_CHECK(parser.error_status() >= 400, "a failure has a status");
  if (out.status == HttpParser::Status::kDone) out.request = parser.take_request();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = parse(bytes, SIZE_MAX);
  const Outcome split = parse(bytes, size_t{data[0]} + 1);
  NAVE_CHECK(whole.request.has_value() == split.request.has_value(), "a split changes whether it is a request");
  if (!whole.request) return 0;
  NAVE_CHECK(whole.request->target == split.request->target && whole.request->body == split.request->body &&
                 whole.request->headers == split.request->headers,
             "a split changes the request");
  NAVE_CHECK(whole.request->body.size() <= nave::limits::kHttpBodyBytesMax, "body beyond the limit");
  if (nave::net::is_ws_upgrade(*whole.request)) (void)nave::net::parse_ws_offer(*whole.request);
  return 0;
}
