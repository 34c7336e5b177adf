// The selector of a receiver: whatever a client writes, the answer is a position that the log understands or a text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "front/amqp/address.h"
#include "front/eventhub/entity.h"
#include "front/eventhub/filter.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using Kind = nave::hub::EventPosition::Kind;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto position = nave::front::eventhub::parse_selector(text);
  if (position) {
    if (size > nave::front::eventhub::kSelectorBytesMax) std::abort();
    if (position->value < 0 && position->kind != Kind::kSequence) std::abort();
  } else if (position.error().empty()) {
    std::abort();
  }
  if (const auto address = nave::front::amqp::parse_address(text)) {
    for (const auto& segment : address->segments) {
      if (segment.empty() || segment.find('/') != std::string::npos) std::abort();
    }
    static_cast<void>(nave::front::eventhub::entity_of(*address, "hub"));
  }
  return 0;
}
