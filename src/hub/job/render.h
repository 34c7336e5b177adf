// Jobs and their rows as the service API answers them (reference/service-rest.md §14.2, §14.5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hub/job/job.h"
#include "json/value.h"

namespace nave::hub {

// JSON text. `running`: how many of the targets are being worked on.
[[nodiscard]] std::string job_text(const Job& job, uint64_t running);
// What is answered for a job that there is not.
[[nodiscard]] std::string unknown_job_text(std::string_view id);

// An element of devices.jobs.
[[nodiscard]] json::Object job_row_document(const Job& job, const JobRow& row);

}  // namespace nave::hub
