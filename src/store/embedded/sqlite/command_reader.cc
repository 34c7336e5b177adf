#include "store/embedded/sqlite/command_reader.h"

#include "store/embedded/sqlite/damaged_row.h"
#include "store/embedded/sqlite/rows.h"

namespace nave::store::embedded {

using hub::StoreError;

CommandReader::CommandReader(Database& database)
    : database_(database),
      count_(database,
             "SELECT device_id, module_id, generation_id, messages FROM identity JOIN (SELECT device_id, module_id, "
             "count(*) AS messages FROM command GROUP BY device_id, module_id) USING (device_id, module_id)"),
      heads_(database, "SELECT " + std::string(kCommandColumns) +
                           " FROM command WHERE device_id = ?1 AND module_id = ?2 ORDER BY sequence"),
      record_(database,
              "SELECT record, record_checksum FROM command WHERE sequence = ?1 AND device_id = ?2 AND module_id = ?3"),
      expired_(database,
               "SELECT expires, sequence, device_id, module_id FROM command WHERE expires BETWEEN ?1 AND ?2 AND "
               "(expires > ?1 OR sequence > ?3) ORDER BY expires, sequence LIMIT ?4"),
      count_feedback_(database, "SELECT count(*) FROM feedback WHERE expires > ?1"),
      feedback_(database, "SELECT " + std::string(kFeedbackColumns) +
                              " FROM feedback WHERE sequence >= ?1 AND +expires > ?2 ORDER BY sequence LIMIT ?3") {}

std::vector<hub::CommandCount> CommandReader::count() {
  std::vector<hub::CommandCount> out;
  Rows row = count_.rows();
  while (row.next()) {
    out.push_back({{std::string(row.text(0)), std::string(row.text(1))},
                   std::string(row.text(2)),
                   static_cast<size_t>(row.integer(3))});
  }
  return out;
}

Result<std::vector<hub::CommandHead>, StoreError> CommandReader::heads(const IdentityKey& key) {
  std::vector<hub::CommandHead> out;
  Rows row = heads_.rows(key.device, key.module);
  while (row.next()) {
    if (auto head = read_command(key, row)) {
      out.push_back(*std::move(head));
    } else {
      report_damaged_row(database_, "command", std::to_string(row.integer(0)));
    }
  }
  if (row.failed()) return fail(StoreError::kUnavailable);
  return out;
}

Result<std::string, StoreError> CommandReader::record(const IdentityKey& key, uint64_t sequence) {
  Rows row = record_.rows(static_cast<int64_t>(sequence), key.device, key.module);
  if (!row.next()) return fail(row.failed() ? StoreError::kUnavailable : StoreError::kNotFound);
  std::string out(row.blob(0));
  if (record_checksum(out) == row.integer(1)) return out;
  report_damaged_row(database_, "command", std::to_string(sequence));
  return fail(StoreError::kDamaged);
}

std::vector<hub::ExpiredCommand> CommandReader::expired(UtcTime now, UtcTime after_expires, uint64_t after_sequence,
                                                        size_t top) {
  std::vector<hub::ExpiredCommand> out;
  Rows row = expired_.rows(ticks_of(after_expires), ticks_of(now), static_cast<int64_t>(after_sequence),
                           static_cast<int64_t>(top));
  while (row.next()) {
    out.push_back({UtcTime{Ticks{row.integer(0)}},
                   static_cast<uint64_t>(row.integer(1)),
                   {std::string(row.text(2)), std::string(row.text(3))}});
  }
  return out;
}

size_t CommandReader::count_feedback(UtcTime now) {
  Rows row = count_feedback_.rows(ticks_of(now));
  return row.next() ? static_cast<size_t>(row.integer(0)) : 0;
}

std::vector<hub::StoredFeedback> CommandReader::feedback(uint64_t from, UtcTime now, size_t top) {
  std::vector<hub::StoredFeedback> out;
  Rows row = feedback_.rows(static_cast<int64_t>(from), ticks_of(now), static_cast<int64_t>(top));
  while (row.next()) {
    if (auto feedback = read_feedback(row)) {
      out.push_back(*std::move(feedback));
    } else {
      report_damaged_row(database_, "feedback", std::to_string(row.integer(0)));
    }
  }
  return out;
}

}  // namespace nave::store::embedded
