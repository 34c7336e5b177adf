#include "hub/query/token.h"

#include "base/base64.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "hub/query/limits.h"

namespace nave::hub {
namespace {

// version 1, query length 4, checksum of the query 4, groups 8, rows 8, length of the device id 1, both ids, checksum
// of all of this 4
constexpr char kVersion = 1;
constexpr size_t kFixedBytes = 1 + 4 + 4 + 8 + 8 + 1;

std::string head_of(std::string_view query) {
  std::string out(1, kVersion);
  append_be(out, static_cast<uint32_t>(query.size()));
  append_be(out, crc32c(query));
  return out;
}

}  // namespace

std::string write_token(const QueryPosition& position, std::string_view query) {
  std::string out = head_of(query);
  append_be(out, position.groups);
  append_be(out, position.rows);
  append_be(out, static_cast<uint8_t>(position.after.device.size()));
  out += position.after.device + position.after.module;
  append_be(out, crc32c(out));
  return base64_encode(out);
}

std::optional<QueryPosition> read_token(std::string_view token, std::string_view query) {
  if (token.size() > kQueryTokenBytesMax) return {};
  const auto decoded = base64_decode(token);
  if (!decoded || decoded->size() < kFixedBytes + 4) return {};
  const ByteView body(decoded->data(), decoded->size() - 4);
  if (crc32c(body) != load_be<uint32_t>(body.data() + body.size())) return {};
  const std::string head = head_of(query);
  if (!body.starts_with(head)) return {};
  const char* at = body.data() + head.size();
  const ByteView ids = body.substr(kFixedBytes);
  const uint8_t device = byte_at(body, kFixedBytes - 1);
  if (device > ids.size()) return {};
  return QueryPosition{{std::string(ids.substr(0, device)), std::string(ids.substr(device))},
                       load_be<uint64_t>(at),
                       load_be<uint64_t>(at + 8)};
}

}  // namespace nave::hub
