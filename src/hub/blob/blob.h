// Containers and blobs as their owners see them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "hub/blob/errors.h"

namespace nave::hub {

using BlobMetadata = std::map<std::string, std::string>;

// What the Blob service keeps of HTTP headers and gives back with the content.
struct BlobHeaders {
  std::string content_type = "application/octet-stream";
  std::string content_encoding;
  std::string content_language;
  std::string content_disposition;
  std::string cache_control;
  std::string content_md5;  // base64; empty: not known
};

struct BlobBlock {
  std::string id;  // base64, as the client wrote it
  uint64_t size = 0;
};

enum class BlobKind : uint8_t { kBlock, kAppend };

struct Blob {
  BlobKind kind = BlobKind::kBlock;
  uint64_t size = 0;
  uint64_t etag = 0;
  UtcTime created = kNever;
  UtcTime modified = kNever;
  BlobHeaders headers;
  BlobMetadata metadata;
  std::vector<BlobBlock> blocks;  // of the block list that made it; empty if there was none
  uint64_t appends = 0;           // append blocks
  // The storage's own: names of the files that hold the head and the content.
  std::string head_file;
  std::string data_file;
};

struct BlobContainer {
  uint64_t etag = 0;
  UtcTime modified = kNever;
  BlobMetadata metadata;
  std::string file;  // the storage's own
};

// ETags as the wire has them: "0x8D…" in quotes.
[[nodiscard]] std::string blob_etag_text(uint64_t etag);

// If-Match and its like. A blob that is not there has no ETag and was never modified.
struct BlobConditions {
  std::optional<std::string> if_match;
  std::optional<std::string> if_none_match;
  std::optional<UtcTime> if_modified_since;
  std::optional<UtcTime> if_unmodified_since;
  // ConditionNotMet, or BlobAlreadyExists for If-None-Match: * on a write.
  [[nodiscard]] BlobResult<void> check_write(const Blob* blob) const;
  // False: the reader has it already (304). ConditionNotMet for the others.
  [[nodiscard]] BlobResult<bool> check_read(const Blob& blob) const;
};

// 3 to 63 of a–z, 0–9 and single dashes inside.
[[nodiscard]] bool is_container_name(std::string_view name);
// UTF-8 without control characters, 1 to kBlobNameBytesMax.
[[nodiscard]] bool is_blob_name(std::string_view name);
// Base64 of 1 to kBlobBlockIdBytesMax bytes.
[[nodiscard]] bool is_block_id(std::string_view id);
// Names are identifiers; all together at most kBlobMetadataBytesMax.
[[nodiscard]] bool is_metadata(const BlobMetadata& metadata);

}  // namespace nave::hub
