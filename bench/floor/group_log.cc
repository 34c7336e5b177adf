#include "bench/floor/group_log.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/crc32c.h"

namespace nave::bench {
namespace {

void require(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::exit(1);
}

}  // namespace

GroupLog::GroupLog(const std::string& path, size_t file_bytes,
                   std::function<void(std::vector<Acknowledgement>)> durable)
    : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)),
      file_bytes_(file_bytes),
      durable_(std::move(durable)),
      wake_(eventfd(0, EFD_CLOEXEC)) {
  require(fd_ >= 0 && wake_ >= 0, path.c_str());
  // Written once, so that a commit has no metadata to journal.
  const std::string zeros(size_t{1} << 20, '\0');
  for (size_t at = 0; at < file_bytes; at += zeros.size()) {
    require(pwrite(fd_, zeros.data(), zeros.size(), static_cast<off_t>(at)) == static_cast<ssize_t>(zeros.size()),
            "pwrite");
  }
  require(fsync(fd_) == 0, "fsync");
  thread_ = std::thread([this] { work(); });
}

GroupLog::~GroupLog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  commit();
  thread_.join();
  ::close(fd_);
  ::close(wake_);
}

void GroupLog::append(std::string_view payload, Acknowledgement acknowledgement) {
  const uint32_t head[2] = {crc32c(payload), static_cast<uint32_t>(payload.size())};
  const std::lock_guard lock(mutex_);
  bytes_.append(reinterpret_cast<const char*>(head), sizeof head);
  bytes_.append(payload);
  waiting_.push_back(acknowledgement);
}

void GroupLog::commit() {
  require(eventfd_write(wake_, 1) == 0, "eventfd");
}

void GroupLog::work() {
  std::string bytes;
  std::vector<Acknowledgement> waiting;
  for (;;) {
    eventfd_t count = 0;
    require(eventfd_read(wake_, &count) == 0, "eventfd");
    bytes.clear();
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      bytes.swap(bytes_);
      waiting.swap(waiting_);
    }
    if (waiting.empty()) continue;
    write(bytes);
    require(fdatasync(fd_) == 0, "fdatasync");
    durable_(std::exchange(waiting, {}));
  }
}

void GroupLog::write(const std::string& bytes) {
  if (position_ + bytes.size() > file_bytes_) position_ = 0;
  require(pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(position_)) == static_cast<ssize_t>(bytes.size()),
          "pwrite");
  position_ += bytes.size();
}

}  // namespace nave::bench
