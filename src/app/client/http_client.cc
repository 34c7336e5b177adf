#include "app/client/http_client.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "base/url.h"

namespace nave::app {
namespace {

constexpr size_t kAnswerBytesMax = size_t{64} << 20;

// Reads until `enough` bytes are there; false at end of stream.
bool fill(TlsStream& stream, std::string& buffer, size_t enough, int timeout_ms) {
  while (buffer.size() < enough) {
    bool timed_out = false;
    const std::string more = stream.read(16 * 1024, timeout_ms, timed_out);
    if (timed_out) throw std::runtime_error("the hub did not answer in time");
    if (more.empty()) return false;
    buffer += more;
    if (buffer.size() > kAnswerBytesMax) throw std::runtime_error("the answer is too large");
  }
  return true;
}

void parse_head(const std::string& head, ClientResponse& response) {
  const size_t space = head.find(' ');
  if (space == std::string::npos || head.size() < space + 4) throw std::runtime_error("the answer is not HTTP");
  std::from_chars(head.data() + space + 1, head.data() + space + 4, response.status);
  size_t at = head.find("\r\n");
  while (at != std::string::npos && at + 2 < head.size()) {
    const size_t end = std::min(head.find("\r\n", at + 2), head.size());
    const std::string line = head.substr(at + 2, end - at - 2);
    if (const size_t colon = line.find(':'); colon != std::string::npos) {
      const size_t value = line.find_first_not_of(' ', colon + 1);
      response.headers[to_lower(line.substr(0, colon))] = value == std::string::npos ? "" : line.substr(value);
    }
    at = end == head.size() ? std::string::npos : end;
  }
}

}  // namespace

ClientResponse HttpClient::request(const std::string& method, const std::string& path, const ClientHeaders& headers,
                                   const std::string& body, int answer_timeout_ms) {
  TlsStream stream(target_);
  std::string text = method + " " + path + " HTTP/1.1\r\nHost: " + target_.host + "\r\n";
  for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
  const bool typed = std::ranges::any_of(headers, [](const auto& h) { return h.first == "Content-Type"; });
  if (!body.empty() && !typed) text += "Content-Type: application/json; charset=utf-8\r\n";
  text += "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
  stream.write(text);

  std::string buffer;
  size_t head_end = std::string::npos;
  while ((head_end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!fill(stream, buffer, buffer.size() + 1, answer_timeout_ms))
      throw std::runtime_error("the hub closed without an answer");
  }
  ClientResponse response;
  parse_head(buffer.substr(0, head_end), response);
  response.body = buffer.substr(head_end + 4);
  size_t length = 0;
  const std::string& announced = response.headers["content-length"];
  std::from_chars(announced.data(), announced.data() + announced.size(), length);
  if (!fill(stream, response.body, length, answer_timeout_ms)) throw std::runtime_error("the answer was cut short");
  response.body.resize(length);
  return response;
}

}  // namespace nave::app
