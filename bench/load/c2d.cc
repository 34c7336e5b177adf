// A back end that sends to devices over one AMQP connection, and the devices that receive and complete over MQTT. An
// operation is over when the device's PUBACK, which completes the message, is on its way.
#include <cstdlib>
#include <ctime>
#include <string>

#include "auth/sas_token.h"
#include "bench/load/amqp_sender.h"
#include "bench/load/fleet.h"
#include "bench/load/pace.h"
#include "bench/load/run.h"
#include "wire/amqp/message_writer.h"

namespace nave::bench {
namespace {

class C2dMode : public ConnectionEvents {
 public:
  explicit C2dMode(const Options& options)
      : options_(options),
        fleet_(options_, *this),
        pace_(options_, options_.connections, [this](unsigned slot, uint16_t ticket) { send(slot, ticket); }),
        deliveries_(options_.connections),
        back_end_(fleet_.loop(), options_, options_.service_port, 0,
                  {"iothubowner@sas.root." + options_.hub.substr(0, options_.hub.find('.')),
                   auth::make_sas(options_.hub, options_.service_key, std::time(nullptr) + 86400, "iothubowner")},
                  "/messages/devicebound", [this](unsigned, uint32_t delivery) { accepted_ns_[delivery] = now_ns(); }) {
    options_.subscription = "devices/" + options_.client_id + "/messages/devicebound/#";
  }

  // The payload is the run and the ticket; what a run before left behind is only completed.
  void on_publish(Connection& connection, const Publish& publish) override {
    connection.queue(puback_packet(publish.id));
    connection.flush();
    if (!publish.payload.starts_with(run_)) return;
    const auto ticket = static_cast<uint16_t>(std::atoi(std::string(publish.payload.substr(run_.size())).c_str()));
    if (pace_.measuring()) {
      // The device may hear of the message before the back end does.
      const int64_t accepted_ns = accepted_ns_[deliveries_[connection.number()]];
      receive_.add(accepted_ns == 0 ? 0 : now_ns() - accepted_ns);
    }
    pace_.finish(connection.number(), ticket);
  }

  int run() {
    fleet_.open_all();
    fleet_.loop().open_all({&back_end_});
    pace_.run(fleet_.loop());
    pace_.report("messages sent and completed", {{"receive_", &receive_}});
    return 0;
  }

 private:
  void send(unsigned slot, uint16_t ticket) {
    const std::string to = "/devices/" + numbered(options_.client_id, slot) + "/messages/devicebound";
    std::string message;
    wire::amqp::MessageWriter writer(message);
    wire::amqp::Properties properties;
    properties.to = to;
    writer.properties(properties);
    writer.data(run_ + std::to_string(ticket));
    deliveries_[slot] = accepted_ns_.size();
    accepted_ns_.push_back(0);
    back_end_.send(std::move(message));
  }

  Options options_;
  Fleet fleet_;
  Pace pace_;
  std::string run_ = std::to_string(now_ns()) + " ";
  std::vector<size_t> deliveries_;    // the last one to each device
  std::vector<int64_t> accepted_ns_;  // by delivery; 0: not yet
  AmqpSender back_end_;
  Samples receive_;
};

}  // namespace

int run_c2d(const Options& options) {
  return C2dMode(options).run();
}

}  // namespace nave::bench
