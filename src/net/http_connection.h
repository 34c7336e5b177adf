// HTTP/1.1 on one connection: requests in order, one at a time, until it closes or becomes a WebSocket.
#pragma once

#include <memory>
#include <string>

#include "base/timer_wheel.h"
#include "net/http.h"
#include "net/http_parser.h"
#include "net/ws_transport.h"

namespace nave::net {

class HttpConnection final : public Handler, private Timer {
 public:
  // `http` outlives the connection; the upgrader is shared by all connections of a listener.
  HttpConnection(HttpHandler& http, std::shared_ptr<const WsUpgrader> upgrade);
  ~HttpConnection() override;

  void on_open(Transport& transport) override;
  void on_bytes(ByteView bytes) override;
  void on_drained() override;
  void on_closed(CloseReason reason) override;

 private:
  class Responder;

  void on_timer() override;  // idle for too long, or a request that does not arrive
  void process();
  [[nodiscard]] bool can_process() const;
  // False when more bytes are needed, or the connection is done with HTTP.
  [[nodiscard]] bool process_one();
  void begin_request();
  void plan_body();
  // What arrived, to its taker.
  void pass_piece();
  void dispatch();
  void upgrade(const HttpRequest& request);
  void answer(HttpResponse response);
  void answered(bool close);
  void pump();
  void on_piece(std::optional<std::string> piece);
  void refuse(int status, std::string_view text);
  void update_reading();

  HttpHandler& http_;
  std::shared_ptr<const WsUpgrader> upgrade_;
  Transport* transport_ = nullptr;
  // Lets a responder find out that the connection is gone: shared with it, set to null by on_closed().
  std::shared_ptr<HttpConnection*> self_;
  std::string buffer_;                      // received, not yet parsed
  std::unique_ptr<HttpParser> parser_;      // while a request arrives
  std::unique_ptr<WsTransport> ws_;         // after an upgrade
  std::unique_ptr<HttpBodyTaker> taker_;    // of a body that arrives in pieces
  std::unique_ptr<HttpBodySource> source_;  // of a body that leaves in pieces
  uint64_t source_left_ = 0;
  bool source_asked_ = false;
  bool pumping_ = false;
  bool close_after_source_ = false;
  bool body_open_ = false;  // taker_ has not had all of it
  bool taker_full_ = false;
  bool answering_ = false;  // a request is with http_
  bool answer_is_head_ = false;
  bool keep_alive_ = true;
  bool continued_ = false;
  bool processing_ = false;
  bool paused_ = false;
  bool closing_ = false;
};

}  // namespace nave::net
