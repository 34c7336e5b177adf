#include "app/commands/progress_bar.h"

#include <algorithm>
#include <iostream>

namespace nave::app {

std::string progress_text(const std::string& what, int64_t done, int64_t total, const std::string& note) {
  constexpr int64_t kCells = 30;
  std::string out = what;
  if (total > 0) {
    const int64_t shown = std::clamp<int64_t>(done, 0, total);
    const auto full = static_cast<size_t>(shown * kCells / total);
    out += " [" + std::string(full, '#') + std::string(size_t{kCells} - full, '.') + "] " +
           std::to_string(shown * 100 / total) + "%";
    out += " " + std::to_string(done) + "/" + std::to_string(total);
  }
  return note.empty() ? out : out + " " + note;
}

ProgressBar::~ProgressBar() {
  if (shown_) std::cerr << std::endl;
}

void ProgressBar::show(const std::string& what, int64_t done, int64_t total, const std::string& note) {
  if (!on_terminal_) return;
  shown_ = true;
  // Back to the start, and what is left of the line before is cleared.
  std::cerr << '\r' << progress_text(what, done, total, note) << "\x1b[K" << std::flush;
}

}  // namespace nave::app
