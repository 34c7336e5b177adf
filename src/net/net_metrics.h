// The numbers that `net` reports, registered once per Runtime.
#pragma once

#include <string>

#include "base/metrics.h"

namespace nave::net {

struct NetMetrics {
  explicit NetMetrics(Metrics& m)
      : handshakes_ok(handshakes(m, "ok")),
        handshakes_failed(handshakes(m, "failed")),
        handshakes_timeout(handshakes(m, "timeout")),
        handshake_duration(
            m.histogram("nave_tls_handshake_seconds", "From accepting a connection to its TLS handshake")),
        refused_total(refused(m, "total")),
        refused_address(refused(m, "address")),
        accept_paused(
            m.counter("nave_accept_paused_total", "Times that accepting paused because descriptors ran out")) {}

  Counter& handshakes_ok;
  Counter& handshakes_failed;
  Counter& handshakes_timeout;
  Histogram& handshake_duration;
  Counter& refused_total;    // limits: all connections
  Counter& refused_address;  // limits: connections of one address
  Counter& accept_paused;

 private:
  static Counter& handshakes(Metrics& m, const std::string& result) {
    return m.counter("nave_tls_handshakes_total", "TLS handshakes by result", "result=\"" + result + "\"");
  }
  static Counter& refused(Metrics& m, const std::string& reason) {
    return m.counter("nave_connections_refused_total", "Connections closed at once because of a limit",
                     "reason=\"" + reason + "\"");
  }
};

}  // namespace nave::net
