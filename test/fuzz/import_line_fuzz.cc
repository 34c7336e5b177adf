// The lines of an import, cut out of what arrives in any pieces.
#include <algorithm>
#include <string>
#include <vector>

#include "base/check.h"
#include "hub/transfer/import_line.h"
#include "hub/transfer/job.h"

namespace {

std::vector<std::string> cut(std::string_view text, size_t step) {
  nave::hub::LineCutter lines;
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size(); at += step) {
    lines.add(text.substr(at, step));
    while (const auto line = lines.next(at + step >= text.size())) out.emplace_back(*line);
  }
  NAVE_CHECK(lines.taken() == text.size(), "all bytes are taken");
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::vector<std::string> lines = cut(text, std::max<size_t>(text.size(), 1));
  NAVE_CHECK(lines == cut(text, size_t{data[0]} + 1), "a split changes the lines");
  for (const std::string& line : lines) {
    if (nave::hub::is_no_item(line)) continue;
    const auto item = nave::hub::read_import_line(line);
    NAVE_CHECK(item || (item.error().ends_with('\n') && item.error().find('\n') == item.error().size() - 1),
               "an error is one line");
  }
  (void)nave::hub::read_transfer_job(text);
  return 0;
}
