// Content on its way in, or an uncommitted block: a file that goes when nobody holds it any more, unless it became part
// of a blob.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "auth/md5.h"
#include "base/bytes.h"
#include "hub/blob/errors.h"
#include "hub/blob/files.h"

namespace nave::hub {

// Bytes that all blobs and uploads have together.
struct BlobUsage {
  explicit BlobUsage(uint64_t most) : bytes_max(most) {}
  const uint64_t bytes_max;
  std::atomic<uint64_t> bytes{0};
};

// One thread at a time. Not for a shard: it writes.
class BlobUpload {
 public:
  // `name` is the file's.
  BlobUpload(BlobFiles& files, std::shared_ptr<BlobUsage> usage, std::string name);
  ~BlobUpload();
  BlobUpload(const BlobUpload&) = delete;
  BlobUpload& operator=(const BlobUpload&) = delete;

  // InsufficientStorage, or InternalError when the disk refuses; then nothing further is of use.
  [[nodiscard]] BlobResult<void> write(ByteView bytes);
  // On stable storage, with all that write() took. Ends the writing.
  [[nodiscard]] BlobResult<void> finish();
  [[nodiscard]] uint64_t size() const { return size_; }
  // Base64; after finish().
  [[nodiscard]] const std::string& md5() const { return md5_text_; }
  // From `offset` on; nullopt: the disk refused.
  [[nodiscard]] std::optional<std::string> read(uint64_t offset, size_t bytes_max) const;
  // The file is a blob's own from now on, under that name; its bytes stay counted. False: the disk refused.
  [[nodiscard]] bool keep_as(const std::string& name);

 private:
  BlobFiles& files_;
  std::shared_ptr<BlobUsage> usage_;
  std::string name_;  // empty: the file is somebody else's
  std::unique_ptr<BlobFile> file_;
  auth::Md5 md5_;
  std::string md5_text_;
  uint64_t size_ = 0;
};

}  // namespace nave::hub
