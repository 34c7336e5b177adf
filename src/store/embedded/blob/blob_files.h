// The files of blobs in a folder of their own (docs/formats/blobs.md).
#pragma once

#include <string>

#include "hub/blob/files.h"
#include "store/embedded/durability.h"
#include "store/embedded/file.h"

namespace nave::store::embedded {

class FolderBlobFiles final : public hub::BlobFiles {
 public:
  // Makes the folder if there is none. Throws std::runtime_error with one clear line. `files` outlives it.
  FolderBlobFiles(FileSystem& files, std::string folder, Durability durability);

  [[nodiscard]] std::optional<std::vector<std::string>> list() override;
  [[nodiscard]] std::unique_ptr<hub::BlobFile> create(const std::string& name) override;
  [[nodiscard]] std::unique_ptr<hub::BlobFile> open(const std::string& name) override;
  [[nodiscard]] std::optional<std::string> load(const std::string& name) override;
  [[nodiscard]] bool replace(const std::string& name, ByteView content) override;
  [[nodiscard]] bool rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] bool remove(const std::string& name, bool durably) override;

 private:
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

  FileSystem& files_;
  const std::string folder_;
  const bool durable_;
};

}  // namespace nave::store::embedded
