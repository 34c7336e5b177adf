// Fills in the properties of an event, whatever protocol they came in: of several with the same name the last counts, a
// system property without a value is not there, and an expiry is milliseconds.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/telemetry/event.h"

namespace nave::hub {

// For one event after the other; allocates nothing once its buffers have grown to what is usual. Not thread-safe: one
// per shard.
class PropertyCollector {
 public:
  // Forgets the properties of `event`, which all following calls are about; leaves its body alone. Texts given to the
  // other members are kept as views and must live as long as the event is used.
  void begin(EventView& event);
  // Null takes the property away.
  void set(SystemProperty name, std::optional<std::string_view> value);
  void add(std::string_view name, std::optional<std::string_view> value);
  // After the last property. The event may be used until the next begin().
  void finish();

  // For fronts that carry the expiry as ISO 8601 text: makes a kAbsoluteExpiry that was set() so a number. Text that is
  // no date is not lost, but it is no expiry either: it becomes the application property `name`. Before finish().
  void convert_expiry(std::string_view name);
  // Owns `text` until the next begin().
  [[nodiscard]] std::string_view keep(std::string text);

 private:
  EventView* event_ = nullptr;
  std::deque<std::string> kept_;
  std::vector<uint32_t> order_;  // of finish()
};

}  // namespace nave::hub
