// A load generator for measurements on one machine (docs/benchmarks.md).
#include <sys/resource.h>

#include <csignal>

#include "bench/load/options.h"
#include "bench/load/run.h"

int main(int argc, char** argv) {
  using nave::bench::Options;
  const Options options = nave::bench::parse_options(argc, argv);
  std::signal(SIGPIPE, SIG_IGN);
  rlimit descriptors{};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  descriptors.rlim_cur = descriptors.rlim_max;
  setrlimit(RLIMIT_NOFILE, &descriptors);
  switch (options.mode) {
    case Options::Mode::kPublish:
      return nave::bench::run_publish(options);
    case Options::Mode::kConnect:
      return nave::bench::run_connect(options);
    case Options::Mode::kIdle:
      return nave::bench::run_idle(options);
    case Options::Mode::kTwinGet:
      return nave::bench::run_twin_get(options);
    case Options::Mode::kTwinPatch:
      return nave::bench::run_twin_patch(options);
    case Options::Mode::kMethod:
      return nave::bench::run_method(options);
    case Options::Mode::kC2d:
      return nave::bench::run_c2d(options);
    case Options::Mode::kAmqpTelemetry:
      return nave::bench::run_amqp_telemetry(options);
    case Options::Mode::kBulk:
      return nave::bench::run_bulk(options);
  }
  return 2;
}
