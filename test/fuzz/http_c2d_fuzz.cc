// Cloud-to-device messages as a back end may send them over HTTP, and the locks that a device may name. Lines until an
// empty one are headers, the rest is the body; what is taken is what comes out at the device's end.
#include <algorithm>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "front/http/c2d_message.h"
#include "front/http/locked_call.h"
#include "front/http/telemetry_request.h"
#include "hub/c2d/feedback_json.h"
#include "hub/c2d/rules.h"
#include "json/parse.h"

namespace {

using namespace nave;

net::HttpRequest request_of(std::string_view text) {
  net::HttpRequest out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) break;
    const size_t colon = std::min(line.find(':'), line.size());
    out.headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 1, line.size())));
  }
  out.body = text;
  return out;
}

void check_feedback(const hub::CommandWrite& write) {
  hub::StoredFeedback feedback;
  feedback.feedback.message_id = write.head.message_id;
  const std::string text = hub::feedback_json({feedback});
  NAVE_CHECK(json::parse(text).has_value(), "feedback is JSON");
  for (const char c : text) NAVE_CHECK(c >= 32 && c <= 126 && c != '\\', "feedback is plain ASCII");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const net::HttpRequest request = request_of({reinterpret_cast<const char*>(data), size});
  for (const auto& [name, value] : request.headers) {
    const auto lock = front::http::lock_of(request, value);
    if (lock) NAVE_CHECK(hub::LockToken::parse(lock->text()) == *lock, "a lock's text means that lock");
  }
  front::http::TelemetryRequestReader reader;
  hub::EventView message;
  if (!front::http::read_c2d_message(request, reader, message)) return 0;
  const UtcTime now = from_unix_ms(1'786'784'856'000);
  const auto write = hub::accept_message({"d", ""}, message, now, 1000);
  if (!write) return 0;
  NAVE_CHECK(write->head.expires > now, "nothing is taken that has expired");
  hub::EventView kept;
  NAVE_CHECK(hub::decode_event(write->record, kept), "what is kept can be read");
  NAVE_CHECK(kept.body == request.body, "the body is kept");
  NAVE_CHECK(kept.find(hub::SystemProperty::kTo).has_value(), "there is always a to");
  hub::C2dDelivery delivery;
  (void)front::http::c2d_headers(delivery, kept);
  check_feedback(*write);
  return 0;
}
