#include "store/embedded/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace nave::store::embedded {
namespace {

auto io_failure(std::string_view call, const std::string& path, int code = errno) {
  return fail(IoError{code, std::string(call) + " " + path + ": " + std::generic_category().message(code)});
}

// Repeats a call that a signal interrupted. Not for close() and fdatasync().
template <class F>
auto uninterrupted(F call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

constexpr size_t kZeroBytes = 256 * 1024;
struct alignas(4096) ZeroBlock {  // O_DIRECT wants its memory aligned
  char bytes[kZeroBytes];
};
constexpr ZeroBlock kZeros{};

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;
  ~PosixFile() override { ::close(fd_); }

  IoResult<void> write_at(uint64_t offset, ByteView bytes) override {
    while (!bytes.empty()) {
      const ssize_t n =
          uninterrupted([&] { return ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
      if (n < 0) return io_failure("pwrite", path_);
      bytes.remove_prefix(static_cast<size_t>(n));
      offset += static_cast<uint64_t>(n);
    }
    return {};
  }

  IoResult<size_t> read_at(uint64_t offset, std::span<char> into) override {
    size_t done = 0;
    while (done < into.size()) {
      const ssize_t n = uninterrupted(
          [&] { return ::pread(fd_, into.data() + done, into.size() - done, static_cast<off_t>(offset + done)); });
      if (n < 0) return io_failure("pread", path_);
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

  IoResult<void> sync_data() override {
    if (::fdatasync(fd_) != 0) return io_failure("fdatasync", path_);
    return {};
  }

  IoResult<void> allocate(uint64_t size) override {
    // Returns the error instead of setting errno; falls back to writing where the file system cannot reserve.
    const int code = ::posix_fallocate(fd_, 0, static_cast<off_t>(size));
    if (code != 0) return io_failure("posix_fallocate", path_, code);
    return {};
  }

  IoResult<void> write_zeros(uint64_t bytes) override {
    if (auto done = allocate(bytes); !done) return done;
    const ByteView zeros(kZeros.bytes, kZeroBytes);
    uint64_t offset = write_zeros_past_cache(bytes, zeros);
    for (; offset < bytes; offset += kZeroBytes) {
      const auto n = static_cast<size_t>(std::min<uint64_t>(kZeroBytes, bytes - offset));
      if (auto done = write_at(offset, zeros.substr(0, n)); !done) return done;
      // In pieces, so that other files' syncs do not queue behind the whole of it.
      if (auto done = sync_data(); !done) return done;
    }
    return sync_data();
  }

  IoResult<uint64_t> size() const override {
    struct stat status {};
    if (::fstat(fd_, &status) != 0) return io_failure("fstat", path_);
    return static_cast<uint64_t>(status.st_size);
  }

 private:
  // Nobody reads these bytes, and putting them into the cache would cost as much as the records that come later.
  // Returns how far it came: not every file system can do it, and only whole pieces are written.
  [[nodiscard]] uint64_t write_zeros_past_cache(uint64_t bytes, ByteView zeros) const {
    const int fd = ::open(path_.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC);
    if (fd < 0) return 0;
    uint64_t offset = 0;
    while (bytes - offset >= zeros.size() &&
           ::pwrite(fd, zeros.data(), zeros.size(), static_cast<off_t>(offset)) == static_cast<ssize_t>(zeros.size())) {
      offset += zeros.size();
    }
    ::close(fd);
    return offset;
  }

  const int fd_;
  const std::string path_;
};

IoResult<std::unique_ptr<File>> open_with(const std::string& path, int flags) {
  const int fd = uninterrupted([&] { return ::open(path.c_str(), flags | O_RDWR | O_CLOEXEC, 0600); });
  if (fd < 0) return io_failure("open", path);
  return std::make_unique<PosixFile>(fd, path);
}

}  // namespace

IoResult<void> PosixFileSystem::make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return io_failure("mkdir", path);
  return {};
}

IoResult<std::vector<std::string>> PosixFileSystem::list(const std::string& directory) {
  DIR* dir = ::opendir(directory.c_str());
  if (dir == nullptr) return io_failure("opendir", directory);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  const int code = errno;
  ::closedir(dir);
  if (code != 0) return io_failure("readdir", directory, code);
  std::sort(names.begin(), names.end());
  return names;
}

IoResult<std::unique_ptr<File>> PosixFileSystem::create(const std::string& path) {
  return open_with(path, O_CREAT | O_TRUNC);
}

IoResult<std::unique_ptr<File>> PosixFileSystem::open(const std::string& path) {
  return open_with(path, 0);
}

IoResult<void> PosixFileSystem::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return io_failure("rename", from);
  return {};
}

IoResult<void> PosixFileSystem::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return io_failure("unlink", path);
  return {};
}

IoResult<void> PosixFileSystem::sync_directory(const std::string& path) {
  const int fd = uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (fd < 0) return io_failure("open", path);
  const int failed = ::fsync(fd);
  const int code = errno;
  ::close(fd);
  if (failed != 0) return io_failure("fsync", path, code);
  return {};
}

}  // namespace nave::store::embedded
