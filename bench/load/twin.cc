// Devices that read their twins, or report a property, over MQTT.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench/load/fleet.h"
#include "bench/load/pace.h"
#include "bench/load/run.h"

namespace nave::bench {
namespace {

class TwinMode : public ConnectionEvents {
 public:
  // `operation` is the topic between "$iothub/twin/" and the request id; "%d" in the payload changes with each request;
  // every answer must have this status.
  TwinMode(const Options& options, const std::string& operation, std::string payload, const std::string& status)
      : options_(options),
        operation_("$iothub/twin/" + operation + "/?$rid="),
        payload_(std::move(payload)),
        answer_("$iothub/twin/res/" + status + "/?$rid="),
        fleet_(options_, *this),
        pace_(options_, options_.connections, [this](unsigned slot, uint16_t ticket) { ask(slot, ticket); }) {
    options_.subscription = "$iothub/twin/res/#";
  }

  void on_publish(Connection& connection, const Publish& publish) override {
    if (!publish.topic.starts_with(answer_)) {
      std::fprintf(stderr, "load: %.*s\n", static_cast<int>(publish.topic.size()), publish.topic.data());
      std::exit(1);
    }
    const std::string rid(publish.topic.substr(answer_.size()));
    pace_.finish(connection.number(), static_cast<uint16_t>(std::atoi(rid.c_str())));
  }

  int run(const char* what) {
    fleet_.open_all();
    pace_.run(fleet_.loop());
    pace_.report(what);
    return 0;
  }

 private:
  void ask(unsigned slot, uint16_t ticket) {
    fleet_[slot].queue(publish_packet(operation_ + std::to_string(ticket), numbered(payload_, ticket)));
  }

  Options options_;
  std::string operation_;
  std::string payload_;
  std::string answer_;
  Fleet fleet_;
  Pace pace_;
};

}  // namespace

int run_twin_get(const Options& options) {
  return TwinMode(options, "GET", "", "200").run("twin reads");
}

int run_twin_patch(const Options& options) {
  return TwinMode(options, "PATCH/properties/reported", R"({"counter":%d,"state":"running"})", "204")
      .run("reported patches");
}

}  // namespace nave::bench
