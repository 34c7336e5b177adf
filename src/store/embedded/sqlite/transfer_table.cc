#include "store/embedded/sqlite/transfer_table.h"

#include "store/embedded/sqlite/damaged_row.h"
#include "store/embedded/sqlite/rows.h"

namespace nave::store::embedded {
namespace {

int64_t checksum(std::string_view id, std::string_view record) {
  return RowChecksum().add(id).add(record).value();
}

}  // namespace

TransferWriter::TransferWriter(Database& database)
    : put_(database, "INSERT OR REPLACE INTO transfer (job_id, record, checksum) VALUES (?1, ?2, ?3)"),
      remove_(database, "DELETE FROM transfer WHERE job_id = ?1") {}

bool TransferWriter::put(const hub::TransferJob& job) {
  const std::string record = hub::write_transfer_job(job);
  return put_.run(job.id, record, checksum(job.id, record));
}

bool TransferWriter::remove(const std::vector<std::string>& ids) {
  bool ok = true;
  for (const std::string& id : ids) ok = ok && remove_.run(id);
  return ok;
}

TransferReader::TransferReader(Database& database)
    : database_(database), all_(database, "SELECT job_id, record, checksum FROM transfer ORDER BY job_id") {}

std::vector<hub::TransferJob> TransferReader::all() {
  std::vector<hub::TransferJob> out;
  Rows row = all_.rows();
  while (row.next()) {
    const bool whole = checksum(row.text(0), row.text(1)) == row.integer(2);
    auto job = whole ? hub::read_transfer_job(row.text(1)) : std::nullopt;
    if (job) {
      out.push_back(*std::move(job));
    } else {
      report_damaged_row(database_, "transfer", row.text(0));
    }
  }
  return out;
}

}  // namespace nave::store::embedded
