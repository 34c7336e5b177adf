#include "hub/c2d/feedback_json.h"

#include <string_view>

namespace nave::hub {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out += '"';
  out += name;
  out += "\":\"";
  for (const char c : value) out += c < 32 || c > 126 || c == '"' || c == '\\' ? '?' : c;
  out += '"';
}

}  // namespace

std::string feedback_json(const std::vector<StoredFeedback>& records) {
  std::string out = "[";
  for (const StoredFeedback& record : records) {
    const Feedback& f = record.feedback;
    out += out.size() > 1 ? ",{" : "{";
    append_member(out, "originalMessageId", f.message_id);
    out += ',';
    append_member(out, "enqueuedTimeUtc", format_iso8601_fixed(f.enqueued));
    out += ',';
    append_member(out, "statusCode", name_of(f.status));
    out += ',';
    append_member(out, "description", description_of(f.status));
    out += ',';
    append_member(out, "deviceId", f.device);
    out += ',';
    append_member(out, "deviceGenerationId", f.generation_id);
    out += '}';
  }
  return out + "]";
}

}  // namespace nave::hub
