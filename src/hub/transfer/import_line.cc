#include "hub/transfer/import_line.h"

#include <algorithm>

#include "base/url.h"
#include "hub/device/bulk_json.h"
#include "hub/transfer/limits.h"
#include "json/parse.h"
#include "json/write.h"

namespace nave::hub {
namespace {

constexpr int kDeserializationError = 400012;  // reference/service-rest.md §10.2

}  // namespace

std::optional<std::string_view> LineCutter::next(bool at_end) {
  while (true) {
    const size_t end = buffer_.find('\n', at_);
    const bool whole = end != std::string::npos;
    const size_t stop = whole ? end : buffer_.size();
    const bool too_long = stop - at_ > kTransferLineBytesMax;
    if (!whole && !too_long && !skipping_ && !(at_end && stop > at_)) {
      buffer_.erase(0, at_);
      at_ = 0;
      return {};
    }
    const std::string_view line =
        std::string_view(buffer_).substr(at_, std::min(stop - at_, kTransferLineBytesMax + 1));
    const size_t used = (whole ? stop + 1 : stop) - at_;
    const bool rest_of_long = skipping_;
    taken_ += used;
    at_ += used;
    skipping_ = !whole && (too_long || skipping_);
    if (!rest_of_long) return line;
    if (!whole) {
      buffer_.clear();
      at_ = 0;
      return {};
    }
  }
}

bool is_no_item(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos || line.starts_with(kKeysExcludedLine);
}

std::string malformed_line(std::string_view line) {
  while (line.ends_with('\r')) line.remove_suffix(1);
  std::string shown(line.substr(0, kTransferLoggedLineBytesMax));
  // A cut may have gone through a character.
  while (!shown.empty() && !is_valid_utf8(shown) && shown.size() + 4 > kTransferLoggedLineBytesMax) shown.pop_back();
  if (!is_valid_utf8(shown)) shown = "(not UTF-8)";
  json::Object out;
  out.append("errorCode", kDeserializationError);
  out.append("errorStatus", "Invalid device format in line: " + shown);
  return json::to_text(std::move(out)) + "\n";
}

std::string import_error_line(const IdentityKey& key, const Error& error) {
  json::Object out;
  out.append("deviceId", key.device);
  if (key.is_module()) out.append("moduleId", key.module);
  out.append("errorCode", row(error.code).code);
  out.append("errorStatus", error.message);
  return json::to_text(std::move(out)) + "\n";
}

Result<BulkItem, std::string> read_import_line(std::string_view line) {
  if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  const auto value = json::parse(line, {.bytes_max = kTransferLineBytesMax});
  if (!value || value->if_object() == nullptr) return fail(malformed_line(line));
  const auto key = read_bulk_key(*value);
  if (!key) return fail(malformed_line(line));
  auto item = read_bulk_item(*value, BulkDialect::kImport);
  if (!item) return fail(import_error_line(*key, item.error()));
  return *std::move(item);
}

}  // namespace nave::hub
