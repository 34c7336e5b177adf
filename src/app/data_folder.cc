#include "app/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace nave::app {
namespace {

[[noreturn]] void fail_with_errno(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

DataFolder::DataFolder(const std::string& path) : path_(path) {
  std::error_code ec;
  std::filesystem::create_directories(path_, ec);
  if (ec) throw std::runtime_error("cannot create the data folder " + path_ + ": " + ec.message());
  std::filesystem::permissions(path_, std::filesystem::perms::owner_all, ec);
  const std::string lock = path_ + "/lock";
  lock_fd_ = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_fd_ < 0) fail_with_errno("cannot open " + lock);
  if (flock(lock_fd_, LOCK_EX | LOCK_NB) != 0) {
    char pid[16] = {};
    const ssize_t n = pread(lock_fd_, pid, sizeof pid - 1, 0);
    close(lock_fd_);
    throw std::runtime_error("the data folder " + path_ + " is in use by another hub" +
                             (n > 0 ? " (process " + std::string(pid) + ")" : ""));
  }
  const std::string pid = std::to_string(getpid());
  if (ftruncate(lock_fd_, 0) != 0 || pwrite(lock_fd_, pid.data(), pid.size(), 0) < 0) {
    fail_with_errno("cannot write " + lock);
  }
}

DataFolder::~DataFolder() {
  close(lock_fd_);
}

bool file_exists(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) fail_with_errno("cannot read " + path);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file_atomic(const std::string& path, const std::string& content, unsigned mode) {
  const std::string temporary = path + ".new";
  {
    const Descriptor fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (fd.get() < 0) fail_with_errno("cannot write " + temporary);
    if (fchmod(fd.get(), mode) != 0) fail_with_errno("cannot set the mode of " + temporary);
    size_t done = 0;
    while (done < content.size()) {
      const ssize_t n = write(fd.get(), content.data() + done, content.size() - done);
      if (n < 0) fail_with_errno("cannot write " + temporary);
      done += static_cast<size_t>(n);
    }
    if (fsync(fd.get()) != 0) fail_with_errno("cannot sync " + temporary);
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) fail_with_errno("cannot rename to " + path);
}

}  // namespace nave::app
