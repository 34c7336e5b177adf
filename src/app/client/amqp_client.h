// A small blocking AMQP 1.0 client for the command line: SASL PLAIN, one session, receivers and senders.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "app/client/tls_stream.h"
#include "wire/amqp/performatives.h"

namespace nave::app {

// What next() saw.
struct AmqpEvent {
  enum class Kind : uint8_t { kTimeout, kMessage, kSettled, kDetached, kClosed };
  Kind kind = Kind::kTimeout;
  uint32_t handle = 0;
  std::string message;                     // encoded, of kMessage
  uint32_t delivery = 0;                   // of kMessage, for settle(); of kSettled, the last that send() gave
  uint32_t count = 0;                      // of kSettled: how many, up to `delivery`
  std::optional<wire::amqp::Error> error;  // of kSettled: rejected
};

class AmqpClient {
 public:
  // Connects, authenticates and opens a session. Throws std::runtime_error with one clear line.
  AmqpClient(const ClientTarget& target, const std::string& user, const std::string& token);

  enum class Settling : uint8_t { kAtOnce, kByReceiver };
  // `filter` is a selector text, empty for none. Handles are the caller's, small and unique.
  void attach_receiver(uint32_t handle, const std::string& address, const std::string& filter, uint32_t credit,
                       Settling settling = Settling::kAtOnce);
  void attach_sender(uint32_t handle, const std::string& address);
  // Waits for credit; messages that come meanwhile are kept for next(). Throws std::runtime_error if the link or the
  // connection ends. The number is that of kSettled, if the hub is to settle it.
  uint32_t send(uint32_t handle, const std::string& message, Settling settling = Settling::kAtOnce);
  // What became of a message that was received with kByReceiver.
  void settle(uint32_t delivery, const wire::amqp::Outcome& outcome);
  // Says good-bye. Nothing is sent or received any more.
  void close();
  // Waits for at most `timeout_ms` (−1: for ever). Credit is topped up and heartbeats are answered on the way.
  [[nodiscard]] AmqpEvent next(int timeout_ms);

 private:
  struct Receiver {
    uint32_t window = 0;
    uint32_t credit = 0;
    uint32_t delivery_count = 0;
    std::string partial;
    uint32_t delivery = 0;  // of the message that is arriving
  };

  void send_frame(uint8_t type, const std::string& body);
  void send_flow(uint32_t handle, const Receiver& receiver);
  [[nodiscard]] bool fill(size_t enough, int timeout_ms);
  // The body of the next frame that has one; empty on time-out.
  [[nodiscard]] std::string read_frame(int timeout_ms);
  void expect_header(const char* protocol);
  void authenticate(const std::string& user, const std::string& token);
  [[nodiscard]] std::optional<AmqpEvent> take(const std::string& body);
  [[nodiscard]] std::optional<AmqpEvent> take_transfer(const wire::amqp::Item& fields, ByteView payload);
  [[nodiscard]] static std::optional<AmqpEvent> take_disposition(const wire::amqp::Item& fields);
  void await_credit(uint32_t handle);

  TlsStream stream_;
  std::string host_;
  std::string input_;
  std::map<uint32_t, Receiver> receivers_;
  std::map<uint32_t, uint32_t> send_credit_;
  std::deque<AmqpEvent> early_;  // came while something else was waited for
  uint32_t transfers_in_ = 0;
  uint32_t transfers_out_ = 0;
  uint32_t deliveries_out_ = 0;
};

}  // namespace nave::app
