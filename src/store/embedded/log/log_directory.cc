#include "store/embedded/log/log_directory.h"

#include <cstdio>

namespace nave::store::embedded {
namespace {

constexpr size_t kIdDigits = 16;

std::string name_of(uint64_t id, const char* suffix) {
  char digits[kIdDigits + 1];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(id));
  return std::string(digits) + suffix;
}

std::optional<uint64_t> parse_name(const std::string& name, std::string_view suffix) {
  if (name.size() != kIdDigits + suffix.size() || name.substr(kIdDigits) != suffix) return {};
  uint64_t id = 0;
  for (size_t i = 0; i < kIdDigits; ++i) {
    const size_t digit = std::string_view("0123456789abcdef").find(name[i]);
    if (digit == std::string_view::npos) return {};
    id = id << 4 | digit;
  }
  return id;
}

}  // namespace

std::string segment_name(uint64_t id) {
  return name_of(id, ".seg");
}
std::string index_name(uint64_t id) {
  return name_of(id, ".idx");
}
std::optional<uint64_t> parse_segment_name(const std::string& name) {
  return parse_name(name, ".seg");
}
std::optional<uint64_t> parse_index_name(const std::string& name) {
  return parse_name(name, ".idx");
}

IoResult<std::unique_ptr<File>> LogDirectory::create_blank(const std::string& name, uint64_t bytes, bool written) {
  auto file = files_.create(at(name));
  if (!file) return file;
  auto done = written ? (*file)->write_zeros(bytes) : (*file)->allocate(bytes);
  if (!done) return fail(done.error());
  return file;
}

IoResult<std::unique_ptr<File>> LogDirectory::take_next(uint64_t bytes, bool written) {
  {
    const std::lock_guard lock(mutex_);
    if (spare_) {
      if (auto done = files_.rename(at(kSpareName), at(kNextName)); !done) return fail(done.error());
      return std::move(spare_);
    }
  }
  return create_blank(kNextName, bytes, written);
}

bool LogDirectory::has_spare() const {
  const std::lock_guard lock(mutex_);
  return spare_ != nullptr;
}

IoResult<void> LogDirectory::adopt_spare(uint64_t bytes) {
  auto file = files_.open(at(kSpareName));
  if (!file) return fail(file.error());
  const auto size = (*file)->size();
  if (!size || *size != bytes) return files_.remove(at(kSpareName));
  const std::lock_guard lock(mutex_);
  spare_ = std::move(*file);
  return {};
}

IoResult<void> LogDirectory::make_spare(uint64_t bytes) {
  if (has_spare()) return {};
  auto file = create_blank(kSpareUnfinishedName, bytes, true);
  if (!file) {
    (void)files_.remove(at(kSpareUnfinishedName));  // a full disk needs the space more
    return fail(file.error());
  }
  const std::lock_guard lock(mutex_);
  if (auto done = files_.rename(at(kSpareUnfinishedName), at(kSpareName)); !done) return done;
  spare_ = std::move(*file);
  return {};
}

IoResult<void> LogDirectory::retire(uint64_t id, std::unique_ptr<File> reusable) {
  {
    const std::lock_guard lock(mutex_);
    if (!reusable || spare_) return files_.remove(at(segment_name(id)));
    if (auto done = files_.rename(at(segment_name(id)), at(kSpareName)); !done) return done;
  }
  // The old name must be gone for good before new bytes are written under it.
  if (auto done = sync(); !done) return done;
  const std::lock_guard lock(mutex_);
  spare_ = std::move(reusable);
  return {};
}

}  // namespace nave::store::embedded
