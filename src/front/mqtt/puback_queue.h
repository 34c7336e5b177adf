// PUBACKs must go out in the order of the PUBLISHes (MQTT 3.1.1 §4.6, and C# counts on it). Telemetry reaches the disk
// in that order by itself; other requests are done when they are done. This puts both into one order, and costs nothing
// while there is only telemetry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nave::front::mqtt {

class PubackQueue {
 public:
  // A request with QoS 1 has arrived, behind `telemetry_before` publishes of telemetry whose outcome is still to come.
  void add_request(uint16_t packet_id, size_t telemetry_before);
  // Telemetry has been handed to the log.
  void add_telemetry(uint16_t packet_id);  // 0: QoS 0, no PUBACK is owed

  // What may be acknowledged now is appended to `out`. Outcomes of telemetry come in the order of add_telemetry().
  void telemetry_done(uint16_t packet_id, std::string& out);
  void request_done(uint16_t packet_id, std::string& out);

 private:
  struct Entry {
    uint16_t packet_id;
    bool is_telemetry;
    bool done = false;
  };
  void flush(std::string& out);

  std::vector<Entry> entries_;   // from the oldest request that is not acknowledged on
  size_t telemetry_before_ = 0;  // outcomes still to come in front of them
};

}  // namespace nave::front::mqtt
