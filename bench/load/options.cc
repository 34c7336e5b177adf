#include "bench/load/options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

namespace nave::bench {
namespace {

void add_common(CLI::App* verb, Options& o) {
  verb->add_option("--host", o.host, "Address of the server")->capture_default_str();
  verb->add_option("--port", o.port, "Port of the server")->capture_default_str();
  verb->add_flag("--tls", o.tls, "TLS; the certificate is not checked");
  verb->add_option("--conns", o.connections, "Connections")->check(CLI::Range(1U, 1U << 20));
  verb->add_option("--pid", o.server_pids, "Processes whose CPU and memory count")->delimiter(',');
  verb->add_option("--client-id", o.client_id, "Client id; %d is the connection's number")->capture_default_str();
  verb->add_option("--user", o.user, "User name");
  verb->add_option("--pass", o.password, "Password");
  verb->add_option("--hub", o.hub, "Host name of an IoT hub: user names and tokens are made for it");
  verb->add_option("--sas-key", o.sas_key, "Key of all devices, base64");
  verb->add_flag("--json", o.json, "One more line, for programs");
}

void add_times(CLI::App* verb, Options& o) {
  verb->add_option("--warm-up", o.warm_up_ms, "Milliseconds before the measurement");
  verb->add_option("--duration", o.duration_ms, "Milliseconds of the measurement");
}

void add_rate(CLI::App* verb, Options& o) {
  verb->add_option("--rate", o.rate, "Operations per second in all; without it as fast as they finish");
  add_times(verb, o);
}

void add_window(CLI::App* verb, Options& o) {
  verb->add_option("--window", o.window, "Unfinished operations per connection")->check(CLI::Range(1U, 16384U));
}

void add_service(CLI::App* verb, Options& o) {
  verb->add_option("--service-port", o.service_port, "Port that the back end talks to")->required();
  verb->add_option("--service-key", o.service_key, "Key of the policy iothubowner, base64")->required();
}

// The modes that need an IoT hub.
void add_hub_modes(CLI::App& app, Options& o) {
  const auto add = [&](const char* name, const char* text, Options::Mode mode) {
    CLI::App* verb = app.add_subcommand(name, text);
    add_common(verb, o);
    add_rate(verb, o);
    verb->callback([&o, mode] { o.mode = mode; });
    return verb;
  };
  add_window(add("twin-get", "Devices read their twins over MQTT", Options::Mode::kTwinGet), o);
  add_window(add("twin-patch", "Devices report a property over MQTT", Options::Mode::kTwinPatch), o);
  add_service(add("method", "A back end calls devices: HTTPS to MQTT and back", Options::Mode::kMethod), o);
  add_service(add("c2d", "A back end sends to devices: AMQP to MQTT", Options::Mode::kC2d), o);
  CLI::App* telemetry = add("amqp-telemetry", "Devices send over AMQP", Options::Mode::kAmqpTelemetry);
  add_window(telemetry, o);
  telemetry->add_option("--payload", o.payload_bytes, "Bytes per message")->check(CLI::Range(8U, 32768U));

  CLI::App* bulk = app.add_subcommand("bulk", "A back end registers devices over HTTPS, a hundred a request");
  add_common(bulk, o);
  add_service(bulk, o);
  bulk->add_option("--devices", o.devices, "How many; their ids are --client-id")->check(CLI::Range(1U, 10'000'000U));
  bulk->add_flag("--twins", o.with_twins, "Each with tags and desired properties");
  bulk->callback([&o] { o.mode = Options::Mode::kBulk; });
}

}  // namespace

std::string numbered(const std::string& pattern, unsigned number) {
  std::string out = pattern;
  for (size_t at = out.find("%d"); at != std::string::npos; at = out.find("%d", at)) {
    out.replace(at, 2, std::to_string(number));
  }
  return out;
}

Options parse_options(int argc, char** argv) {
  Options o;
  CLI::App app{"Load for measurements on one machine"};
  app.require_subcommand(1);

  CLI::App* publish = app.add_subcommand("pub", "Publish at QoS 1");
  add_common(publish, o);
  add_rate(publish, o);
  add_window(publish, o);
  publish->add_option("--payload", o.payload_bytes, "Bytes per message")->check(CLI::Range(8U, 262144U));
  publish->add_option("--topic", o.topic, "Topic; %d is the connection's number")->capture_default_str();
  publish->callback([&o] { o.mode = Options::Mode::kPublish; });

  CLI::App* connect = app.add_subcommand("conn", "Connect, CONNECT, CONNACK, disconnect, again and again");
  add_common(connect, o);
  connect->add_flag("--resume", o.resume, "Resume TLS sessions");
  connect->add_flag("--ws", o.websocket, "MQTT over WebSocket");
  add_times(connect, o);
  connect->callback([&o] { o.mode = Options::Mode::kConnect; });

  CLI::App* idle = app.add_subcommand("idle", "Open connections and hold them");
  add_common(idle, o);
  idle->add_flag("--ws", o.websocket, "MQTT over WebSocket");
  idle->add_option("--hold", o.duration_ms, "Milliseconds to hold");
  idle->callback([&o] { o.mode = Options::Mode::kIdle; });

  add_hub_modes(app, o);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    std::exit(app.exit(e));
  }
  if (!o.hub.empty() && o.topic == "load/%d") o.topic = "devices/" + o.client_id + "/messages/events/";
  return o;
}

}  // namespace nave::bench
