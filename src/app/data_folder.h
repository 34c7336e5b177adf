// The data folder on disk: its lock, its permissions, and where each thing lives in it
// (docs/operations/data-folder.md).
#pragma once

#include <string>

namespace nave::app {

// Owns the folder for the life of the process: a second hub on the same folder is refused.
class DataFolder {
 public:
  // Creates the folder (mode 0700) when missing and takes the lock. Throws std::runtime_error with one clear line when
  // the folder cannot be used or another process holds it.
  explicit DataFolder(const std::string& path);
  ~DataFolder();
  DataFolder(const DataFolder&) = delete;
  DataFolder& operator=(const DataFolder&) = delete;

  [[nodiscard]] std::string state_db() const { return path_ + "/state.db"; }
  [[nodiscard]] std::string event_log() const { return path_ + "/events"; }
  [[nodiscard]] std::string blobs() const { return path_ + "/blobs"; }
  [[nodiscard]] std::string ca_certificate() const { return path_ + "/ca.pem"; }
  [[nodiscard]] std::string ca_key() const { return path_ + "/ca-key.pem"; }
  [[nodiscard]] std::string server_certificate() const { return path_ + "/server.pem"; }
  [[nodiscard]] std::string server_key() const { return path_ + "/server-key.pem"; }
  [[nodiscard]] static std::string connection_file(const std::string& folder) { return folder + "/connection.json"; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  int lock_fd_ = -1;
};

// nullopt-free file helpers for small files. read_file throws std::runtime_error naming the file.
[[nodiscard]] bool file_exists(const std::string& path);
[[nodiscard]] std::string read_file(const std::string& path);
// Atomic: a reader sees the old content or the whole new one; synced to disk before the rename.
void write_file_atomic(const std::string& path, const std::string& content, unsigned mode);

}  // namespace nave::app
