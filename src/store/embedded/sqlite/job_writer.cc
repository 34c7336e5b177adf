#include "store/embedded/sqlite/job_writer.h"

#include "store/embedded/sqlite/job_rows.h"
#include "store/embedded/sqlite/rows.h"

namespace nave::store::embedded {

using hub::StoreError;
using Outcome = JobWriter::Outcome;

JobWriter::JobWriter(Database& database)
    : database_(database),
      find_(database, "SELECT 1 FROM job WHERE job_id = ?1"),
      create_(database,
              "INSERT INTO job (job_id, type, condition, content, created, start, execution_seconds_max, checksum) "
              "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
      create_state_(database,
                    "INSERT INTO job_state (number, status, started, ended, failure_reason, selected, "
                    "selected_to_device, selected_to_module, targets, succeeded, failed, checksum) VALUES (?1, ?2, ?3, "
                    "?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"),
      update_state_(database,
                    "UPDATE job_state SET status = ?2, started = ?3, ended = ?4, failure_reason = ?5, selected = ?6, "
                    "selected_to_device = ?7, selected_to_module = ?8, targets = ?9, succeeded = ?10, failed = ?11, "
                    "checksum = ?12 WHERE number = ?1"),
      put_row_(database,
               "INSERT INTO job_device (number, " + std::string(kJobDeviceColumns) +
                   ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT DO UPDATE SET status "
                   "= ?4, created = ?5, started = ?6, ended = ?7, answered = ?8, answer_status = ?9, answer_payload = "
                   "?10, error_code = ?11, error_text = ?12, checksum = ?13"),
      erase_rows_(database,
                  "DELETE FROM job_device WHERE number = ?1 AND (device_id, module_id) IN (SELECT device_id, module_id "
                  "FROM job_device WHERE number = ?1 ORDER BY device_id, module_id LIMIT ?2)"),
      erase_state_(database, "DELETE FROM job_state WHERE number = ?1"),
      erase_job_(database, "DELETE FROM job WHERE number = ?1") {}

Outcome JobWriter::create(const hub::JobOrder& o, const hub::JobState& s, uint64_t& number) {
  {
    Rows row = find_.rows(o.id);
    if (row.next()) return fail(StoreError::kAlreadyExists);
    if (row.failed()) return fail(StoreError::kUnavailable);
  }
  if (!create_.run(o.id, static_cast<int64_t>(o.type), o.condition, o.content, ticks_of(o.created), ticks_of(o.start),
                   o.execution_seconds_max, job_order_checksum(o))) {
    return fail(StoreError::kUnavailable);
  }
  number = static_cast<uint64_t>(database_.last_rowid());
  if (!create_state_.run(static_cast<int64_t>(number), static_cast<int64_t>(s.status), ticks_of(s.started),
                         ticks_of(s.ended), s.failure_reason, int64_t{s.selected}, s.selected_to.device,
                         s.selected_to.module, static_cast<int64_t>(s.targets), static_cast<int64_t>(s.succeeded),
                         static_cast<int64_t>(s.failed), job_state_checksum(number, s))) {
    return fail(StoreError::kUnavailable);
  }
  return {};
}

Outcome JobWriter::update(uint64_t number, const hub::JobState& s, const std::vector<hub::JobRow>& rows) {
  if (!update_state_.run(static_cast<int64_t>(number), static_cast<int64_t>(s.status), ticks_of(s.started),
                         ticks_of(s.ended), s.failure_reason, int64_t{s.selected}, s.selected_to.device,
                         s.selected_to.module, static_cast<int64_t>(s.targets), static_cast<int64_t>(s.succeeded),
                         static_cast<int64_t>(s.failed), job_state_checksum(number, s))) {
    return fail(StoreError::kUnavailable);
  }
  if (database_.changes() == 0) return fail(StoreError::kNotFound);
  for (const hub::JobRow& row : rows) {
    if (!put_row(number, row)) return fail(StoreError::kUnavailable);
  }
  return {};
}

bool JobWriter::put_row(uint64_t number, const hub::JobRow& r) {
  const hub::MethodAnswer answer = r.answer.value_or(hub::MethodAnswer());
  return put_row_.run(static_cast<int64_t>(number), r.key.device, r.key.module, static_cast<int64_t>(r.status),
                      ticks_of(r.created), ticks_of(r.started), ticks_of(r.ended), int64_t{r.answer.has_value()},
                      int64_t{answer.status}, answer.payload, r.error_code, r.error_text,
                      job_device_checksum(number, r));
}

Outcome JobWriter::erase(uint64_t number, size_t rows_max) {
  const auto n = static_cast<int64_t>(number);
  if (!erase_rows_.run(n, static_cast<int64_t>(rows_max))) return fail(StoreError::kUnavailable);
  // Fewer than asked for: there are none left.
  if (static_cast<size_t>(database_.changes()) >= rows_max) return {};
  if (!erase_state_.run(n) || !erase_job_.run(n)) return fail(StoreError::kUnavailable);
  return {};
}

}  // namespace nave::store::embedded
