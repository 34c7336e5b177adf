#include "sim/actors/http_client.h"

#include <charconv>

namespace nave::sim {
namespace {

// The value of a header, spelled as the server spells it; empty if there is none.
std::string header(std::string_view head, std::string_view name) {
  const std::string line = "\r\n" + std::string(name) + ": ";
  const size_t at = head.find(line);
  if (at == std::string_view::npos) return "";
  const size_t begin = at + line.size();
  return std::string(head.substr(begin, head.find("\r\n", begin) - begin));
}

}  // namespace

void HttpClient::request(const std::string& method, const std::string& target, const std::string& token,
                         const std::string& body, Headers headers, Reply reply) {
  if (!socket_) {
    in_.clear();
    socket_ = stage_.network.connect(Network::Port::kHttps, *this);
  }
  std::string text = method + " " + target + " HTTP/1.1\r\nHost: " + stage_.info.host_name +
                     "\r\nAuthorization: " + token + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
  what_ = method + " " + target;
  stage_.scheduler.note("request", what_);
  reply_ = std::move(reply);
  since_us_ = stage_.scheduler.now();
  socket_->peer_send(text + "\r\n" + body);
}

void HttpClient::drop() {
  if (const auto socket = std::exchange(socket_, nullptr)) socket->peer_close();
  finish({});
}

void HttpClient::vanish() {
  if (const auto socket = std::exchange(socket_, nullptr)) socket->peer_vanish();
  finish({});
}

void HttpClient::check_time() {
  constexpr int64_t kAnswerUs = 30 * kS;
  if (busy() && socket_ && socket_->is_served() && stage_.scheduler.now() - since_us_ > kAnswerUs) {
    stage_.scheduler.fail("no answer to " + what_);
  }
}

void HttpClient::on_disconnected() {
  socket_.reset();
  finish({});
}

void HttpClient::on_data(ByteView bytes) {
  in_.append(bytes);
  while (take_answer()) {
  }
}

bool HttpClient::take_answer() {
  const size_t end = in_.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  const std::string head = in_.substr(0, end + 2);
  size_t length = 0;
  const std::string text = header(head, "Content-Length");
  std::from_chars(text.data(), text.data() + text.size(), length);
  if (in_.size() < end + 4 + length) return false;
  HttpAnswer answer{std::atoi(head.c_str() + 9), header(head, "ETag"), in_.substr(end + 4, length)};
  in_.erase(0, end + 4 + length);
  if (!busy()) {
    stage_.scheduler.fail("a second answer to " + what_);
    return false;
  }
  stage_.scheduler.note("answer", static_cast<uint64_t>(answer.status));
  finish(std::move(answer));
  return true;
}

void HttpClient::finish(std::optional<HttpAnswer> answer) {
  if (Reply reply = std::exchange(reply_, {})) reply(std::move(answer));
}

}  // namespace nave::sim
