// Opens an event log whose only segment has arbitrary bytes behind a good header, reads all of it, appends, and opens
// it again: whatever the bytes are, what was served stays, and sequence numbers only grow.
//
// The first byte chooses how the rest is used: 0, as the records' bytes; otherwise as a list of records to write
// (length, partition, whether a new commit begins), of which some bytes are changed afterwards. Only the second way
// gets past the checksums often.
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/crc32c.h"
#include "contract/event_log_helpers.h"
#include "store/embedded/log/committer.h"
#include "store/embedded/log/event_reader.h"
#include "store/embedded/log/format.h"
#include "store/embedded/log/recovery.h"
#include "store/embedded/log/segment_scan.h"
#include "unit/store/embedded/log/faulty_file_system.h"

namespace {

using namespace nave;
using namespace nave::store::embedded;

constexpr uint64_t kSegmentBytes = 32 * 1024;
constexpr uint16_t kPartitions = 2;
const std::string kName = "/log/0000000000000001.seg";

SegmentHeader segment_header() {
  SegmentHeader header;
  header.id = 1;
  header.salt = 42;
  header.base.resize(kPartitions);
  return header;
}

// Three bytes a record: partition and flags, length, and, unless 0, a byte of it to change.
std::string write_records(ByteView script) {
  std::string out;
  int64_t next[kPartitions] = {};
  uint64_t commit = 1;
  size_t commit_start = 0;
  for (; script.size() >= 3 && out.size() < kSegmentBytes / 2; script.remove_prefix(3)) {
    const uint8_t flags = byte_at(script, 0);
    if ((flags & 2) != 0 && out.size() > commit_start) {
      ++commit;
      commit_start = out.size();
    }
    const std::string payload(byte_at(script, 1), 'p');
    RecordHeader header;
    header.partition = flags & 1;
    header.sequence = next[header.partition]++;
    header.payload_crc = crc32c(payload);
    const size_t at = out.size();
    append_record(out, header, payload);
    place_record(out.data() + at, commit, static_cast<uint32_t>(at - commit_start), salt_seed(segment_header().salt),
                 kSegmentDataStart + at);
    const uint8_t change = byte_at(script, 2);
    if (change != 0) out[at + change % (out.size() - at)] ^= 0x04;
  }
  return out;
}

struct Content {
  std::vector<test::ReadEvent> events[kPartitions];
  std::vector<PartitionEnd> ends;
  uint64_t next_commit;
};

Content open_and_read(test::FaultyFileSystem& files, Metrics& metrics) {
  LogMetrics log_metrics(metrics);
  LogOptions options;
  options.segment_bytes = kSegmentBytes;
  options.partition_count = kPartitions;
  LogDirectory directory(files, "/log");
  DamageReport report("/log", log_metrics);
  auto recovered = recover_log(directory, options, report);
  NAVE_CHECK(recovered.has_value(), "damage is no error");
  Content content;
  content.ends = recovered->ends;
  content.next_commit = recovered->next_commit;
  const SystemClock clock;
  SegmentSet segments(std::move(recovered->segments), recovered->ends);
  for (uint16_t p = 0; p < kPartitions; ++p) {
    EventReader reader(segments, report);
    int64_t from = 0;
    for (;;) {
      const hub::EventBatch batch = reader.read(p, from, 5, 1000);
      NAVE_CHECK(batch.next.value() >= from, "reading goes forward");
      if (batch.events.empty()) break;
      for (const hub::StoredEvent& event : batch.events) {
        NAVE_CHECK(event.sequence.value() >= from, "in order");
        from = event.sequence.value() + 1;
        content.events[p].push_back({event.sequence.value(), std::string(event.payload)});
      }
      from = batch.next.value();
    }
    NAVE_CHECK(from <= content.ends[p].next_sequence, "nothing beyond the end");
    (void)reader.find_time(p, from_unix_ms(0));
  }
  Committer committer(directory, segments, clock, log_metrics, options, content.next_commit, false);
  NAVE_CHECK(committer.mark().has_value(), "can go on");
  return content;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > kSegmentBytes - kSegmentDataStart) return 0;
  const ByteView input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string header = encode_segment_header(segment_header());
  std::string bytes = header + header + (data[0] == 0 ? std::string(input) : write_records(input));
  bytes.resize(kSegmentBytes);

  test::FaultyFileSystem files;
  Metrics metrics;
  files.set_contents(kName, bytes);
  const Content first = open_and_read(files, metrics);
  const Content second = open_and_read(files, metrics);
  for (uint16_t p = 0; p < kPartitions; ++p) {
    NAVE_CHECK(first.events[p] == second.events[p], "a restart changes nothing");
    NAVE_CHECK(first.ends[p].next_sequence == second.ends[p].next_sequence, "nor the sequence numbers");
  }
  return 0;
}
