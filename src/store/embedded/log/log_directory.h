// The log's folder: the names in it, new segment files, and the spare one that waits for its turn.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "store/embedded/file.h"

namespace nave::store::embedded {

[[nodiscard]] std::string segment_name(uint64_t id);  // "000000000000002a.seg"
[[nodiscard]] std::string index_name(uint64_t id);    // "000000000000002a.idx"
// The id in a segment's or an index's name; nullopt for every other name.
[[nodiscard]] std::optional<uint64_t> parse_segment_name(const std::string& name);
[[nodiscard]] std::optional<uint64_t> parse_index_name(const std::string& name);

inline constexpr const char* kSpareName = "spare.seg";
inline constexpr const char* kSpareUnfinishedName = "spare.new";
inline constexpr const char* kNextName = "next.seg";

// Thread-safe.
class LogDirectory {
 public:
  LogDirectory(FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

  [[nodiscard]] FileSystem& files() const { return files_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string at(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] IoResult<void> sync() { return files_.sync_directory(path_); }

  // A segment file of `bytes` under the name kNextName: the spare one if there is one, else a new one. Only
  // `written` ones are written whole, which takes time and makes later commits cheap.
  [[nodiscard]] IoResult<std::unique_ptr<File>> take_next(uint64_t bytes, bool written);

  [[nodiscard]] bool has_spare() const;
  // Takes over what an earlier run left as the spare one, if it is as large as it should be.
  [[nodiscard]] IoResult<void> adopt_spare(uint64_t bytes);
  // Writes a spare segment if there is none.
  [[nodiscard]] IoResult<void> make_spare(uint64_t bytes);
  // Turns an expired segment into the spare one, or removes it.
  [[nodiscard]] IoResult<void> retire(uint64_t id, std::unique_ptr<File> reusable);

 private:
  [[nodiscard]] IoResult<std::unique_ptr<File>> create_blank(const std::string& name, uint64_t bytes, bool written);

  FileSystem& files_;
  const std::string path_;
  mutable std::mutex mutex_;
  std::unique_ptr<File> spare_;  // is named kSpareName
};

}  // namespace nave::store::embedded
