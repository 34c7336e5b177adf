// Files as the durable stores use them, behind an interface so that tests can make the Nth call fail, write short, or
// lose power.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace nave::store::embedded {

struct IoError {
  int code = 0;      // errno
  std::string text;  // "pwrite /data/log/0001.seg: No space left on device"
};

template <class T>
using IoResult = Result<T, IoError>;

// Thread-safe: positions are given with each call. Destroying closes it, without syncing.
class File {
 public:
  virtual ~File() = default;
  // All bytes or an error, after which any part of them may have been written.
  [[nodiscard]] virtual IoResult<void> write_at(uint64_t offset, ByteView bytes) = 0;
  // Fewer bytes than asked for only at the end of the file.
  [[nodiscard]] virtual IoResult<size_t> read_at(uint64_t offset, std::span<char> into) = 0;
  // On return, what was written and the file's size are on stable storage. After an error nobody knows: never retry.
  [[nodiscard]] virtual IoResult<void> sync_data() = 0;
  // Reserves the space, so that writes below `size` cannot run out of it; the file has this size then, new bytes are 0.
  [[nodiscard]] virtual IoResult<void> allocate(uint64_t size) = 0;
  // Writes zeros to the whole of the first `bytes`, and syncs. Unlike after allocate(), later writes there change no
  // metadata.
  [[nodiscard]] virtual IoResult<void> write_zeros(uint64_t bytes) = 0;
  [[nodiscard]] virtual IoResult<uint64_t> size() const = 0;
};

// Thread-safe. Names are durable only after sync_directory().
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  [[nodiscard]] virtual IoResult<void> make_directory(const std::string& path) = 0;  // also if it is there already
  [[nodiscard]] virtual IoResult<std::vector<std::string>> list(const std::string& directory) = 0;  // names, sorted
  // An empty file; one of that name is emptied.
  [[nodiscard]] virtual IoResult<std::unique_ptr<File>> create(const std::string& path) = 0;
  [[nodiscard]] virtual IoResult<std::unique_ptr<File>> open(const std::string& path) = 0;
  [[nodiscard]] virtual IoResult<void> rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual IoResult<void> remove(const std::string& path) = 0;
  [[nodiscard]] virtual IoResult<void> sync_directory(const std::string& path) = 0;
};

class PosixFileSystem final : public FileSystem {
 public:
  [[nodiscard]] IoResult<void> make_directory(const std::string& path) override;
  [[nodiscard]] IoResult<std::vector<std::string>> list(const std::string& directory) override;
  [[nodiscard]] IoResult<std::unique_ptr<File>> create(const std::string& path) override;
  [[nodiscard]] IoResult<std::unique_ptr<File>> open(const std::string& path) override;
  [[nodiscard]] IoResult<void> rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] IoResult<void> remove(const std::string& path) override;
  [[nodiscard]] IoResult<void> sync_directory(const std::string& path) override;
};

}  // namespace nave::store::embedded
