// Appends records to a preallocated, circular file on a thread of its own: one write and one fdatasync for all records
// that wait. The least that "acknowledged means on disk" can cost.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace nave::bench {

struct Acknowledgement {
  uint64_t connection;
  uint16_t packet_id;
};

class GroupLog {
 public:
  // `durable` is called on the log's thread with what one fdatasync made durable.
  GroupLog(const std::string& path, size_t file_bytes, std::function<void(std::vector<Acknowledgement>)> durable);
  ~GroupLog();
  GroupLog(const GroupLog&) = delete;
  GroupLog& operator=(const GroupLog&) = delete;

  void append(std::string_view payload, Acknowledgement acknowledgement);
  // Wakes the thread: call once after a run of append().
  void commit();

 private:
  void work();
  void write(const std::string& bytes);

  int fd_;
  size_t file_bytes_;
  size_t position_ = 0;
  std::function<void(std::vector<Acknowledgement>)> durable_;
  std::mutex mutex_;
  std::string bytes_;                     // guarded by mutex_
  std::vector<Acknowledgement> waiting_;  // guarded by mutex_
  bool stopping_ = false;                 // guarded by mutex_
  int wake_;                              // eventfd
  std::thread thread_;
};

}  // namespace nave::bench
