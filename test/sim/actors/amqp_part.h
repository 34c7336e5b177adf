// One capability of a device that speaks AMQP, on the connection that its actor holds.
#pragma once

#include <cstdint>
#include <string>

#include "sim/actors/amqp_credit.h"
#include "sim/actors/amqp_link.h"

namespace nave::sim {

class AmqpPart {
 public:
  // What the parts of an actor share. `link` is null while there is no connection.
  struct Device {
    Stage& stage;
    IdentityKey key;
    Life life;  // of what is planned on the actor's behalf
    AmqpLink* link = nullptr;
    uint64_t connection = 0;
    bool calm = false;
    bool may_expire = false;  // its token, before the connection ends

    [[nodiscard]] Rng& rng() const { return stage.scheduler.rng; }
    [[nodiscard]] std::string address(const std::string& channel) const { return path_of(key) + channel; }
  };
  explicit AmqpPart(Device& device) : device_(device) {}
  virtual ~AmqpPart() = default;
  AmqpPart(const AmqpPart&) = delete;
  AmqpPart& operator=(const AmqpPart&) = delete;

  // The hub has taken the token.
  virtual void attach() = 0;
  // Now and then, while there is a connection.
  virtual void act() = 0;
  // False: it is another part's.
  virtual bool on_message(const test::AmqpMessage& message) = 0;
  // The hub's word on a delivery of its own (`from_sender`) or on one of ours.
  virtual void on_disposition(const wire::amqp::Disposition&) {}
  virtual void on_detach(uint32_t /*handle*/) {}
  // The connection is gone, or given up.
  virtual void on_lost() = 0;
  // As Actor::waits_for() and Actor::check().
  [[nodiscard]] virtual std::string waits_for() const { return ""; }
  virtual void check() {}

 protected:
  // Later, if the connection is the same then.
  void after(int64_t delay_us, UniqueFunction<void()> f) {
    device_.stage.scheduler.after(delay_us, device_.life,
                                  [this, connection = device_.connection, f = std::move(f)]() mutable {
                                    if (device_.link != nullptr && device_.connection == connection) f();
                                  });
  }
  [[nodiscard]] test::BasicAmqpClient<AmqpLink>& client() const { return device_.link->client; }
  [[nodiscard]] Rng& rng() const { return device_.rng(); }
  void fail(std::string why) { device_.stage.scheduler.fail(std::move(why)); }

  Device& device_;
};

}  // namespace nave::sim
