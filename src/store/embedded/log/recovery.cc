#include "store/embedded/log/recovery.h"

#include <algorithm>

#include "base/log.h"
#include "store/embedded/log/segment_scan.h"

namespace nave::store::embedded {
namespace {

constexpr size_t kCopyBytes = 1024 * 1024;
constexpr uint64_t kIndexBytesMax = 256 * 1024 * 1024;

struct Found {
  std::optional<SegmentHeader> header;
  std::unique_ptr<File> file;
  uint64_t id = 0;
  uint64_t size = 0;
};

IoResult<std::string> read_bytes(File& file, uint64_t offset, uint64_t n) {
  std::string bytes(static_cast<size_t>(n), '\0');
  const auto got = file.read_at(offset, {bytes.data(), bytes.size()});
  if (!got) return fail(got.error());
  bytes.resize(*got);
  return bytes;
}

class Recovery {
 public:
  Recovery(LogDirectory& directory, const LogOptions& options, DamageReport& report)
      : directory_(directory), options_(options), report_(report) {}

  IoResult<RecoveredLog> run() {
    auto names = directory_.files().list(directory_.path());
    if (!names) return fail(names.error());
    std::vector<Found> found;
    for (const std::string& name : *names) {
      if (auto done = look_at(name, found); !done) return fail(done.error());
    }
    if (auto done = remove_orphaned_indexes(*names, found); !done) return fail(done.error());
    if (auto done = put_aside_headless(found); !done) return fail(done.error());
    if (found.empty()) log_.ends.resize(options_.partition_count);
    for (size_t i = 0; i < found.size(); ++i) {
      const bool last = i + 1 == found.size();
      auto done = last ? open_active(found[i]) : open_sealed(found[i], found[i + 1]);
      if (!done) return fail(done.error());
    }
    for (PartitionEnd& end : log_.ends) end.next_sequence += raise_;
    if (raise_ > 0) log_.marked = false;
    return std::move(log_);
  }

 private:
  IoResult<void> look_at(const std::string& name, std::vector<Found>& found) {
    if (name == kSpareUnfinishedName || name == kNextName) return directory_.files().remove(directory_.at(name));
    if (name == kSpareName) return directory_.adopt_spare(options_.segment_bytes);
    if (const auto id = parse_segment_name(name)) return look_at_segment(*id, found);
    return {};
  }

  IoResult<void> look_at_segment(uint64_t id, std::vector<Found>& found) {
    auto file = directory_.files().open(directory_.at(segment_name(id)));
    if (!file) return fail(file.error());
    const auto size = (*file)->size();
    if (!size) return fail(size.error());
    std::optional<SegmentHeader> header;
    for (uint64_t copy = 0; copy < 2 && !header; ++copy) {
      // A copy that cannot be read is as good as a damaged one.
      const auto bytes = read_bytes(**file, copy * kSegmentHeaderBytes, kSegmentHeaderBytes);
      if (bytes) header = decode_segment_header(*bytes);
      if (header && header->id != id) header.reset();
    }
    found.push_back({std::move(header), std::move(*file), id, *size});
    return {};
  }

  // An index goes after its segment is gone if the end came between the two.
  IoResult<void> remove_orphaned_indexes(const std::vector<std::string>& names, const std::vector<Found>& found) {
    for (const std::string& name : names) {
      const auto id = parse_index_name(name);
      if (!id || std::any_of(found.begin(), found.end(), [&](const Found& f) { return f.id == *id; })) continue;
      if (auto done = directory_.files().remove(directory_.at(name)); !done) return done;
    }
    return {};
  }

  // Without a header there is no salt, so nothing in the file can be trusted. If it was the newest segment, nobody
  // knows which sequence numbers it used: all it can have held are left out.
  IoResult<void> put_aside_headless(std::vector<Found>& found) {
    const auto known = std::find_if(found.rbegin(), found.rend(), [](const Found& f) { return f.header.has_value(); });
    const size_t partitions = known == found.rend() ? 0 : known->header->base.size();
    std::vector<Found> kept;
    for (Found& f : found) {
      if (f.header && f.header->base.size() == partitions) {
        raise_ = 0;
        kept.push_back(std::move(f));
        continue;
      }
      report_.add(f.id, 0, f.size);
      raise_ += static_cast<int64_t>(f.size / kRecordHeaderBytes);
      const std::string path = directory_.at(segment_name(f.id));
      if (auto done = directory_.files().rename(path, path + ".damaged"); !done) return done;
    }
    found = std::move(kept);
    return {};
  }

  [[nodiscard]] std::optional<IndexFile> load_index(const SegmentHeader& header, uint64_t size) {
    auto file = directory_.files().open(directory_.at(index_name(header.id)));
    if (!file) return {};
    const auto bytes_total = (*file)->size();
    if (!bytes_total || *bytes_total > kIndexBytesMax) return {};
    const auto bytes = read_bytes(**file, 0, *bytes_total);
    if (!bytes) return {};
    auto index = decode_index(*bytes, header.id, header.salt, header.base.size());
    if (index && (index->end < kSegmentDataStart || index->end > size)) return {};
    return index;
  }

  // Whether the segment after this one knows of records that were not found.
  [[nodiscard]] static bool falls_short(const std::vector<PartitionEnd>& ends, const std::vector<PartitionEnd>& next) {
    for (size_t p = 0; p < ends.size(); ++p) {
      if (ends[p].next_sequence < next[p].next_sequence) return true;
    }
    return false;
  }

  IoResult<void> open_sealed(Found& f, const Found& next) {
    auto index = load_index(*f.header, f.size);
    const bool saved = index.has_value();
    if (!index) {
      SegmentScan scan = scan_segment(*f.file, *f.header, f.size, true);
      report(f.id, scan);
      if (next.id == f.id + 1 && falls_short(scan.ends, next.header->base)) report_.add(f.id, scan.end, 0);
      scan.index.thin(kSealedSpacingBytes);
      index = IndexFile{scan.end, std::move(scan.index)};
    }
    auto segment =
        std::make_shared<Segment>(std::move(*f.header), std::move(f.file), f.size, std::move(index->index), index->end);
    segment->index_saved = saved;
    log_.segments.push_back(std::move(segment));
    return {};
  }

  IoResult<void> open_active(Found& f) {
    // Behind it there was a segment that lost its header, so this one had been acknowledged to its end.
    const bool sealed = raise_ > 0;
    SegmentScan scan = scan_segment(*f.file, *f.header, f.size, sealed);
    // What cannot be read must not pass for a torn tail and be written over.
    if (scan.read_error) return fail(*scan.read_error);
    report(f.id, scan);
    if (scan.highest_commit > scan.last_commit) {
      log::write(log::Level::kInfo, log::Category::kStorage, "cut an unfinished commit off the event log",
                 {{"file", directory_.at(segment_name(f.id))}, {"offset", scan.end}});
    }
    if (auto done = write_again(*f.file, scan.last_commit_start, scan.end); !done) return done;
    log_.ends = scan.ends;
    log_.next_commit = scan.highest_commit + 1;
    log_.marked = scan.ends_with_mark || scan.end == kSegmentDataStart;
    log_.segments.push_back(
        std::make_shared<Segment>(std::move(*f.header), std::move(f.file), f.size, std::move(scan.index), scan.end));
    return {};
  }

  // After a failed fdatasync the cache may hold what the disk does not: only dirty pages are written by a sync.
  static IoResult<void> write_again(File& file, uint64_t start, uint64_t end) {
    for (uint64_t at = start; at < end; at += kCopyBytes) {
      const auto bytes = read_bytes(file, at, std::min<uint64_t>(kCopyBytes, end - at));
      if (!bytes) return fail(bytes.error());
      if (auto done = file.write_at(at, *bytes); !done) return done;
    }
    return file.sync_data();
  }

  void report(uint64_t id, const SegmentScan& scan) {
    for (const Damage& damage : scan.damage) report_.add(id, damage.offset, damage.bytes);
  }

  LogDirectory& directory_;
  const LogOptions& options_;
  DamageReport& report_;
  RecoveredLog log_;
  int64_t raise_ = 0;
};

}  // namespace

IoResult<RecoveredLog> recover_log(LogDirectory& directory, const LogOptions& options, DamageReport& report) {
  return Recovery(directory, options, report).run();
}

}  // namespace nave::store::embedded
