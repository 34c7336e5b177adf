#include "hub/blob/upload.h"

#include <utility>

#include "base/base64.h"

namespace nave::hub {

BlobUpload::BlobUpload(BlobFiles& files, std::shared_ptr<BlobUsage> usage, std::string name)
    : files_(files), usage_(std::move(usage)), name_(std::move(name)) {}

BlobUpload::~BlobUpload() {
  if (name_.empty()) return;
  const bool created = file_ != nullptr;
  file_.reset();
  if (created) (void)files_.remove(name_, false);  // what stays is removed at the next start
  usage_->bytes -= size_;
}

BlobResult<void> BlobUpload::write(ByteView bytes) {
  if (!file_) file_ = files_.create(name_);
  if (!file_) return fail(BlobError::kInternalError);
  if (usage_->bytes.fetch_add(bytes.size()) + bytes.size() > usage_->bytes_max) {
    usage_->bytes -= bytes.size();
    return fail(BlobError::kInsufficientStorage);
  }
  const uint64_t at = std::exchange(size_, size_ + bytes.size());
  if (!file_->write_at(at, bytes)) return fail(BlobError::kInternalError);
  md5_.add(bytes);
  return {};
}

BlobResult<void> BlobUpload::finish() {
  if (!file_) file_ = files_.create(name_);  // nothing was written
  if (!file_ || !file_->sync()) return fail(BlobError::kInternalError);
  md5_text_ = base64_encode(md5_.finish());
  return {};
}

std::optional<std::string> BlobUpload::read(uint64_t offset, size_t bytes_max) const {
  std::string out(bytes_max, '\0');
  const auto n = file_->read_at(offset, out);
  if (!n) return {};
  out.resize(*n);
  return out;
}

bool BlobUpload::keep_as(const std::string& name) {
  if (!files_.rename(name_, name)) return false;
  name_.clear();
  return true;
}

}  // namespace nave::hub
