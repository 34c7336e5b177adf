// The twin of a device over AMQP: read, reported, and followed.
#pragma once

#include <map>
#include <string>

#include "sim/actors/amqp_part.h"

namespace nave::sim {

class AmqpTwin final : public AmqpPart {
 public:
  using AmqpPart::AmqpPart;

  void attach() override;
  void act() override;
  bool on_message(const test::AmqpMessage& message) override;
  void on_lost() override;
  [[nodiscard]] std::string waits_for() const override;
  void check() override;

 private:
  struct Request {
    enum class Kind : uint8_t { kRead, kReport, kSubscribe };
    Kind kind;
    uint64_t write;
    uint64_t desired_floor;
    uint64_t reported_floor;
  };
  void request(Request request, std::string_view operation, std::string_view resource, std::string_view body);
  void read();
  void report();
  void subscribe();
  void on_answer(const Request& request, int64_t status, const test::AmqpMessage& message);
  void on_document(const Request& request, std::string_view document);
  void on_change(std::string_view body);

  bool attached_ = false;
  AmqpCredit credit_{30};
  std::map<uint64_t, Request> requests_;
  uint64_t last_request_ = 0;
  // What the device knows of its desired properties on this connection.
  bool asked_ = false;
  bool subscribed_ = false;
  bool was_read_ = false;
  uint64_t version_ = 0;
};

}  // namespace nave::sim
