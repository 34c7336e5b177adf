#include "bench/load/fleet.h"

namespace nave::bench {

Fleet::Fleet(const Options& options, ConnectionEvents& events) {
  connections_.reserve(options.connections);
  for (unsigned i = 0; i < options.connections; ++i) {
    connections_.push_back(std::make_unique<Connection>(loop_, options, i, events));
  }
}

void Fleet::open_all() {
  std::vector<Stream*> streams;
  for (auto& connection : connections_) streams.push_back(connection.get());
  loop_.open_all(streams);
}

}  // namespace nave::bench
