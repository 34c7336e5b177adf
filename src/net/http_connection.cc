#include "net/http_connection.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "net/http_response.h"
#include "net/ws_handshake.h"

namespace nave::net {

// The promise to answer one request (HttpResponder).
class HttpConnection::Responder {
 public:
  explicit Responder(std::shared_ptr<HttpConnection*> connection) : connection_(std::move(connection)) {}
  Responder(Responder&&) noexcept = default;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;
  Responder& operator=(Responder&&) = delete;
  ~Responder() {
    if (connection_) (*this)(http_error(500, "the request was not answered"));
  }

  void operator()(HttpResponse response) {
    const auto connection = std::exchange(connection_, nullptr);
    if (connection && *connection != nullptr) (*connection)->answer(std::move(response));
  }

 private:
  std::shared_ptr<HttpConnection*> connection_;  // null once answered
};

HttpConnection::HttpConnection(HttpHandler& http, std::shared_ptr<const WsUpgrader> upgrade)
    : http_(http), upgrade_(std::move(upgrade)), self_(std::make_shared<HttpConnection*>(this)) {}

HttpConnection::~HttpConnection() {
  *self_ = nullptr;
}

void HttpConnection::on_open(Transport& transport) {
  transport_ = &transport;
  transport.shard().timers.arm(*this, limits::kHttpIdleMs);
}

void HttpConnection::on_bytes(ByteView bytes) {
  if (ws_) return ws_->on_bytes(bytes);
  if (closing_) return;
  buffer_ += bytes;
  process();
}

void HttpConnection::on_drained() {
  if (ws_) return ws_->on_drained();
  process();
}

void HttpConnection::on_closed(CloseReason reason) {
  *self_ = nullptr;
  closing_ = true;
  cancel();
  if (ws_) ws_->on_closed(reason);
}

void HttpConnection::on_timer() {
  if (parser_) {
    log::write_limited(log::Level::kInfo, log::Category::kConnections, "http-slow",
                       "HTTP request did not arrive in time", {{"address", transport_->peer().address}});
  }
  closing_ = true;
  transport_->close();
}

// A peer that does not read its answers gets no further ones made.
bool HttpConnection::can_process() const {
  return !closing_ && !ws_ && !answering_ && transport_->unsent_bytes() <= limits::kUnsentBytesHigh;
}

void HttpConnection::process() {
  // Answering at once ends up here again; the loop below goes on instead.
  if (std::exchange(processing_, true)) return;
  while (can_process() && process_one()) {
  }
  processing_ = false;
  update_reading();
}

void HttpConnection::update_reading() {
  if (closing_ || ws_) return;
  const bool pause = !can_process() && !buffer_.empty();
  if (pause == paused_) return;
  paused_ = pause;
  pause ? transport_->pause_reading() : transport_->resume_reading();
}

bool HttpConnection::process_one() {
  if (!parser_) begin_request();
  if (!parser_) return false;
  size_t consumed = 0;
  const HttpParser::Status status = parser_->feed(buffer_, consumed);
  buffer_.erase(0, consumed);
  switch (status) {
    case HttpParser::Status::kNeedMore:
      if (parser_->wants_continue() && !std::exchange(continued_, true)) {
        transport_->send("HTTP/1.1 100 Continue\r\n\r\n");
      }
      return false;
    case HttpParser::Status::kFailed:
      refuse(parser_->error_status(), parser_->error_text());
      return false;
    case HttpParser::Status::kDone:
      break;
  }
  dispatch();
  return true;
}

// Line ends between requests are skipped (RFC 9112 §2.2): old clients send one after a body.
void HttpConnection::begin_request() {
  buffer_.erase(0, std::min(buffer_.find_first_not_of("\r\n"), buffer_.size()));
  if (buffer_.empty()) {
    std::string().swap(buffer_);
    return;
  }
  parser_ = std::make_unique<HttpParser>();
  continued_ = false;
  transport_->shard().timers.arm(*this, limits::kHttpRequestArrivalMs);
}

void HttpConnection::dispatch() {
  HttpRequest request = parser_->take_request();
  request.peer = transport_->peer();
  keep_alive_ = parser_->keep_alive();
  answer_is_head_ = parser_->is_head();
  parser_.reset();
  cancel();
  if (is_ws_upgrade(request)) return upgrade(request);
  answering_ = true;
  http_.handle(std::move(request), transport_->shard(), Responder(self_));
}

void HttpConnection::upgrade(const HttpRequest& request) {
  const auto offer = parse_ws_offer(request);
  if (!offer) return refuse(400, offer.error());
  auto accepted = *upgrade_ ? (*upgrade_)(request.path(), offer->subprotocols, transport_->shard()) : std::nullopt;
  if (!accepted || !accepted->handler) return refuse(400, "no such WebSocket path or sub-protocol");
  transport_->send(ws_accept_response(offer->key, accepted->subprotocol));
  if (std::exchange(paused_, false)) transport_->resume_reading();
  ws_ = std::make_unique<WsTransport>(std::move(accepted->handler));
  const std::string early = std::exchange(buffer_, {});
  ws_->on_open(*transport_);
  if (!early.empty()) ws_->on_bytes(early);
}

void HttpConnection::answer(HttpResponse response) {
  const bool close = response.close || !keep_alive_;
  std::string out;
  append_http_response(out, response, transport_->shard().clock.utc(), {.head = answer_is_head_, .close = close});
  transport_->send(out);
  answering_ = false;
  if (close) {
    closing_ = true;
    transport_->close();
    return;
  }
  transport_->shard().timers.arm(*this, limits::kHttpIdleMs);
  process();
}

void HttpConnection::refuse(int status, std::string_view text) {
  log::write_limited(log::Level::kInfo, log::Category::kConnections, "http-refused", "HTTP request refused",
                     {{"address", transport_->peer().address}, {"status", status}, {"reason", std::string(text)}});
  keep_alive_ = false;
  answer_is_head_ = false;
  answer(http_error(status, text));
}

}  // namespace nave::net
