// Devices that send over AMQP, each on a connection of its own.
#include <ctime>
#include <memory>
#include <string>

#include "auth/sas_token.h"
#include "bench/load/amqp_sender.h"
#include "bench/load/pace.h"
#include "bench/load/run.h"
#include "wire/amqp/message_writer.h"

namespace nave::bench {
namespace {

class AmqpTelemetryMode {
 public:
  explicit AmqpTelemetryMode(const Options& options)
      : pace_(options, options.connections, [this](unsigned slot, uint16_t) { devices_[slot]->send(message_); }) {
    wire::amqp::MessageWriter(message_).data(std::string(options.payload_bytes, 'x'));
    for (unsigned i = 0; i < options.connections; ++i) {
      const std::string device = numbered(options.client_id, i);
      AmqpSender::Login login{
          device + "@sas." + options.hub,
          auth::make_sas(options.hub + "/devices/" + device, options.sas_key, std::time(nullptr) + 86400, "")};
      devices_.push_back(std::make_unique<AmqpSender>(
          loop_, options, options.port, i, std::move(login), "/devices/" + device + "/messages/events",
          // The ticket of a delivery: tickets count 1 … 65535, 1 … (pace.h).
          [this](unsigned slot, uint32_t delivery) {
            pace_.finish(slot, static_cast<uint16_t>(delivery % 65535 + 1));
          }));
    }
  }

  int run() {
    std::vector<Stream*> streams;
    for (auto& device : devices_) streams.push_back(device.get());
    loop_.open_all(streams);
    pace_.run(loop_);
    pace_.report("accepted");
    return 0;
  }

 private:
  Loop loop_;
  Pace pace_;
  std::string message_;
  std::vector<std::unique_ptr<AmqpSender>> devices_;
};

}  // namespace

int run_amqp_telemetry(const Options& options) {
  return AmqpTelemetryMode(options).run();
}

}  // namespace nave::bench
