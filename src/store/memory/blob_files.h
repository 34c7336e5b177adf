// Files of blobs that are gone with the process.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "hub/blob/files.h"

namespace nave::store::memory {

class MemoryBlobFiles final : public hub::BlobFiles {
 public:
  [[nodiscard]] std::optional<std::vector<std::string>> list() override;
  [[nodiscard]] std::unique_ptr<hub::BlobFile> create(const std::string& name) override;
  [[nodiscard]] std::unique_ptr<hub::BlobFile> open(const std::string& name) override;
  [[nodiscard]] std::optional<std::string> load(const std::string& name) override;
  [[nodiscard]] bool replace(const std::string& name, ByteView content) override;
  [[nodiscard]] bool rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] bool remove(const std::string& name, bool durably) override;

 private:
  struct Content {
    std::mutex mutex;
    std::string bytes;
  };
  class File;

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Content>> files_;
};

}  // namespace nave::store::memory
