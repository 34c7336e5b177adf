#include "store/embedded/sqlite/job_rows.h"

#include "store/embedded/sqlite/rows.h"

namespace nave::store::embedded {
namespace {

UtcTime time_of(int64_t ticks) {
  return UtcTime{Ticks{ticks}};
}

bool is_below(int64_t n, int count) {
  return n >= 0 && n < count;
}

}  // namespace

int64_t job_order_checksum(const hub::JobOrder& o) {
  RowChecksum sum;
  sum.add(std::string_view(o.id)).add(static_cast<int64_t>(o.type)).add(std::string_view(o.condition));
  sum.add(std::string_view(o.content)).add(ticks_of(o.created)).add(ticks_of(o.start));
  return sum.add(o.execution_seconds_max).value();
}

int64_t job_state_checksum(uint64_t number, const hub::JobState& s) {
  RowChecksum sum;
  sum.add(static_cast<int64_t>(number)).add(static_cast<int64_t>(s.status)).add(ticks_of(s.started));
  sum.add(ticks_of(s.ended)).add(std::string_view(s.failure_reason)).add(int64_t{s.selected});
  sum.add(std::string_view(s.selected_to.device)).add(std::string_view(s.selected_to.module));
  sum.add(static_cast<int64_t>(s.targets)).add(static_cast<int64_t>(s.succeeded));
  return sum.add(static_cast<int64_t>(s.failed)).value();
}

int64_t job_device_checksum(uint64_t number, const hub::JobRow& r) {
  RowChecksum sum;
  sum.add(static_cast<int64_t>(number)).add(std::string_view(r.key.device)).add(std::string_view(r.key.module));
  sum.add(static_cast<int64_t>(r.status)).add(ticks_of(r.created)).add(ticks_of(r.started)).add(ticks_of(r.ended));
  sum.add(int64_t{r.answer.has_value()});
  if (r.answer) sum.add(int64_t{r.answer->status}).add(std::string_view(r.answer->payload));
  return sum.add(std::string_view(r.error_code)).add(std::string_view(r.error_text)).value();
}

std::optional<hub::Job> read_job(const Rows& row) {
  hub::Job out;
  out.number = static_cast<uint64_t>(row.integer(0));
  hub::JobOrder& o = out.order;
  o.id = row.text(1);
  if (!is_below(row.integer(2), hub::kJobTypeCount)) return {};
  o.type = static_cast<hub::JobType>(row.integer(2));
  o.condition = row.text(3);
  o.content = row.text(4);
  o.created = time_of(row.integer(5));
  o.start = time_of(row.integer(6));
  o.execution_seconds_max = row.integer(7);
  if (job_order_checksum(o) != row.integer(8)) return {};
  hub::JobState& s = out.state;
  if (!is_below(row.integer(9), hub::kJobStatusCount)) return {};
  s.status = static_cast<hub::JobStatus>(row.integer(9));
  s.started = time_of(row.integer(10));
  s.ended = time_of(row.integer(11));
  s.failure_reason = row.text(12);
  s.selected = row.integer(13) != 0;
  s.selected_to = {std::string(row.text(14)), std::string(row.text(15))};
  s.targets = static_cast<uint64_t>(row.integer(16));
  s.succeeded = static_cast<uint64_t>(row.integer(17));
  s.failed = static_cast<uint64_t>(row.integer(18));
  if (job_state_checksum(out.number, s) != row.integer(19)) return {};
  return out;
}

std::optional<hub::JobRow> read_job_device(uint64_t number, const Rows& row) {
  hub::JobRow out;
  out.key = {std::string(row.text(0)), std::string(row.text(1))};
  if (!is_below(row.integer(2), hub::kJobRowStatusCount)) return {};
  out.status = static_cast<hub::JobRowStatus>(row.integer(2));
  out.created = time_of(row.integer(3));
  out.started = time_of(row.integer(4));
  out.ended = time_of(row.integer(5));
  if (row.integer(6) != 0) out.answer = {static_cast<int32_t>(row.integer(7)), std::string(row.text(8))};
  out.error_code = row.text(9);
  out.error_text = row.text(10);
  if (job_device_checksum(number, out) != row.integer(11)) return {};
  return out;
}

}  // namespace nave::store::embedded
