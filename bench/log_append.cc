// CPU per durably appended record: our log against RocksDB with sync, in groups of 256 records of 450 bytes, A B A B …
//   log_append [folder] [pairs] [groups]          (default: a folder below the current one, 5 pairs, 2000 groups)
//   log_append --rate [folder] [seconds] [per second]  acknowledgement latency at a fixed rate, beside plain fdatasync
#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "store/embedded/log/segment_log.h"
#ifdef NAVE_BENCH_ROCKSDB
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>
#endif

namespace {

using Steady = std::chrono::steady_clock;
constexpr size_t kGroup = 256;
constexpr size_t kPayloadBytes = 450;
constexpr uint16_t kPartitions = 4;

double process_cpu_us() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

struct Figures {
  double cpu_us_per_record;
  double records_per_second;
  double commits_per_second;
};

class Meter {
 public:
  Figures stop(size_t records, uint64_t commits) const {
    const double seconds = std::chrono::duration<double>(Steady::now() - start_).count();
    return {(process_cpu_us() - cpu_start_) / static_cast<double>(records), static_cast<double>(records) / seconds,
            static_cast<double>(commits) / seconds};
  }

 private:
  Steady::time_point start_ = Steady::now();
  double cpu_start_ = process_cpu_us();
};

// Keeps one group in flight: when it is durable, the next one follows.
class GroupWaiter final : public nave::hub::AppendListener {
 public:
  void on_appended(std::vector<nave::hub::AppendOutcome> outcomes) override {
    const std::lock_guard lock(mutex_);
    done_ += outcomes.size();
    changed_.notify_one();
  }
  void wait_for(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t done_ = 0;
};

std::unique_ptr<nave::store::embedded::SegmentLog> open_log(nave::store::embedded::FileSystem& files,
                                                            const std::string& folder, const nave::Clock& clock,
                                                            nave::Metrics& metrics) {
  nave::store::embedded::LogOptions options;
  options.directory = folder;
  options.partition_count = kPartitions;
  options.retention_bytes = 512 * 1024 * 1024;
  if (const char* wait = std::getenv("NAVE_COMMIT_WAIT_US")) {
    options.commit_wait = std::chrono::microseconds(std::atoi(wait));
  }
  auto log = nave::store::embedded::SegmentLog::open(files, std::move(options), clock, metrics);
  if (!log) {
    std::fprintf(stderr, "%s\n", log.error().c_str());
    std::exit(1);
  }
  return std::move(*log);
}

Figures measure_log(const std::string& folder, size_t groups) {
  nave::store::embedded::PosixFileSystem files;
  nave::SystemClock clock;
  nave::Metrics metrics;
  GroupWaiter waiter;
  const auto log = open_log(files, folder, clock, metrics);
  const std::string payload(kPayloadBytes, 'p');
  const nave::Histogram& commits = metrics.histogram("nave_log_commit_seconds", "");
  const uint64_t commits_before = commits.count();
  const Meter meter;
  for (size_t g = 0; g < groups; ++g) {
    for (size_t i = 0; i < kGroup; ++i) {
      const nave::PartitionId partition{static_cast<uint16_t>(i % kPartitions)};
      if (!log->append(partition, payload, {g, i}, waiter)) std::abort();
    }
    waiter.wait_for((g + 1) * kGroup);
  }
  return meter.stop(groups * kGroup, commits.count() - commits_before);
}

#ifdef NAVE_BENCH_ROCKSDB
Figures measure_rocksdb(const std::string& folder, size_t groups) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* raw = nullptr;
  if (!rocksdb::DB::Open(options, folder, &raw).ok()) std::abort();
  const std::unique_ptr<rocksdb::DB> db(raw);
  const std::string payload(kPayloadBytes, 'p');
  rocksdb::WriteOptions write;
  write.sync = true;
  const Meter meter;
  uint64_t sequence = 0;
  for (size_t g = 0; g < groups; ++g) {
    rocksdb::WriteBatch batch;
    for (size_t i = 0; i < kGroup; ++i) {
      char key[10];
      nave::store_be(key, static_cast<uint16_t>(i % kPartitions));
      nave::store_be(key + 2, sequence++);
      batch.Put(rocksdb::Slice(key, sizeof key), payload);
    }
    if (!db->Write(write, &batch).ok()) std::abort();
  }
  return meter.stop(groups * kGroup, groups);
}
#endif

void print(const char* name, const Figures& f) {
  std::printf("%-8s %7.3f us CPU/record %9.0f records/s %7.0f commits/s\n", name, f.cpu_us_per_record,
              f.records_per_second, f.commits_per_second);
}

double percentile(std::vector<double>& values, double p) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(p * static_cast<double>(values.size() - 1))];
}

std::vector<double> fdatasync_us(const std::string& path, int count) {
  nave::store::embedded::PosixFileSystem files;
  auto file = files.create(path).value();
  const std::string block(4096, 'b');
  for (int i = 0; i < count; ++i) (void)file->write_at(static_cast<uint64_t>(i) * 4096, block);
  (void)file->sync_data();
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    (void)file->write_at(static_cast<uint64_t>(i) * 4096, block);
    const auto before = Steady::now();
    (void)file->sync_data();
    times.push_back(std::chrono::duration<double, std::micro>(Steady::now() - before).count());
  }
  return times;
}

class LatencyRecorder final : public nave::hub::AppendListener {
 public:
  explicit LatencyRecorder(std::vector<Steady::time_point>& sent) : sent_(sent) { times.reserve(sent.size()); }
  void on_appended(std::vector<nave::hub::AppendOutcome> outcomes) override {
    const auto now = Steady::now();
    for (const auto& o : outcomes) {
      times.push_back(std::chrono::duration<double, std::micro>(now - sent_[o.ticket.detail]).count());
    }
  }
  std::vector<double> times;

 private:
  std::vector<Steady::time_point>& sent_;
};

void measure_rate(const std::string& folder, int seconds, int per_second) {
  auto plain = fdatasync_us(folder + "/plain", 1000);
  std::printf("fdatasync     p50 %7.0f us  p99 %7.0f us\n", percentile(plain, 0.5), percentile(plain, 0.99));
  nave::store::embedded::PosixFileSystem files;
  nave::SystemClock clock;
  nave::Metrics metrics;
  std::vector<Steady::time_point> sent(static_cast<size_t>(seconds * per_second));
  LatencyRecorder recorder(sent);
  auto log = open_log(files, folder + "/rate", clock, metrics);
  const std::string payload(kPayloadBytes, 'p');
  const Meter meter;
  const auto start = Steady::now();
  for (size_t i = 0; i < sent.size(); ++i) {
    std::this_thread::sleep_until(start + i * std::chrono::microseconds(1'000'000 / per_second));
    sent[i] = Steady::now();
    if (!log->append(nave::PartitionId{0}, payload, {0, i}, recorder)) std::abort();
  }
  log->stop();
  print("log", meter.stop(sent.size(), metrics.histogram("nave_log_commit_seconds", "").count()));
  std::printf("acknowledged  p50 %7.0f us  p99 %7.0f us\n", percentile(recorder.times, 0.5),
              percentile(recorder.times, 0.99));
}

}  // namespace

int main(int argc, char** argv) {
  const bool rate = argc > 1 && std::strcmp(argv[1], "--rate") == 0;
  if (rate) {
    --argc;
    ++argv;
  }
  const std::string folder = argc > 1 ? argv[1] : "log_append.data";
  const int first = argc > 2 ? std::atoi(argv[2]) : 5;
  const int second = argc > 3 ? std::atoi(argv[3]) : (rate ? 5000 : 2000);
  std::filesystem::create_directories(folder);
  if (rate) {
    measure_rate(folder, first, second);
  } else {
    std::vector<double> ratios;
    for (int pair = 0; pair < first; ++pair) {
      const Figures ours = measure_log(folder + "/log", static_cast<size_t>(second));
      print("log", ours);
#ifdef NAVE_BENCH_ROCKSDB
      const Figures theirs = measure_rocksdb(folder + "/rocksdb", static_cast<size_t>(second));
      print("rocksdb", theirs);
      ratios.push_back(ours.cpu_us_per_record / theirs.cpu_us_per_record);
#endif
    }
    if (!ratios.empty()) std::printf("log / rocksdb, median of pairs: %.3f\n", percentile(ratios, 0.5));
  }
  std::filesystem::remove_all(folder);
  return 0;
}
