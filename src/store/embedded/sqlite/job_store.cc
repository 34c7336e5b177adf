#include "store/embedded/sqlite/job_store.h"

#include <limits>
#include <utility>

#include "store/embedded/sqlite/damaged_row.h"
#include "store/embedded/sqlite/job_rows.h"
#include "store/embedded/sqlite/rows.h"

namespace nave::store::embedded {

using hub::Job;
using hub::JobRow;
using hub::StoreError;

namespace {

constexpr size_t kAll = std::numeric_limits<size_t>::max();

std::string select_jobs(std::string_view where) {
  return "SELECT " + std::string(kJobColumns) + " FROM job JOIN job_state USING (number) WHERE " + std::string(where) +
         " ORDER BY number";
}

std::string select_rows(std::string_view where) {
  return "SELECT " + std::string(kJobDeviceColumns) + " FROM job_device WHERE number = ?1 AND " + std::string(where) +
         " ORDER BY device_id, module_id";
}

}  // namespace

struct SqliteJobStore::Connection {
  explicit Connection(const std::string& path)
      : database(path),
        job(database, select_jobs("job_id = ?1")),
        jobs(database, select_jobs("number > ?1")),
        unfinished(database, select_jobs("status < ?1")),
        ended(database, "SELECT number FROM job_state WHERE status >= ?1 AND ended < ?2 LIMIT 1"),
        rows(database, select_rows("(device_id, module_id) > (?2, ?3)")),
        rows_of_status(database, select_rows("(device_id, module_id) > (?2, ?3) AND status = ?4")),
        rows_of_device(database, select_rows("device_id = ?2")) {
    database.execute_or_throw("PRAGMA query_only = ON; PRAGMA cell_size_check = ON");
  }

  Database database;
  Statement job, jobs, unfinished, ended, rows, rows_of_status, rows_of_device;
};

SqliteJobStore::SqliteJobStore(const std::string& path, StateCommitter& committer)
    : committer_(committer), connection_(std::make_unique<Connection>(path)) {}

SqliteJobStore::~SqliteJobStore() = default;

void SqliteJobStore::create_job(hub::JobOrder order, hub::JobState state, Executor& reply_on,
                                hub::SequenceReply reply) {
  // Written by the step, read by the reply, which comes after it.
  auto number = std::make_shared<uint64_t>(0);
  committer_.submit([order = std::move(order), state = std::move(state),
                     number](StateWriter& w) { return w.step([&] { return w.jobs().create(order, state, *number); }); },
                    1, reply_on,
                    [number, reply = std::move(reply)](Result<void, StoreError> outcome) mutable {
                      if (outcome) return reply(*number);
                      reply(fail(outcome.error()));
                    });
}

void SqliteJobStore::update_job(uint64_t number, hub::JobState state, std::vector<JobRow> rows, Executor& reply_on,
                                hub::StoreReply reply) {
  const size_t cost = rows.size() + 1;
  committer_.submit([number, state = std::move(state), rows = std::move(rows)](
                        StateWriter& w) { return w.step([&] { return w.jobs().update(number, state, rows); }); },
                    cost, reply_on, std::move(reply));
}

void SqliteJobStore::erase_job(uint64_t number, size_t rows_max, Executor& reply_on, hub::StoreReply reply) {
  committer_.submit(
      [number, rows_max](StateWriter& w) { return w.step([&] { return w.jobs().erase(number, rows_max); }); }, rows_max,
      reply_on, std::move(reply));
}

SqliteJobStore::JobsOrError SqliteJobStore::read_jobs(Rows rows, size_t jobs_max, size_t bytes_max) const {
  std::vector<Job> out;
  for (size_t bytes = 0; out.size() < jobs_max && bytes < bytes_max && rows.next();) {
    if (std::optional<Job> job = read_job(rows)) {
      bytes += counted_bytes(*job);
      out.push_back(*std::move(job));
    } else {
      report_damaged_row(connection_->database, "job", rows.text(1));
    }
  }
  if (rows.failed()) return fail(StoreError::kUnavailable);
  return out;
}

SqliteJobStore::RowsOrError SqliteJobStore::read_rows(uint64_t number, Rows rows, size_t rows_max,
                                                      size_t bytes_max) const {
  std::vector<JobRow> out;
  for (size_t bytes = 0; out.size() < rows_max && bytes < bytes_max && rows.next();) {
    if (std::optional<JobRow> row = read_job_device(number, rows)) {
      bytes += counted_bytes(*row);
      out.push_back(*std::move(row));
    } else {
      report_damaged_row(connection_->database, "job_device",
                         std::to_string(number) + "/" + std::string(rows.text(0)) + "/" + std::string(rows.text(1)));
    }
  }
  if (rows.failed()) return fail(StoreError::kUnavailable);
  return out;
}

Result<std::optional<Job>, StoreError> SqliteJobStore::load_job(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  auto found = read_jobs(connection_->job.rows(id), 1, kAll);
  if (!found) return fail(found.error());
  if (found->empty()) return std::optional<Job>();
  return std::move(found->front());
}

SqliteJobStore::JobsOrError SqliteJobStore::load_jobs(uint64_t after, size_t jobs_max, size_t bytes_max) const {
  const std::lock_guard lock(mutex_);
  return read_jobs(connection_->jobs.rows(static_cast<int64_t>(after)), jobs_max, bytes_max);
}

SqliteJobStore::JobsOrError SqliteJobStore::load_unfinished_jobs() const {
  const std::lock_guard lock(mutex_);
  return read_jobs(connection_->unfinished.rows(static_cast<int64_t>(hub::JobStatus::kCompleted)), kAll, kAll);
}

std::optional<uint64_t> SqliteJobStore::find_ended_job(UtcTime time) const {
  const std::lock_guard lock(mutex_);
  Rows row = connection_->ended.rows(static_cast<int64_t>(hub::JobStatus::kCompleted), ticks_of(time));
  if (!row.next()) return {};
  return static_cast<uint64_t>(row.integer(0));
}

SqliteJobStore::RowsOrError SqliteJobStore::load_job_rows(uint64_t number, const IdentityKey& after,
                                                          std::optional<hub::JobRowStatus> status, size_t rows_max,
                                                          size_t bytes_max) const {
  const std::lock_guard lock(mutex_);
  const auto n = static_cast<int64_t>(number);
  if (!status) return read_rows(number, connection_->rows.rows(n, after.device, after.module), rows_max, bytes_max);
  return read_rows(number,
                   connection_->rows_of_status.rows(n, after.device, after.module, static_cast<int64_t>(*status)),
                   rows_max, bytes_max);
}

SqliteJobStore::RowsOrError SqliteJobStore::load_device_rows(uint64_t number, const std::string& device) const {
  const std::lock_guard lock(mutex_);
  return read_rows(number, connection_->rows_of_device.rows(static_cast<int64_t>(number), device), kAll, kAll);
}

}  // namespace nave::store::embedded
