// What blobs may take of the hub; the bytes of all of them are configured.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nave::hub {

inline constexpr size_t kBlobContainersMax = 1000;
inline constexpr size_t kBlobsMax = 100'000;
inline constexpr size_t kBlobNameBytesMax = 1024;
inline constexpr uint64_t kBlobBodyBytesMax = uint64_t{256} << 20;  // of one Put Blob or Put Block
inline constexpr uint64_t kBlobAppendBytesMax = uint64_t{4} << 20;  // of one Append Block
inline constexpr size_t kBlobOtherBodyBytesMax = 64 * 1024;         // of requests that need no body
inline constexpr size_t kBlobBlocksMax = 50'000;                    // of one blob
inline constexpr size_t kBlobBlockIdBytesMax = 64;
inline constexpr size_t kBlobStagedBlocksMax = 100'000;  // that no list has named yet, of all blobs
inline constexpr int64_t kBlobStagedMsMax = int64_t{7} * 24 * 3600 * 1000;
inline constexpr size_t kBlobUploadsMax = 256;            // bodies on their way in at one time
inline constexpr size_t kBlobUploadPendingMax = 1 << 20;  // of one body: received and not yet written
inline constexpr size_t kBlobPieceBytes = 256 * 1024;     // of a body on its way out
inline constexpr size_t kBlobListMax = 5000;
inline constexpr size_t kBlobMetadataBytesMax = 8 * 1024;
inline constexpr size_t kBlobXmlBytesMax = 8 << 20;  // a block list of the most and longest ids
inline constexpr uint64_t kBlobBytesMaxDefault = uint64_t{16} << 30;

}  // namespace nave::hub
