#include "hub/job/job.h"

#include <array>

#include "base/url.h"

namespace nave::hub {
namespace {

constexpr std::array<std::string_view, kJobTypeCount> kTypes = {"scheduleUpdateTwin", "scheduleDeviceMethod"};
constexpr std::array<std::string_view, kJobStatusCount> kStatuses = {"scheduled", "queued", "running",
                                                                     "completed", "failed", "cancelled"};

}  // namespace

std::string_view name_of(JobType type) {
  return kTypes[static_cast<size_t>(type)];
}

std::string_view name_of(JobStatus status) {
  return kStatuses[static_cast<size_t>(status)];
}

std::optional<JobType> job_type_of(std::string_view name) {
  for (size_t i = 0; i < kTypes.size(); ++i) {
    if (equals_ignore_case(kTypes[i], name)) return static_cast<JobType>(i);
  }
  return {};
}

}  // namespace nave::hub
