#include "store/embedded/blob/blob_files.h"

#include <cerrno>
#include <stdexcept>
#include <utility>

#include "base/log.h"

namespace nave::store::embedded {
namespace {

bool refused(const IoError& error) {
  log::write_limited(log::Level::kError, log::Category::kStorage, "blob-file", "a file of a blob cannot be used",
                     {{"reason", error.text}});
  return false;
}

template <class T>
bool ok(const IoResult<T>& result) {
  return result.has_value() || refused(result.error());
}

class FolderFile final : public hub::BlobFile {
 public:
  FolderFile(std::unique_ptr<File> file, bool durable) : file_(std::move(file)), durable_(durable) {}
  bool write_at(uint64_t offset, ByteView bytes) override { return ok(file_->write_at(offset, bytes)); }
  std::optional<size_t> read_at(uint64_t offset, std::span<char> into) override {
    const auto n = file_->read_at(offset, into);
    if (!ok(n)) return {};
    return *n;
  }
  bool sync() override { return !durable_ || ok(file_->sync_data()); }

 private:
  std::unique_ptr<File> file_;
  const bool durable_;
};

}  // namespace

FolderBlobFiles::FolderBlobFiles(FileSystem& files, std::string folder, Durability durability)
    : files_(files), folder_(std::move(folder)), durable_(durability == Durability::kDurable) {
  if (const auto made = files_.make_directory(folder_); !made) {
    throw std::runtime_error("cannot use the folder of blobs: " + made.error().text);
  }
}

std::optional<std::vector<std::string>> FolderBlobFiles::list() {
  auto names = files_.list(folder_);
  if (!ok(names)) return {};
  return *std::move(names);
}

std::unique_ptr<hub::BlobFile> FolderBlobFiles::create(const std::string& name) {
  auto file = files_.create(path(name));
  if (!ok(file)) return nullptr;
  return std::make_unique<FolderFile>(*std::move(file), durable_);
}

std::unique_ptr<hub::BlobFile> FolderBlobFiles::open(const std::string& name) {
  auto file = files_.open(path(name));
  if (!file && file.error().code == ENOENT) return nullptr;  // removed a moment ago
  if (!ok(file)) return nullptr;
  return std::make_unique<FolderFile>(*std::move(file), durable_);
}

std::optional<std::string> FolderBlobFiles::load(const std::string& name) {
  const auto file = files_.open(path(name));
  if (!ok(file)) return {};
  const auto size = (*file)->size();
  if (!ok(size)) return {};
  std::string out(*size, '\0');
  const auto n = (*file)->read_at(0, out);
  if (!ok(n)) return {};
  out.resize(*n);
  return out;
}

bool FolderBlobFiles::replace(const std::string& name, ByteView content) {
  const std::string fresh = path(name) + ".part";  // removed at the next start if we do not come to rename it
  const auto file = files_.create(fresh);
  return ok(file) && ok((*file)->write_at(0, content)) && (!durable_ || ok((*file)->sync_data())) &&
         ok(files_.rename(fresh, path(name))) && (!durable_ || ok(files_.sync_directory(folder_)));
}

bool FolderBlobFiles::rename(const std::string& from, const std::string& to) {
  return ok(files_.rename(path(from), path(to)));
}

bool FolderBlobFiles::remove(const std::string& name, bool durably) {
  const auto removed = files_.remove(path(name));
  if (!removed && removed.error().code != ENOENT) return refused(removed.error());
  return !durably || !durable_ || ok(files_.sync_directory(folder_));
}

}  // namespace nave::store::embedded
