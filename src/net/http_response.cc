#include "net/http_response.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

#include "base/url.h"
#include "net/http_tokens.h"

namespace nave::net {
namespace {

constexpr std::array<std::pair<int, std::string_view>, 37> kReasons = {{
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Request Entity Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {422, "Unprocessable Entity"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
}};

std::string_view reason_of(int status) {
  const auto it = std::ranges::find(kReasons, status, &std::pair<int, std::string_view>::first);
  return it == kReasons.end() ? "Unknown" : it->second;  // some clients need a reason phrase that is not empty
}

bool is_written_here(std::string_view name) {
  return equals_ignore_case(name, "Content-Length") || equals_ignore_case(name, "Connection") ||
         equals_ignore_case(name, "Transfer-Encoding") || equals_ignore_case(name, "Date");
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  // Values may come from a device (application properties): they must not be able to begin a new line.
  const size_t at = out.size();
  out += value;
  std::ranges::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(at), out.end(),
      [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  out += "\r\n";
}

// RFC 9110 §5.6.7, e.g. "Sun, 22 Nov 2026 21:07:00 GMT".
std::string http_date(UtcTime now) {
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(now - day));
  std::array<char, 40> text{};
  const int n = std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                              kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                              kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                              static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                              static_cast<int>(time.seconds().count()));
  return {text.data(), static_cast<size_t>(n)};
}

}  // namespace

void append_http_response(std::string& out, const HttpResponse& response, UtcTime now, HttpResponseOptions options) {
  const bool bodiless = response.status < 200 || response.status == 204 || response.status == 304;
  out += "HTTP/1.1 " + std::to_string(response.status) + " ";
  out += reason_of(response.status);
  out += "\r\n";
  for (const auto& [name, value] : response.headers) {
    if (is_http_token(name) && !is_written_here(name)) append_header(out, name, value);
  }
  append_header(out, "Date", http_date(now));
  if (!bodiless) append_header(out, "Content-Length", std::to_string(response.length.value_or(response.body.size())));
  if (options.close) append_header(out, "Connection", "close");
  out += "\r\n";
  if (!bodiless && !options.head) out += response.body;
}

HttpResponse http_error(int status, std::string_view text) {
  HttpResponse out;
  out.status = status;
  out.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  out.body = R"({"Message":"ErrorCode:)";
  out.body += status < 500 ? "ArgumentInvalid;" : "ServerError;";
  out.body += text;
  out.body += R"(","ExceptionMessage":""})";
  return out;
}

}  // namespace nave::net
