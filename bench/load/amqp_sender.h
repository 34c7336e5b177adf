// An AMQP client with one session and one sending link, logged in with SASL PLAIN. It speaks with the hub's codec: what
// is measured is the hub, not the client.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "bench/load/stream.h"
#include "wire/amqp/frame.h"
#include "wire/amqp/output.h"

namespace nave::bench {

class AmqpSender : public Stream {
 public:
  // Deliveries count from 0.
  using Accepted = std::function<void(unsigned number, uint32_t delivery)>;
  struct Login {
    std::string user;
    std::string token;
  };

  AmqpSender(Loop& loop, const Options& options, uint16_t port, unsigned number, Login login, std::string target,
             Accepted accepted);

  // An encoded message; kept until there is credit. Anything but `accepted` ends the program.
  void send(std::string message);
  [[nodiscard]] bool running() const override { return is_secure() && limit() > 0; }

 private:
  void on_secure() override;
  void on_bytes(std::string& in) override;
  void on_frame(const wire::amqp::Frame& frame);
  void attach();
  void transfer(std::string_view message);
  // What the link's credit and the session's window allow to send in all.
  [[nodiscard]] uint32_t limit() const { return credit_end_ < window_end_ ? credit_end_ : window_end_; }
  void queue_output();

  const Options& options_;
  Login login_;
  std::string target_;
  Accepted accepted_;
  wire::amqp::Output output_;
  uint32_t sent_ = 0;
  uint32_t credit_end_ = 0;
  uint32_t window_end_ = 0;
  std::deque<std::string> waiting_;
};

}  // namespace nave::bench
