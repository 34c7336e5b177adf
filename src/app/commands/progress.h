// A bar on a terminal for work that takes long; nothing where standard error is something else.
#pragma once

#include <cstdint>
#include <string>

namespace nave::app {

class Progress {
 public:
  // `total` 0: it is not known, then only the count is shown.
  Progress(std::string what, uint64_t total);
  // Leaves the line empty.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(uint64_t done);

 private:
  const std::string what_;
  const uint64_t total_;
  const bool on_terminal_;
};

}  // namespace nave::app
