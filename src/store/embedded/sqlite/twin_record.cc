#include "store/embedded/sqlite/twin_record.h"

#include <array>

#include "base/bytes.h"
#include "base/crc32c.h"

namespace nave::store::embedded {
namespace {

// checksum 4, version 1, four counters of 8, the lengths of seven texts of 4, then the texts
constexpr char kVersion = 1;
constexpr size_t kChecksumBytes = 4;
constexpr size_t kCounters = 4;
constexpr size_t kTexts = 7;
constexpr size_t kHeadBytes = kChecksumBytes + 1 + 8 * kCounters + 4 * kTexts;

uint32_t checksum(std::string_view device, std::string_view module, std::string_view body) {
  char length[2];
  store_le(length, static_cast<uint16_t>(device.size()));
  return crc32c(body, crc32c(module, crc32c(device, crc32c({length, sizeof length}))));
}

}  // namespace

std::string write_twin_record(const IdentityKey& key, const hub::Twin& twin) {
  const std::array<std::string_view, kTexts> texts = {
      twin.model_id,          twin.tags,          twin.desired.values, twin.desired.metadata, twin.reported.values,
      twin.reported.metadata, twin.configurations};
  size_t bytes = kHeadBytes;
  for (const std::string_view text : texts) bytes += text.size();
  std::string out;
  out.reserve(bytes);
  out.append(kChecksumBytes, '\0');
  out += kVersion;
  for (const uint64_t n : {twin.revision, twin.changes, twin.desired.version, twin.reported.version}) append_le(out, n);
  for (const std::string_view text : texts) append_le(out, static_cast<uint32_t>(text.size()));
  for (const std::string_view text : texts) out += text;
  store_le(out.data(), checksum(key.device, key.module, std::string_view(out).substr(kChecksumBytes)));
  return out;
}

std::optional<hub::TwinText> read_twin_record(std::string_view device, std::string_view module,
                                              std::string_view record) {
  if (record.size() < kHeadBytes) return {};
  if (load_le<uint32_t>(record.data()) != checksum(device, module, record.substr(kChecksumBytes))) return {};
  const char* at = record.data() + kChecksumBytes;
  if (*at++ != kVersion) return {};
  std::array<uint64_t, kCounters> counters{};
  for (uint64_t& n : counters) {
    n = load_le<uint64_t>(at);
    at += sizeof n;
  }
  std::array<std::string_view, kTexts> texts;
  std::string_view rest = record.substr(kHeadBytes);
  for (std::string_view& text : texts) {
    const auto length = load_le<uint32_t>(at);
    at += sizeof length;
    if (length > rest.size()) return {};
    text = rest.substr(0, length);
    rest.remove_prefix(length);
  }
  return hub::TwinText{counters[0],
                       counters[1],
                       texts[0],
                       texts[1],
                       {texts[2], texts[3], counters[2]},
                       {texts[4], texts[5], counters[3]},
                       texts[6]};
}

}  // namespace nave::store::embedded
