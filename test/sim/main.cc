// sim [--seeds N] [--seed S] [--seconds K] [--trace]: runs N simulations from seed S on; see
// docs/testing/simulation.md.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/log.h"
#include "sim/world.h"

namespace {

using nave::sim::Options;
using nave::sim::Outcome;

uint64_t running_seed = 0;

// A broken invariant of the hub's own, or a bad memory access, ends the process: the seed must be known all the same.
void on_fatal(int signal) {
  char text[96];
  const int n = std::snprintf(text, sizeof text, "seed %llu: killed by signal %d\n",
                              static_cast<unsigned long long>(running_seed), signal);
  if (n > 0 && write(STDOUT_FILENO, text, static_cast<size_t>(n)) < 0) std::_Exit(2);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

Outcome run(const Options& options) {
  running_seed = options.seed;
  nave::sim::World world(options);
  return world.run();
}

bool run_one(const Options& options, bool twice) {
  Outcome outcome = run(options);
  if (outcome.failure.empty() && twice && run(options).trace_hash != outcome.trace_hash) {
    outcome.failure = "the same seed went another way";
  }
  const auto n = [](uint64_t v) { return static_cast<unsigned long long>(v); };
  if (outcome.failure.empty()) {
    std::printf(
        "seed %llu: trace %016llx of %llu, messages %llu/%llu, methods %llu/%llu, twin writes %llu, c2d %llu, "
        "feedback %llu, crashes %llu\n",
        n(options.seed), n(outcome.trace_hash), n(outcome.events), n(outcome.acknowledged), n(outcome.messages),
        n(outcome.methods_answered), n(outcome.methods), n(outcome.twin_writes), n(outcome.commands),
        n(outcome.feedback), n(outcome.crashes));
    return true;
  }
  std::printf("seed %llu: FAILED after %.3f virtual seconds: %s\n  again: sim --seed %llu --seconds %lld --trace\n",
              n(options.seed), static_cast<double>(outcome.failed_at_us) / 1e6, outcome.failure.c_str(),
              n(options.seed), static_cast<long long>(options.seconds));
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  uint64_t seeds = 1;
  for (int i = 1; i < argc; ++i) {
    const bool has_value = i + 1 < argc;
    if (std::strcmp(argv[i], "--trace") == 0) {
      options.trace = true;
    } else if (std::strcmp(argv[i], "--seeds") == 0 && has_value) {
      seeds = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--seed") == 0 && has_value) {
      options.seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--seconds") == 0 && has_value) {
      options.seconds = std::strtoll(argv[++i], nullptr, 10);
    } else {
      std::fprintf(stderr, "usage: sim [--seeds N] [--seed S] [--seconds K] [--trace]\n");
      return 2;
    }
  }
  for (const int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS, SIGILL}) std::signal(signal, on_fatal);
  nave::log::set_level(nave::log::Level::kError);
  if (!options.trace) nave::log::set_file("/dev/null");

  constexpr uint64_t kTwiceEvery = 20;
  uint64_t failed = 0;
  for (uint64_t i = 0; i < seeds; ++i) {
    if (!run_one(options, !options.trace && i % kTwiceEvery == 0)) ++failed;
    std::fflush(stdout);
    ++options.seed;
  }
  std::printf("%llu passed, %llu failed\n", static_cast<unsigned long long>(seeds - failed),
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}
