// How far long work is, on one line of a terminal that is written over and over.
#pragma once

#include <cstdint>
#include <string>

namespace nave::app {

// On standard error, so that standard output stays what it would be.
class ProgressBar {
 public:
  // `on_terminal` false: shows nothing.
  explicit ProgressBar(bool on_terminal) : on_terminal_(on_terminal) {}
  // Leaves the cursor on a line of its own.
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // "running [#####.....] 50% 5/10 note"; without a total only what is known.
  void show(const std::string& what, int64_t done, int64_t total, const std::string& note = "");

 private:
  const bool on_terminal_;
  bool shown_ = false;
};

[[nodiscard]] std::string progress_text(const std::string& what, int64_t done, int64_t total, const std::string& note);

}  // namespace nave::app
