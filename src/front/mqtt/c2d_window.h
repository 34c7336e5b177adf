// Cloud-to-device messages that one connection has sent with QoS 1 and that the client has not acknowledged: each is
// locked in the hub, and known to the client by a packet id. Decides only; the connection sends and settles.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "hub/c2d/lock_token.h"

namespace nave::front::mqtt {

// 1 … 65535, round and round.
[[nodiscard]] constexpr uint16_t packet_id_after(uint16_t last) {
  return static_cast<uint16_t>(last == UINT16_MAX ? 1 : last + 1);
}

class C2dWindow {
 public:
  // At limits::kMqttOutboundWindow: C# works through what it gets in order, and protocol gateways take no more (§4.4).
  [[nodiscard]] bool full() const;
  // The next packet id that none of its messages has.
  [[nodiscard]] uint16_t free_id_after(uint16_t last) const;
  void add(uint16_t packet_id, const hub::LockToken& lock, int64_t lock_ends_ms);
  // The client has acknowledged. nullopt: an id that is not, or no longer, in use.
  [[nodiscard]] std::optional<hub::LockToken> take(uint16_t packet_id);
  // Forgets the messages whose locks have run out: they come again under other ids.
  void drop_ended(int64_t now_ms);
  // When the next lock runs out; nullopt: there is none.
  [[nodiscard]] std::optional<int64_t> next_end_ms() const;
  // All locks, for giving them back.
  [[nodiscard]] std::vector<hub::LockToken> locks() const;

 private:
  struct Entry {
    uint16_t packet_id;
    hub::LockToken lock;
    int64_t lock_ends_ms;
  };
  std::vector<Entry> entries_;  // oldest first
};

}  // namespace nave::front::mqtt
