// How jobs lie in columns (docs/formats/state-db.md).
#pragma once

#include <optional>
#include <string_view>

#include "hub/job/job.h"
#include "store/embedded/sqlite/database.h"

namespace nave::store::embedded {

// SELECT … FROM job JOIN job_state begins with these columns, in this order.
inline constexpr std::string_view kJobColumns =
    "number, job_id, type, condition, content, created, start, execution_seconds_max, job.checksum, status, started, "
    "ended, failure_reason, selected, selected_to_device, selected_to_module, targets, succeeded, failed, "
    "job_state.checksum";
// SELECT … FROM job_device begins with these.
inline constexpr std::string_view kJobDeviceColumns =
    "device_id, module_id, status, created, started, ended, answered, answer_status, answer_payload, error_code, "
    "error_text, checksum";

[[nodiscard]] int64_t job_order_checksum(const hub::JobOrder& order);
[[nodiscard]] int64_t job_state_checksum(uint64_t number, const hub::JobState& state);
[[nodiscard]] int64_t job_device_checksum(uint64_t number, const hub::JobRow& row);
// nullopt if the row is damaged.
[[nodiscard]] std::optional<hub::Job> read_job(const Rows& row);
[[nodiscard]] std::optional<hub::JobRow> read_job_device(uint64_t number, const Rows& row);

}  // namespace nave::store::embedded
