#include "store/embedded/log/segment_log.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "store/embedded/log/event_reader.h"

namespace nave::store::embedded {
namespace {

constexpr uint64_t kSegmentBytesMin = 16 * 1024;
constexpr uint64_t kSegmentBytesMax = 2048ULL * 1024 * 1024;  // positions in an index have 32 bits

std::string check(const LogOptions& o) {
  if (o.partition_count == 0 || o.partition_count > limits::kPartitionsMax) return "partition count must be 1 to 128";
  const auto fits = [](uint64_t bytes) { return bytes >= kSegmentBytesMin && bytes <= kSegmentBytesMax; };
  if (!fits(o.segment_bytes) || !fits(o.first_segment_bytes)) return "segment size must be 16 KiB to 2 GiB";
  return {};
}

}  // namespace

Result<std::unique_ptr<SegmentLog>, std::string> SegmentLog::open(FileSystem& files, LogOptions options,
                                                                  const Clock& clock, Metrics& metrics) {
  if (std::string wrong = check(options); !wrong.empty()) return fail("event log: " + wrong);
  auto ground = std::make_unique<Ground>(files, std::move(options), metrics);
  if (auto done = files.make_directory(ground->directory.path()); !done) return fail("event log: " + done.error().text);
  auto recovered = recover_log(ground->directory, ground->options, ground->report);
  if (!recovered) return fail("event log: " + recovered.error().text);
  const bool is_new = recovered->segments.empty();
  if (recovered->ends.size() != ground->options.partition_count) {
    log::write(log::Level::kWarning, log::Category::kStorage,
               "the event log keeps the partition count it was made with",
               {{"configured", unsigned{ground->options.partition_count}}, {"used", uint64_t{recovered->ends.size()}}});
  }
  std::unique_ptr<SegmentLog> log(new SegmentLog(std::move(ground), std::move(*recovered), clock));
  if (auto done = log->start(is_new); !done) return fail("event log: " + done.error().text);
  return log;
}

SegmentLog::SegmentLog(std::unique_ptr<Ground> ground, RecoveredLog recovered, const Clock& clock)
    : ground_(std::move(ground)),
      segments_(std::move(recovered.segments), recovered.ends),
      queue_(recovered.ends, Committer::payload_bytes_max(ground_->options), ground_->options.commit_wait, clock),
      committer_(ground_->directory, segments_, clock, ground_->metrics, ground_->options, recovered.next_commit,
                 recovered.marked),
      waiters_(recovered.ends.size()),
      housekeeper_(ground_->directory, segments_, clock, ground_->metrics, ground_->options),
      writer_(queue_, committer_, segments_, waiters_, housekeeper_, ground_->metrics,
              std::move(ground_->options.on_failure)),
      read_thread_(segments_, ground_->report) {
  for (size_t p = 0; p < recovered.ends.size(); ++p) {
    waiters_.wake(static_cast<uint16_t>(p), recovered.ends[p].next_sequence);
  }
}

IoResult<void> SegmentLog::start(bool is_new) {
  if (auto done = is_new ? committer_.start() : committer_.mark(); !done) return done;
  ground_->metrics.segments.set(static_cast<int64_t>(segments_.count()));
  writer_.start();
  if (ground_->options.housekeeping_thread) housekeeper_.start();
  return {};
}

SegmentLog::~SegmentLog() {
  stop();
}

void SegmentLog::stop() {
  writer_.stop();
  housekeeper_.stop();
  read_thread_.stop();
}

bool SegmentLog::append(PartitionId partition, std::string_view payload, hub::AppendTicket ticket,
                        hub::AppendListener& listener) {
  NAVE_CHECK(partition.value() < segments_.partition_count(), "partition of the log");
  return queue_.push(partition.value(), payload, ticket, listener);
}

hub::PartitionInfo SegmentLog::info(PartitionId partition) const {
  return segments_.info(partition.value());
}

SequenceNumber SegmentLog::resolve(PartitionId partition, hub::EventPosition position) const {
  using Kind = hub::EventPosition::Kind;
  const hub::PartitionInfo info = segments_.info(partition.value());
  const int64_t begin = info.begin_sequence.value();
  const int64_t next = info.last_sequence.value() + 1;
  switch (position.kind) {
    case Kind::kEarliest:
      return SequenceNumber{begin};
    case Kind::kLatest:
      return SequenceNumber{next};
    case Kind::kSequence:
    case Kind::kOffset: {
      if (position.value >= next) return SequenceNumber{next};
      return SequenceNumber{std::max(begin, position.value + (position.inclusive ? 0 : 1))};
    }
    case Kind::kEnqueuedTime:
      break;
  }
  // In milliseconds, as clients see the time of an event.
  if (position.value < 0) return SequenceNumber{begin};
  if (position.value > unix_ms(info.last_enqueued)) return SequenceNumber{next};
  const UtcTime time = from_unix_ms(position.value + (position.inclusive ? 0 : 1));
  EventReader reader(segments_, ground_->report);
  return SequenceNumber{std::max(begin, reader.find_time(partition.value(), time))};
}

void SegmentLog::read(PartitionId partition, SequenceNumber from, size_t events_max, size_t bytes_max,
                      Executor& reply_on, hub::EventReply reply) {
  NAVE_CHECK(partition.value() < segments_.partition_count(), "partition of the log");
  read_thread_.submit({partition.value(), from.value(), events_max, bytes_max, &reply_on, std::move(reply)});
}

uint64_t SegmentLog::wait(PartitionId partition, SequenceNumber from, Executor& on, UniqueFunction<void()> ready) {
  return waiters_.wait(partition.value(), from.value(), on, std::move(ready));
}

void SegmentLog::cancel_wait(uint64_t handle) {
  waiters_.cancel(handle);
}

}  // namespace nave::store::embedded
