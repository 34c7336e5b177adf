// What devices sent, what was acknowledged, what is on the disk, and what was read: held against each other at every
// step. Every message that is sent, a repetition too, has a body of its own, so that each has at most one offset.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "sim/scheduler.h"

namespace nave::sim {

class TelemetryLedger {
 public:
  TelemetryLedger(Scheduler& scheduler, uint16_t partitions) : scheduler_(scheduler), log_(partitions) {}

  // --- devices. A stream is what one connection sends: its messages are stored in this order. `whole`: and without
  // holes, because what cannot be taken ends the connection.
  [[nodiscard]] uint64_t new_stream(const std::string& device, bool whole);
  // The body of the next message of a stream.
  [[nodiscard]] std::string next_body(uint64_t stream);
  // The hub has acknowledged it: it is on the disk, now.
  void on_acknowledged(std::string_view body);

  // --- the log. `record` is durable. While recovering: was found again.
  void on_stored(PartitionId partition, SequenceNumber sequence, std::string_view record);
  void begin_recovery();
  void end_recovery();

  // --- readers.
  void on_read(PartitionId partition, int64_t offset, std::string_view body, std::string_view device);

  [[nodiscard]] int64_t stored(PartitionId partition) const {
    return static_cast<int64_t>(log_[partition.value()].bodies.size());
  }
  [[nodiscard]] uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] uint64_t messages() const { return messages_; }

 private:
  struct Send {
    bool stored = false;
    bool acknowledged = false;
  };
  struct Stream {
    std::string device;
    bool whole;
    std::vector<Send> sends;
    int64_t last_stored = -1;
  };
  struct Partition {
    std::vector<std::string> bodies;  // by sequence number
    int64_t recovered = 0;            // while recovering: how many were found
  };
  struct Place {
    Stream* stream;
    size_t index;
  };
  // nullopt for what is no message of ours (a will).
  [[nodiscard]] std::optional<Place> find(std::string_view body);
  void on_new(const std::string& body, std::string_view device);

  Scheduler& scheduler_;
  std::vector<Stream> streams_;
  std::vector<Partition> log_;
  bool recovering_ = false;
  uint64_t acknowledged_ = 0;
  uint64_t messages_ = 0;
};

}  // namespace nave::sim
