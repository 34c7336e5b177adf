// What blobs need of storage: a flat folder of files. Names are of the hub's own making, [a-z0-9.-] and short; nothing
// that a client chose gets here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace nave::hub {

// Thread-safe; positions are given with each call. Takes milliseconds, so it is not for a shard.
class BlobFile {
 public:
  virtual ~BlobFile() = default;
  // False: the disk refused, and any part may have been written.
  [[nodiscard]] virtual bool write_at(uint64_t offset, ByteView bytes) = 0;
  // Fewer bytes than asked for only at the end; nullopt: the disk refused.
  [[nodiscard]] virtual std::optional<size_t> read_at(uint64_t offset, std::span<char> into) = 0;
  // On return, what was written is on stable storage.
  [[nodiscard]] virtual bool sync() = 0;
};

// Thread-safe, with the same warning. A file that is removed stays readable to those who have it open.
class BlobFiles {
 public:
  virtual ~BlobFiles() = default;
  [[nodiscard]] virtual std::optional<std::vector<std::string>> list() = 0;
  // nullptr: the disk refused, or there is no such file.
  [[nodiscard]] virtual std::unique_ptr<BlobFile> create(const std::string& name) = 0;
  [[nodiscard]] virtual std::unique_ptr<BlobFile> open(const std::string& name) = 0;
  // A small file: its whole content.
  [[nodiscard]] virtual std::optional<std::string> load(const std::string& name) = 0;
  // At any time the old content or all of the new one is there. On return it is on stable storage, and so are the names
  // of all files that were created before.
  [[nodiscard]] virtual bool replace(const std::string& name, ByteView content) = 0;
  [[nodiscard]] virtual bool rename(const std::string& from, const std::string& to) = 0;
  // Durable after a replace() or a remove() with `durably`.
  [[nodiscard]] virtual bool remove(const std::string& name, bool durably) = 0;
};

}  // namespace nave::hub
