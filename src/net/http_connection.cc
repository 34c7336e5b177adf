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
  pump();
  process();
}

void HttpConnection::on_closed(CloseReason reason) {
  *self_ = nullptr;
  closing_ = true;
  cancel();
  taker_.reset();
  source_.reset();
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
  return !closing_ && !ws_ && !answering_ && !taker_full_ && transport_->unsent_bytes() <= limits::kUnsentBytesHigh;
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
  if (taker_) pass_piece();
  switch (status) {
    case HttpParser::Status::kHead:
      plan_body();
      return true;
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

void HttpConnection::plan_body() {
  HttpRequest head = parser_->head();
  head.peer = transport_->peer();
  const HttpBodyPlan plan = http_.plan_body(head);
  parser_->set_body_limit(plan.bytes_max);
  if (!plan.in_pieces || is_ws_upgrade(head)) return;
  keep_alive_ = parser_->keep_alive();
  answer_is_head_ = parser_->is_head();
  body_open_ = true;
  taker_ = http_.take_body(std::move(head), transport_->shard(), Responder(self_), [self = self_] {
    HttpConnection* const connection = *self;
    if (connection != nullptr && std::exchange(connection->taker_full_, false)) connection->process();
  });
}

void HttpConnection::pass_piece() {
  const std::string piece = parser_->take_body_piece();
  if (piece.empty() || closing_) return;
  // Each piece has the time that a whole request of usual size has.
  transport_->shard().timers.arm(*this, limits::kHttpRequestArrivalMs);
  taker_full_ = !taker_->take(piece);
}

void HttpConnection::dispatch() {
  if (taker_) {
    if (closing_) return;
    parser_.reset();
    cancel();
    taker_full_ = false;
    body_open_ = false;
    answering_ = true;
    const std::unique_ptr<HttpBodyTaker> taker = std::move(taker_);
    return taker->end();
  }
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
  if (closing_) return;
  // What is left of a body that nobody takes any more cannot be told from the next request.
  const bool close = response.close || !keep_alive_ || std::exchange(body_open_, false);
  std::string out;
  append_http_response(out, response, transport_->shard().clock.utc(), {.head = answer_is_head_, .close = close});
  transport_->send(out);
  if (!response.source || answer_is_head_ || response.length.value_or(0) == 0) return answered(close);
  source_ = std::move(response.source);
  source_left_ = *response.length;
  source_asked_ = false;
  close_after_source_ = close;
  pump();
}

void HttpConnection::answered(bool close) {
  answering_ = false;
  if (close) {
    closing_ = true;
    transport_->close();
    return;
  }
  transport_->shard().timers.arm(*this, limits::kHttpIdleMs);
  process();
}

// Asks for pieces while the peer takes them.
void HttpConnection::pump() {
  if (std::exchange(pumping_, true)) return;
  while (source_ && source_left_ > 0 && !source_asked_ && !closing_ &&
         transport_->unsent_bytes() <= limits::kUnsentBytesHigh) {
    source_asked_ = true;
    transport_->shard().timers.arm(*this, limits::kHttpIdleMs);
    source_->next([self = self_](std::optional<std::string> piece) {
      if (*self != nullptr) (*self)->on_piece(std::move(piece));
    });
  }
  pumping_ = false;
  if (!source_ || source_left_ > 0 || closing_) return;
  source_.reset();
  cancel();
  answered(close_after_source_);
}

void HttpConnection::on_piece(std::optional<std::string> piece) {
  source_asked_ = false;
  if (closing_) return;
  if (!piece || piece->empty() || piece->size() > source_left_) {
    closing_ = true;
    return transport_->abort();
  }
  source_left_ -= piece->size();
  transport_->send(*piece);
  pump();
}

void HttpConnection::refuse(int status, std::string_view text) {
  log::write_limited(log::Level::kInfo, log::Category::kConnections, "http-refused", "HTTP request refused",
                     {{"address", transport_->peer().address}, {"status", status}, {"reason", std::string(text)}});
  keep_alive_ = false;
  answer_is_head_ = false;
  answer(http_error(status, text));
}

}  // namespace nave::net
