#include "store/memory/blob_files.h"

#include <algorithm>
#include <utility>

namespace nave::store::memory {

class MemoryBlobFiles::File final : public hub::BlobFile {
 public:
  explicit File(std::shared_ptr<Content> content) : content_(std::move(content)) {}

  bool write_at(uint64_t offset, ByteView bytes) override {
    const std::lock_guard lock(content_->mutex);
    std::string& all = content_->bytes;
    if (all.size() < offset + bytes.size()) all.resize(offset + bytes.size());
    std::ranges::copy(bytes, all.begin() + static_cast<std::ptrdiff_t>(offset));
    return true;
  }
  std::optional<size_t> read_at(uint64_t offset, std::span<char> into) override {
    const std::lock_guard lock(content_->mutex);
    const std::string& all = content_->bytes;
    if (offset >= all.size()) return size_t{0};
    return all.copy(into.data(), into.size(), offset);
  }
  bool sync() override { return true; }

 private:
  std::shared_ptr<Content> content_;
};

std::optional<std::vector<std::string>> MemoryBlobFiles::list() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [name, content] : files_) out.push_back(name);
  return out;
}

std::unique_ptr<hub::BlobFile> MemoryBlobFiles::create(const std::string& name) {
  auto content = std::make_shared<Content>();
  const std::lock_guard lock(mutex_);
  files_[name] = content;
  return std::make_unique<File>(std::move(content));
}

std::unique_ptr<hub::BlobFile> MemoryBlobFiles::open(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto it = files_.find(name);
  if (it == files_.end()) return nullptr;
  return std::make_unique<File>(it->second);
}

std::optional<std::string> MemoryBlobFiles::load(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto it = files_.find(name);
  if (it == files_.end()) return {};
  const std::lock_guard content_lock(it->second->mutex);
  return it->second->bytes;
}

bool MemoryBlobFiles::replace(const std::string& name, ByteView content) {
  auto fresh = std::make_shared<Content>();
  fresh->bytes = content;
  const std::lock_guard lock(mutex_);
  files_[name] = std::move(fresh);
  return true;
}

bool MemoryBlobFiles::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const auto it = files_.find(from);
  if (it == files_.end()) return false;
  files_[to] = std::move(it->second);
  files_.erase(from);
  return true;
}

bool MemoryBlobFiles::remove(const std::string& name, bool /*durably*/) {
  const std::lock_guard lock(mutex_);
  files_.erase(name);
  return true;
}

}  // namespace nave::store::memory
