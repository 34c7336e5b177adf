// Files in memory that can make the Nth call fail and that can lose power: whatever was not synced is kept, lost or
// torn at will.
#pragma once

#include <cerrno>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/embedded/file.h"

namespace nave::test {

class FaultyFileSystem final : public store::embedded::FileSystem {
 public:
  using IoError = store::embedded::IoError;
  template <class T>
  using IoResult = store::embedded::IoResult<T>;

  // Makes the call number `n` from now (1 is the next) fail; writes are cut short first. Counted are all calls that
  // change something.
  void fail_call(uint64_t n) {
    const std::lock_guard lock(mutex_);
    fail_at_ = calls_ + n;
  }
  [[nodiscard]] bool has_failed() const {
    const std::lock_guard lock(mutex_);
    return fail_at_ != 0 && calls_ >= fail_at_;
  }

  // The call number `n` from now and all after it change nothing and fail: the process was killed there.
  void die_at_call(uint64_t n) {
    const std::lock_guard lock(mutex_);
    die_at_ = calls_ + n;
  }
  // While dead, every call that would change something fails and changes nothing: what a killed process gets to do.
  void set_dead(bool dead) {
    const std::lock_guard lock(mutex_);
    dead_ = dead;
    die_at_ = 0;
  }

  // Of every unsynced write, `keep(sector)` says whether the 512 bytes number `sector` (counted over all of them)
  // reached the disk. Names that were not synced are lost.
  void lose_power(const std::function<bool(size_t sector)>& keep) {
    const std::lock_guard lock(mutex_);
    size_t sector = 0;
    names_ = durable_names_;
    for (auto& [name, node] : names_) {
      for (const Write& write : node->unsynced) {
        for (size_t at = 0; at < write.bytes.size();) {
          const size_t n = std::min(kSector - (write.offset + at) % kSector, write.bytes.size() - at);
          if (keep(sector++)) put(node->durable, write.offset + at, std::string_view(write.bytes).substr(at, n));
          at += n;
        }
      }
      node->current = node->durable;
      node->unsynced.clear();
    }
    fail_at_ = 0;
  }

  // The bytes of a file, to look at or to damage; damage is durable.
  [[nodiscard]] std::string contents(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    return names_.at(path)->current;
  }
  void set_contents(const std::string& path, const std::string& bytes) {
    const std::lock_guard lock(mutex_);
    auto node = std::make_shared<Node>();
    node->current = node->durable = bytes;
    names_[path] = durable_names_[path] = node;
  }
  [[nodiscard]] std::vector<std::string> names() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> all;
    for (const auto& [name, node] : names_) all.push_back(name);
    return all;
  }

  IoResult<void> make_directory(const std::string&) override { return {}; }
  IoResult<std::vector<std::string>> list(const std::string& directory) override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, node] : names_) {
      if (name.starts_with(directory + "/")) names.push_back(name.substr(directory.size() + 1));
    }
    return names;
  }
  IoResult<std::unique_ptr<store::embedded::File>> create(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    if (fails()) return failure();
    return std::make_unique<Handle>(*this, names_[path] = std::make_shared<Node>());
  }
  IoResult<std::unique_ptr<store::embedded::File>> open(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    const auto found = names_.find(path);
    if (found == names_.end()) return nave::fail(IoError{ENOENT, "open " + path});
    return std::make_unique<Handle>(*this, found->second);
  }
  IoResult<void> rename(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    if (fails()) return failure();
    const auto found = names_.find(from);
    if (found == names_.end()) return nave::fail(IoError{ENOENT, "rename " + from});
    names_[to] = found->second;
    names_.erase(from);
    return {};
  }
  IoResult<void> remove(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    if (fails()) return failure();
    names_.erase(path);
    return {};
  }
  IoResult<void> sync_directory(const std::string&) override {
    const std::lock_guard lock(mutex_);
    if (fails()) return failure();
    durable_names_ = names_;
    return {};
  }

 private:
  static constexpr size_t kSector = 512;
  struct Write {
    uint64_t offset;
    std::string bytes;
  };
  struct Node {
    std::string current;
    std::string durable;
    std::vector<Write> unsynced;
  };

  class Handle final : public store::embedded::File {
   public:
    Handle(FaultyFileSystem& owner, std::shared_ptr<Node> node) : owner_(owner), node_(std::move(node)) {}
    IoResult<void> write_at(uint64_t offset, ByteView bytes) override {
      const std::lock_guard lock(owner_.mutex_);
      const bool failed = owner_.fails();
      if (owner_.dead_) return failure();
      if (failed) bytes = bytes.substr(0, bytes.size() / 2);
      put(node_->current, offset, bytes);
      node_->unsynced.push_back({offset, std::string(bytes)});
      if (failed) return failure();
      return {};
    }
    IoResult<size_t> read_at(uint64_t offset, std::span<char> into) override {
      const std::lock_guard lock(owner_.mutex_);
      if (offset >= node_->current.size()) return size_t{0};
      const size_t n = std::min<size_t>(into.size(), node_->current.size() - offset);
      std::memcpy(into.data(), node_->current.data() + offset, n);
      return n;
    }
    IoResult<void> sync_data() override {
      const std::lock_guard lock(owner_.mutex_);
      const bool failed = owner_.fails();
      if (owner_.dead_) return failure();
      if (failed) {
        // As the kernel does: the pages are clean now, and what they hold is not on the disk.
        node_->unsynced.clear();
        return failure();
      }
      node_->durable = node_->current;
      node_->unsynced.clear();
      return {};
    }
    IoResult<void> allocate(uint64_t size) override {
      const std::lock_guard lock(owner_.mutex_);
      if (owner_.fails()) return failure();
      if (node_->current.size() < size) node_->current.resize(size);
      return {};
    }
    IoResult<void> write_zeros(uint64_t bytes) override {
      if (auto done = write_at(0, std::string(bytes, '\0')); !done) return done;
      return sync_data();
    }
    IoResult<uint64_t> size() const override {
      const std::lock_guard lock(owner_.mutex_);
      return uint64_t{node_->current.size()};
    }

   private:
    FaultyFileSystem& owner_;
    const std::shared_ptr<Node> node_;
  };

  static void put(std::string& file, uint64_t offset, std::string_view bytes) {
    if (file.size() < offset + bytes.size()) file.resize(offset + bytes.size());
    std::memcpy(file.data() + offset, bytes.data(), bytes.size());
  }
  [[nodiscard]] bool fails() {
    ++calls_;
    dead_ = dead_ || calls_ == die_at_;
    return calls_ == fail_at_ || dead_;
  }
  static tl::unexpected<IoError> failure() { return nave::fail(IoError{EIO, "the test's failure"}); }

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Node>> names_;
  std::map<std::string, std::shared_ptr<Node>> durable_names_;
  uint64_t calls_ = 0;
  uint64_t fail_at_ = 0;
  uint64_t die_at_ = 0;
  bool dead_ = false;
};

}  // namespace nave::test
