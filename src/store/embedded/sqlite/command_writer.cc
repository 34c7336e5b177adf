#include "store/embedded/sqlite/command_writer.h"

#include "store/embedded/sqlite/rows.h"

namespace nave::store::embedded {

using hub::StoreError;
using Outcome = CommandWriter::Outcome;

namespace {

Outcome done_if(bool ok) {
  if (!ok) return fail(StoreError::kUnavailable);
  return {};
}

}  // namespace

CommandWriter::CommandWriter(Database& database)
    : database_(database),
      generation_(database, "SELECT generation_id FROM identity WHERE device_id = ?1 AND module_id = ?2"),
      put_(database,
           "INSERT INTO command (device_id, module_id, enqueued, expires, delivery_count, ack, message_id, checksum, "
           "record_checksum, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"),
      remove_(database, "DELETE FROM command WHERE sequence = ?1 AND device_id = ?2 AND module_id = ?3"),
      set_delivery_count_(database,
                          "UPDATE command SET delivery_count = ?4 WHERE sequence = ?1 AND device_id = ?2 AND "
                          "module_id = ?3"),
      erase_device_(database, "DELETE FROM command WHERE device_id = ?1"),
      erase_module_(database, "DELETE FROM command WHERE device_id = ?1 AND module_id = ?2"),
      put_feedback_(database,
                    "INSERT INTO feedback (enqueued, expires, delivery_count, status, message_id, device_id, "
                    "generation_id, checksum) VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7)"),
      remove_feedback_(database, "DELETE FROM feedback WHERE sequence = ?1"),
      count_feedback_delivery_(database, "UPDATE feedback SET delivery_count = delivery_count + 1 WHERE sequence = ?1"),
      expire_feedback_(database, "DELETE FROM feedback WHERE expires <= ?1") {}

Outcome CommandWriter::put(const hub::CommandWrite& write, uint64_t& sequence) {
  const auto& [device, module] = write.key;
  {
    Rows row = generation_.rows(device, module);
    const bool there = row.next();
    if (row.failed()) return fail(StoreError::kUnavailable);
    if (!there || row.text(0) != write.generation_id) return fail(StoreError::kNotFound);
  }
  const hub::CommandHead& h = write.head;
  if (!put_.run(device, module, ticks_of(h.enqueued), ticks_of(h.expires), int64_t{h.delivery_count},
                static_cast<int64_t>(h.ack), h.message_id, command_checksum(write.key, h),
                record_checksum(write.record), Blob{write.record})) {
    return fail(StoreError::kUnavailable);
  }
  sequence = static_cast<uint64_t>(database_.last_rowid());
  return {};
}

Outcome CommandWriter::remove(const IdentityKey& key, const std::vector<hub::CommandRemoval>& removals) {
  for (const hub::CommandRemoval& r : removals) {
    if (!remove_.run(static_cast<int64_t>(r.sequence), key.device, key.module)) return fail(StoreError::kUnavailable);
    if (database_.changes() == 0) return fail(StoreError::kNotFound);
    if (r.feedback && !put_feedback(*r.feedback)) return fail(StoreError::kUnavailable);
  }
  return {};
}

bool CommandWriter::put_feedback(const hub::Feedback& f) {
  return put_feedback_.run(ticks_of(f.enqueued), ticks_of(f.expires), static_cast<int64_t>(f.status), f.message_id,
                           f.device, f.generation_id, feedback_checksum(f));
}

Outcome CommandWriter::set_delivery_count(const IdentityKey& key, uint64_t sequence, uint32_t count) {
  if (!set_delivery_count_.run(static_cast<int64_t>(sequence), key.device, key.module, int64_t{count})) {
    return fail(StoreError::kUnavailable);
  }
  if (database_.changes() == 0) return fail(StoreError::kNotFound);
  return {};
}

Outcome CommandWriter::remove_feedback(const std::vector<uint64_t>& sequences) {
  bool ok = true;
  for (const uint64_t s : sequences) ok = ok && remove_feedback_.run(static_cast<int64_t>(s));
  return done_if(ok);
}

Outcome CommandWriter::count_feedback_delivery(const std::vector<uint64_t>& sequences) {
  bool ok = true;
  for (const uint64_t s : sequences) ok = ok && count_feedback_delivery_.run(static_cast<int64_t>(s));
  return done_if(ok);
}

Outcome CommandWriter::expire_feedback(UtcTime now) {
  return done_if(expire_feedback_.run(ticks_of(now)));
}

bool CommandWriter::erase(const IdentityKey& key) {
  return key.is_module() ? erase_module_.run(key.device, key.module) : erase_device_.run(key.device);
}

}  // namespace nave::store::embedded
