// A scheduled job: one twin change or one direct method for all devices or modules that meet a condition
// (reference/service-rest.md §14), as it is stored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"
#include "hub/method/command.h"

namespace nave::hub {

enum class JobType : uint8_t { kUpdateTwin, kDeviceMethod };
inline constexpr int kJobTypeCount = 2;

enum class JobStatus : uint8_t {
  kScheduled,  // its time has not come
  kQueued,     // its time has come
  kRunning,
  kCompleted,  // every device was dealt with, whatever became of it
  kFailed,     // the job itself could not go on: JobState::failure_reason
  kCancelled,
};
inline constexpr int kJobStatusCount = 6;

[[nodiscard]] constexpr bool is_ended(JobStatus s) {
  return s >= JobStatus::kCompleted;
}

// "scheduleUpdateTwin", "scheduleDeviceMethod".
[[nodiscard]] std::string_view name_of(JobType type);
// "scheduled", "queued", "running", "completed", "failed", "cancelled".
[[nodiscard]] std::string_view name_of(JobStatus status);
// The case of letters does not count: every SDK has its own.
[[nodiscard]] std::optional<JobType> job_type_of(std::string_view name);

// What the caller asked for; never changes.
struct JobOrder {
  std::string id;
  JobType type = JobType::kUpdateTwin;
  std::string condition;  // perhaps none that parses: then the job fails when it starts
  std::string content;    // JSON text of "updateTwin" or "cloudToDeviceMethod"
  UtcTime created = kNever;
  UtcTime start = kNever;
  int64_t execution_seconds_max = 0;
  bool operator==(const JobOrder&) const = default;
};

// How far it is. The counts are of devices, or of modules in a job for modules.
struct JobState {
  JobStatus status = JobStatus::kQueued;
  UtcTime started = kNever;
  UtcTime ended = kNever;
  std::string failure_reason;
  bool selected = false;    // all targets have their row
  IdentityKey selected_to;  // until then: targets up to here have
  uint64_t targets = 0;     // rows
  uint64_t succeeded = 0;   // rows that are completed
  uint64_t failed = 0;      // rows that failed
  bool operator==(const JobState&) const = default;
};

struct Job {
  uint64_t number = 0;  // the store's name for it: in the order of creation, never given twice
  JobOrder order;
  JobState state;
  bool operator==(const Job&) const = default;
};

enum class JobRowStatus : uint8_t {
  kPending,
  kRunning,  // a method may be on its way to the device
  kCompleted,
  kFailed,
};
inline constexpr int kJobRowStatusCount = 4;

// What became of one target.
struct JobRow {
  IdentityKey key;
  JobRowStatus status = JobRowStatus::kPending;
  UtcTime created = kNever;
  UtcTime started = kNever;
  UtcTime ended = kNever;
  std::optional<MethodAnswer> answer = {};  // of a device method that was answered
  std::string error_code = {};              // name of the error; empty: none
  std::string error_text = {};
  bool operator==(const JobRow&) const = default;
};

}  // namespace nave::hub
