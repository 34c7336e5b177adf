// The lines of an import: what each wants done, and how the error log tells of those that could not be.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "hub/device/bulk.h"

namespace nave::hub {

// Takes complete lines from the front of what has arrived.
class LineCutter {
 public:
  void add(std::string_view bytes) { buffer_ += bytes; }
  // nullopt: no whole line is there; with `at_end` what is left is one. A view until the next call. A line beyond
  // kTransferLineBytesMax comes as its first bytes, so that it is refused.
  [[nodiscard]] std::optional<std::string_view> next(bool at_end);
  // Bytes that next() has given, ends of lines included.
  [[nodiscard]] uint64_t taken() const { return taken_; }

 private:
  std::string buffer_;
  size_t at_ = 0;
  uint64_t taken_ = 0;
  bool skipping_ = false;  // the rest of a line that was too long
};

// The first line of an export without keys.
inline constexpr std::string_view kKeysExcludedLine =
    "Warning: the keys of devices and modules were left out of this export.";

// Nothing to do for it: empty, or the warning above.
[[nodiscard]] bool is_no_item(std::string_view line);

// An item, or the line of the error log (with its end).
[[nodiscard]] Result<BulkItem, std::string> read_import_line(std::string_view line);

[[nodiscard]] std::string import_error_line(const IdentityKey& key, const Error& error);
[[nodiscard]] std::string malformed_line(std::string_view line);

}  // namespace nave::hub
