#include "hub/blob/blob.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "base/base64.h"
#include "base/url.h"
#include "hub/blob/limits.h"

namespace nave::hub {
namespace {

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_identifier_char(char c) {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

bool names_etag(std::string_view condition, uint64_t etag) {
  return condition == "*" || condition == blob_etag_text(etag) ||
         "\"" + std::string(condition) + "\"" == blob_etag_text(etag);
}

// HTTP dates have no fractions.
UtcTime whole_seconds(UtcTime t) {
  return std::chrono::floor<std::chrono::seconds>(t);
}

}  // namespace

std::string blob_etag_text(uint64_t etag) {
  std::array<char, 16> hex{};
  const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), etag, 16).ptr;
  std::string out = "\"0x" + std::string(hex.data(), end) + "\"";
  std::transform(out.begin() + 3, out.end(), out.begin() + 3,
                 [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; });
  return out;
}

BlobResult<void> BlobConditions::check_write(const Blob* blob) const {
  if (if_match && (blob == nullptr || !names_etag(*if_match, blob->etag))) return fail(BlobError::kConditionNotMet);
  if (if_none_match && blob != nullptr && names_etag(*if_none_match, blob->etag)) {
    return fail(*if_none_match == "*" ? BlobError::kBlobAlreadyExists : BlobError::kConditionNotMet);
  }
  if (blob == nullptr) return {};
  if (if_modified_since && whole_seconds(blob->modified) <= *if_modified_since)
    return fail(BlobError::kConditionNotMet);
  if (if_unmodified_since && whole_seconds(blob->modified) > *if_unmodified_since) {
    return fail(BlobError::kConditionNotMet);
  }
  return {};
}

BlobResult<bool> BlobConditions::check_read(const Blob& blob) const {
  if (if_match && !names_etag(*if_match, blob.etag)) return fail(BlobError::kConditionNotMet);
  if (if_unmodified_since && whole_seconds(blob.modified) > *if_unmodified_since) {
    return fail(BlobError::kConditionNotMet);
  }
  if (if_none_match) return !names_etag(*if_none_match, blob.etag);
  return !if_modified_since || whole_seconds(blob.modified) > *if_modified_since;
}

bool is_container_name(std::string_view name) {
  return name.size() >= 3 && name.size() <= 63 && name.front() != '-' && name.back() != '-' &&
         name.find("--") == std::string_view::npos &&
         std::ranges::all_of(name, [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_blob_name(std::string_view name) {
  return !name.empty() && name.size() <= kBlobNameBytesMax && is_valid_utf8(name) &&
         std::ranges::none_of(name, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }) &&
         name.find("\xEF\xBF\xBE") == std::string_view::npos && name.find("\xEF\xBF\xBF") == std::string_view::npos;
}

bool is_block_id(std::string_view id) {
  const auto decoded = base64_decode(id);
  return decoded && !decoded->empty() && decoded->size() <= kBlobBlockIdBytesMax;
}

bool is_metadata(const BlobMetadata& metadata) {
  size_t bytes = 0;
  for (const auto& [name, value] : metadata) {
    bytes += name.size() + value.size();
    if (name.empty() || (name[0] >= '0' && name[0] <= '9') || !std::ranges::all_of(name, is_identifier_char) ||
        !is_valid_utf8(value)) {
      return false;
    }
  }
  return bytes <= kBlobMetadataBytesMax;
}

}  // namespace nave::hub
