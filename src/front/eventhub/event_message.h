// An event of the log as the AMQP message a reader gets (reference/amqp.md §9.4): straight from the record's views to
// encoded bytes.
#pragma once

#include <optional>
#include <string>

#include "hub/ports.h"
#include "hub/telemetry/event.h"

namespace nave::front::eventhub {

// What a receiver with the capability com.microsoft:enable-receiver-runtime-metric is told with every event.
struct RuntimeMetric {
  hub::PartitionInfo partition;
  UtcTime retrieved;
};

// Appends one message with message-format 0 and one Data section. `metric` may be nullptr.
void encode_event_message(const hub::EventView& event, SequenceNumber sequence, UtcTime enqueued,
                          const RuntimeMetric* metric, std::string& out);

// Offsets as clients see them: decimal, "-1" before the first event.
[[nodiscard]] std::string offset_text(int64_t offset);

}  // namespace nave::front::eventhub
