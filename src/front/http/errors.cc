#include "front/http/errors.h"

#include <algorithm>

#include "json/write.h"

namespace nave::front::http {

std::string error_body(const hub::Error& error, std::string_view tracking) {
  std::string text = error.message;
  std::replace(text.begin(), text.end(), ';', ',');
  json::Object body;
  body.append("Message", "ErrorCode:" + std::string(row(error.code).name) + ";" + text);
  body.append("ExceptionMessage", "Tracking ID:" + std::string(tracking));
  return json::to_text(std::move(body));
}

std::string nested_error_body(const hub::Error& error, std::string_view tracking, UtcTime now) {
  json::Object inner;
  inner.append("errorCode", row(error.code).code);
  inner.append("message", error.message);
  inner.append("trackingId", tracking);
  inner.append("timestampUtc", format_iso8601(now));
  inner.append("info", nullptr);  // anything else breaks the C# parser
  json::Object body;
  body.append("Message", json::to_text(std::move(inner)));
  body.append("ExceptionMessage", "");
  return json::to_text(std::move(body));
}

}  // namespace nave::front::http
