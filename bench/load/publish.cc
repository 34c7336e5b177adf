// Publishing at QoS 1.
#include "bench/load/fleet.h"
#include "bench/load/pace.h"
#include "bench/load/run.h"

namespace nave::bench {
namespace {

class PublishMode : public ConnectionEvents {
 public:
  explicit PublishMode(const Options& options)
      : fleet_(options, *this), pace_(options, options.connections, [this](unsigned slot, uint16_t ticket) {
          packets_[slot].set_id(ticket);
          fleet_[slot].queue(packets_[slot].bytes);
        }) {
    for (unsigned i = 0; i < options.connections; ++i) packets_.push_back(publish_template(options, i));
  }

  void on_puback(Connection& connection, uint16_t id) override { pace_.finish(connection.number(), id); }

  int run() {
    fleet_.open_all();
    pace_.run(fleet_.loop());
    pace_.report("acknowledged");
    return 0;
  }

 private:
  Fleet fleet_;
  Pace pace_;
  std::vector<PublishTemplate> packets_;
};

}  // namespace

int run_publish(const Options& options) {
  return PublishMode(options).run();
}

}  // namespace nave::bench
