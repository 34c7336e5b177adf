// Takes connections from one listening socket for one shard.
#pragma once

#include "base/timer_wheel.h"
#include "net/event_loop.h"
#include "net/shard.h"
#include "net/socket.h"

namespace nave::net {

class Acceptor final : private EventSource, private Timer {
 public:
  Acceptor(Shard& shard, Socket socket, Listener& listener);
  ~Acceptor() override;

 private:
  void on_events(uint32_t events) override;
  void on_timer() override;  // accepting goes on after a pause
  // False when there is nothing more to accept now.
  bool accept_one();
  void pause(int error);
  bool admitted(const PeerAddress& peer);

  Shard& shard_;
  Listener& listener_;
  Socket socket_;
};

}  // namespace nave::net
