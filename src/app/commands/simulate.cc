// nave device simulate: a device that sends, listens and answers, for trying things out and for demonstrations.
#include <chrono>
#include <cmath>
#include <csignal>
#include <iostream>
#include <stdexcept>

#include "app/commands/commands.h"
#include "app/commands/output.h"
#include "app/commands/property_list.h"
#include "app/simulate/device_client.h"
#include "base/time.h"
#include "json/parse.h"
#include "json/write.h"

namespace nave::app {
namespace {

using std::chrono::steady_clock;

constexpr int64_t kTokenSeconds = 24 * 3600;
constexpr int kLastAnswersMs = 30'000;  // for what was sent to be acknowledged
constexpr int kLongestWaitMs = 250;     // a signal is noticed within it

volatile std::sig_atomic_t stop_asked = 0;
void ask_stop(int) {
  stop_asked = 1;
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

Settlement settlement_of(const std::string& name) {
  return name == "abandon" ? Settlement::kAbandon : name == "reject" ? Settlement::kReject : Settlement::kComplete;
}

class Simulation {
 public:
  Simulation(const SimulateOptions& options, std::unique_ptr<DeviceClient> device)
      : options_(options),
        device_(std::move(device)),
        template_(options.data.empty() ? R"({"messageNumber":{n},"time":"{time}"})" : argument_text(options.data)),
        properties_(parse_property_list(options.properties)) {}

  void run();

 private:
  void tell(const char* what, const json::Object& details) const;
  [[nodiscard]] std::string message(unsigned number) const;
  void send();
  void react(const DeviceEvent& event);
  void answer(const DeviceEvent& method);
  void mirror(const DeviceEvent& change);
  [[nodiscard]] bool wants_more() const { return stop_asked == 0 && (options_.count == 0 || sent_ < options_.count); }

  const SimulateOptions& options_;
  const std::unique_ptr<DeviceClient> device_;
  const std::string template_;
  const MessageProperties properties_;
  unsigned sent_ = 0;
  unsigned stored_ = 0;
  unsigned refused_ = 0;
};

void Simulation::run() {
  if (!options_.reported.empty()) device_->report(argument_text(options_.reported));
  const auto interval = std::chrono::duration_cast<steady_clock::duration>(
      std::chrono::duration<double>(std::max(0.0, options_.interval_s)));
  auto due = steady_clock::now();
  auto give_up = steady_clock::time_point::max();
  while (wants_more() || (stored_ + refused_ < sent_ && steady_clock::now() < give_up)) {
    const auto now = steady_clock::now();
    if (wants_more() && now >= due) {
      send();
      due = std::max(due + interval, now - interval);
      if (!wants_more()) give_up = now + std::chrono::milliseconds(kLastAnswersMs);
    }
    const auto wait =
        wants_more() ? std::chrono::ceil<std::chrono::milliseconds>(due - steady_clock::now()).count() : kLongestWaitMs;
    react(device_->next(static_cast<int>(std::clamp<int64_t>(wait, 0, kLongestWaitMs))));
  }
  device_->disconnect();
  json::Object summary;
  summary.append("sent", uint64_t{sent_});
  summary.append("stored", uint64_t{stored_});
  tell("done", summary);
  if (stored_ < sent_ && stop_asked == 0)
    throw std::runtime_error(std::to_string(sent_ - stored_) + " messages were not acknowledged");
}

void Simulation::tell(const char* what, const json::Object& details) const {
  if (options_.output == "json") {
    json::Object line;
    line.append("event", what);
    for (const json::Member& m : details) line.append(m.name, m.value);
    std::cout << json::to_text(line) << '\n' << std::flush;
    return;
  }
  std::cout << what;
  for (const json::Member& m : details)
    std::cout << ' ' << m.name << '='
              << (m.value.if_string() != nullptr ? *m.value.if_string() : json::to_text(m.value));
  std::cout << '\n' << std::flush;
}

std::string Simulation::message(unsigned number) const {
  std::string text = template_;
  replace_all(text, "{n}", std::to_string(number));
  replace_all(text, "{time}", format_iso8601(std::chrono::time_point_cast<Ticks>(std::chrono::system_clock::now())));
  return text;
}

void Simulation::send() {
  ++sent_;
  const std::string text = message(sent_);
  device_->send_telemetry(text, properties_);
  json::Object details;
  details.append("number", uint64_t{sent_});
  details.append("data", text);
  tell("sent", details);
}

void Simulation::react(const DeviceEvent& event) {
  switch (event.kind) {
    case DeviceEvent::Kind::kTimeout:
      break;
    case DeviceEvent::Kind::kTelemetryStored:
      stored_ += event.count;
      break;
    case DeviceEvent::Kind::kTelemetryRefused: {
      refused_ += event.count;
      json::Object details;
      details.append("why", event.payload);
      tell("refused", details);
      break;
    }
    case DeviceEvent::Kind::kCommand: {
      json::Object details;
      details.append("data", event.payload);
      for (const auto& [name, value] : event.properties) details.set(name, value);
      device_->settle(event, settlement_of(options_.receive_settle));
      tell("c2d", details);
      break;
    }
    case DeviceEvent::Kind::kMethod:
      answer(event);
      break;
    case DeviceEvent::Kind::kDesiredChanged:
      mirror(event);
      break;
    case DeviceEvent::Kind::kReported:
      if (!event.payload.empty()) throw std::runtime_error("the hub refused what was reported: " + event.payload);
      tell("reported", {});
      break;
    case DeviceEvent::Kind::kClosed:
      throw std::runtime_error(event.payload);
  }
}

void Simulation::answer(const DeviceEvent& method) {
  const std::string payload = options_.method_payload.empty() ? method.payload : argument_text(options_.method_payload);
  device_->answer_method(method, options_.method_status, payload);
  json::Object details;
  details.append("name", method.name);
  details.append("payload", method.payload);
  details.append("status", options_.method_status);
  tell("method", details);
}

// What is desired becomes true at once, as far as a simulated device goes.
void Simulation::mirror(const DeviceEvent& change) {
  json::Object details;
  details.append("patch", change.payload);
  tell("desired", details);
  auto patch = json::parse(change.payload);
  if (!patch || patch->if_object() == nullptr)
    throw std::runtime_error("the hub sent desired properties that are not JSON");
  patch->if_object()->erase("$version");
  device_->report(json::to_text(*patch));
}

}  // namespace

void device_simulate(const SimulateOptions& options) {
  const Target target = resolve_target(options.target);
  const ConnectionString& c = target.connection;
  const std::string device = options.device.empty() ? c.device_id : options.device;
  const std::string module = options.device.empty() ? c.module_id : options.module;
  if (device.empty()) throw std::runtime_error("name the device, or log in with its connection string");
  const bool over_amqp = options.protocol == "amqp";
  const DeviceLogin login{.target = over_amqp ? target.amqp : target.mqtt,
                          .host_name = c.host_name,
                          .device = device,
                          .module = module,
                          .token = device_token(target, device, module, kTokenSeconds)};
  std::signal(SIGINT, ask_stop);
  std::signal(SIGTERM, ask_stop);
  Simulation(options, over_amqp ? make_amqp_device(login) : make_mqtt_device(login)).run();
}

}  // namespace nave::app
