// The WebSocket between an upgraded HTTPS connection and the protocol inside it: a Handler to the connection, a
// Transport to the protocol.
#pragma once

#include <memory>

#include "net/transport.h"
#include "net/ws_codec.h"

namespace nave::net {

class WsTransport final : public Handler, public Transport {
 public:
  explicit WsTransport(std::unique_ptr<Handler> inner) : inner_(std::move(inner)) {}

  void on_open(Transport& transport) override;
  void on_bytes(ByteView bytes) override;
  void on_drained() override;
  void on_closed(CloseReason reason) override;

  void send(ByteView bytes) override;
  void close() override;
  void abort() override;
  void pause_reading() override { outer_->pause_reading(); }
  void resume_reading() override { outer_->resume_reading(); }
  [[nodiscard]] size_t unsent_bytes() const override { return outer_->unsent_bytes(); }
  [[nodiscard]] const PeerInfo& peer() const override { return outer_->peer(); }
  [[nodiscard]] const ShardContext& shard() const override { return outer_->shard(); }

 private:
  void end(WsCloseCode code);

  Transport* outer_ = nullptr;
  std::unique_ptr<Handler> inner_;
  WsDecoder decoder_;
  CloseReason reason_ = CloseReason::kLocal;  // why we closed the outer transport, if we did
  bool ended_ = false;                        // a close frame was sent, or the transport aborted
};

}  // namespace nave::net
