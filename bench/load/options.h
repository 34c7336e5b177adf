// What a run of the load generator is asked to do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nave::bench {

struct Options {
  enum class Mode : uint8_t { kPublish, kConnect, kIdle, kTwinGet, kTwinPatch, kMethod, kC2d, kAmqpTelemetry, kBulk };
  Mode mode = Mode::kPublish;
  std::string host = "127.0.0.1";
  uint16_t port = 8883;
  bool tls = false;
  bool websocket = false;  // idle and connect only
  bool resume = false;     // reconnects offer the session ticket of the connection before
  unsigned connections = 1;
  unsigned window = 1;  // unfinished operations per connection
  double rate = 0;      // operations/s of all connections together; 0: closed loop
  unsigned payload_bytes = 256;
  unsigned warm_up_ms = 1000;
  unsigned duration_ms = 3000;
  std::vector<int> server_pids;  // whose CPU and memory are measured
  // "%d" is the number of the connection.
  std::string client_id = "load%d";
  std::string topic = "load/%d";
  std::string user;
  std::string password;
  std::string hub;             // host name of an IoT hub: makes user name and token of each device
  std::string sas_key;         // base64; the same key for all devices
  uint16_t service_port = 0;   // what a back end talks to: HTTPS for methods, AMQP for messages
  std::string service_key;     // of the policy "iothubowner"
  std::string subscription;    // topic filter that each connection subscribes to before it counts as running
  unsigned devices = 100'000;  // that are registered in bulk
  bool with_twins = false;     // each with tags and desired properties
  bool json = false;
};

// Reads the command line; ends the program on --help or a mistake.
[[nodiscard]] Options parse_options(int argc, char** argv);

// `pattern` with "%d" replaced.
[[nodiscard]] std::string numbered(const std::string& pattern, unsigned number);

}  // namespace nave::bench
