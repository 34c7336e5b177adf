#include "app/commands/progress.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <utility>

namespace nave::app {
namespace {

constexpr size_t kWidth = 40;
constexpr const char* kBackAndErase = "\r\x1b[K";

}  // namespace

Progress::Progress(std::string what, uint64_t total)
    : what_(std::move(what)), total_(total), on_terminal_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (on_terminal_) std::cerr << kBackAndErase << std::flush;
}

void Progress::show(uint64_t done) {
  if (!on_terminal_) return;
  std::string line = kBackAndErase;
  if (total_ > 0) {
    const auto filled = static_cast<size_t>(std::min(done, total_) * kWidth / total_);
    line += '[' + std::string(filled, '#') + std::string(kWidth - filled, ' ') + "] ";
  }
  line += std::to_string(done);
  if (total_ > 0) line += " of " + std::to_string(total_);
  std::cerr << line << ' ' << what_ << std::flush;
}

}  // namespace nave::app
