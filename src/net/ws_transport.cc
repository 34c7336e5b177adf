#include "net/ws_transport.h"

#include <utility>

#include "base/limits.h"
#include "base/log.h"

namespace nave::net {

void WsTransport::on_open(Transport& transport) {
  outer_ = &transport;
  inner_->on_open(*this);
}

void WsTransport::on_bytes(ByteView bytes) {
  if (ended_) return;
  // One call's worth of payload, handed on whole; kept by the thread, so that an idle connection owns no buffer.
  static thread_local std::string data;
  static thread_local std::string replies;
  data.clear();
  replies.clear();
  const auto end_seen = decoder_.feed(bytes, data, replies);
  if (!replies.empty()) outer_->send(replies);
  if (!data.empty()) inner_->on_bytes(data);
  if (!end_seen || ended_) return;
  reason_ = end_seen->by_peer ? CloseReason::kPeer : CloseReason::kProtocol;
  if (!end_seen->by_peer) {
    log::write_limited(log::Level::kInfo, log::Category::kConnections, "websocket", "WebSocket violation",
                       {{"address", peer().address}, {"code", static_cast<int>(end_seen->code)}});
  }
  end(end_seen->code);
}

void WsTransport::on_drained() {
  if (!ended_) inner_->on_drained();
}

void WsTransport::on_closed(CloseReason reason) {
  const bool ours = reason == CloseReason::kLocal;
  if (const std::unique_ptr<Handler> inner = std::move(inner_)) inner->on_closed(ours ? reason_ : reason);
}

void WsTransport::send(ByteView bytes) {
  if (ended_) return;
  static thread_local std::string frames;
  frames.clear();
  append_ws_data(frames, bytes);
  outer_->send(frames);
}

void WsTransport::close() {
  if (!ended_) end(WsCloseCode::kNormal);
}

void WsTransport::abort() {
  ended_ = true;
  outer_->abort();
}

void WsTransport::end(WsCloseCode code) {
  ended_ = true;
  std::string frame;
  append_ws_close(frame, code);
  outer_->send(frame);
  outer_->close();
}

}  // namespace nave::net
