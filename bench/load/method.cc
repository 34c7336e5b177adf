// A back end that calls methods over HTTPS, one connection per device, and the devices that answer over MQTT.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "bench/load/fleet.h"
#include "bench/load/http_client.h"
#include "bench/load/pace.h"
#include "bench/load/run.h"

namespace nave::bench {
namespace {

constexpr std::string_view kCall = "$iothub/methods/POST/echo/";

class MethodMode : public ConnectionEvents {
 public:
  explicit MethodMode(const Options& options)
      : options_(options),
        fleet_(options_, *this),
        pace_(options_, options_.connections, [this](unsigned slot, uint16_t ticket) { call(slot, ticket); }) {
    options_.subscription = "$iothub/methods/POST/#";
    tickets_.resize(options_.connections);
    for (unsigned i = 0; i < options_.connections; ++i) {
      back_ends_.push_back(std::make_unique<HttpClient>(
          fleet_.loop(), options_, i, [this](unsigned slot, int status) { on_answer(slot, status); }));
    }
  }

  // The request id follows the method's name.
  void on_publish(Connection& connection, const Publish& publish) override {
    if (!publish.topic.starts_with(kCall)) return;
    const std::string rid(publish.topic.substr(kCall.size()));
    connection.queue(publish_packet("$iothub/methods/res/200/" + rid, publish.payload));
  }

  int run() {
    fleet_.open_all();
    std::vector<Stream*> streams;
    for (auto& back_end : back_ends_) streams.push_back(back_end.get());
    fleet_.loop().open_all(streams);
    pace_.run(fleet_.loop());
    pace_.report("method calls");
    return 0;
  }

 private:
  void call(unsigned slot, uint16_t ticket) {
    tickets_[slot] = ticket;
    back_ends_[slot]->post("/twins/" + numbered(options_.client_id, slot) + "/methods?api-version=2021-04-12",
                           R"({"methodName":"echo","responseTimeoutInSeconds":30,"payload":{"number":1}})");
  }

  void on_answer(unsigned slot, int status) {
    if (status != 200) {
      std::fprintf(stderr, "load: a method call was answered with %d\n", status);
      std::exit(1);
    }
    pace_.finish(slot, tickets_[slot]);
  }

  Options options_;
  Fleet fleet_;
  Pace pace_;
  std::vector<std::unique_ptr<HttpClient>> back_ends_;
  std::vector<uint16_t> tickets_;
};

}  // namespace

int run_method(const Options& options) {
  return MethodMode(options).run();
}

}  // namespace nave::bench
