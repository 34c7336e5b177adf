// The least a durable MQTT sink can do on this machine: what the hub is measured against (docs/benchmarks.md).
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "bench/floor/sink.h"

int main(int argc, char** argv) {
  nave::bench::SinkOptions options;
  CLI::App app{"The least MQTT QoS 1 sink; no checks, no routing, no reading back"};
  app.add_option("port", options.port, "0 picks a free one")->required();
  app.add_option("--host", options.host, "Address to listen on");
  app.add_option("--cert", options.certificate, "Certificate chain: TLS");
  app.add_option("--key", options.key, "Its key");
  app.add_option("--log", options.log, "Append every message to this file and acknowledge after fdatasync");
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGPIPE, SIG_IGN);
  nave::bench::Sink sink(options);
  std::printf("listening on %u\n", sink.port());
  std::fflush(stdout);
  sink.run();
}
