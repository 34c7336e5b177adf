#include "store/embedded/sqlite/configuration_rows.h"

#include "store/embedded/sqlite/damaged_row.h"
#include "store/embedded/sqlite/rows.h"

namespace nave::store::embedded {
namespace {

constexpr std::string_view kColumns =
    "id, etag, created, updated, priority, schema_version, content_type, target_condition, labels, content, metrics, "
    "checksum";

int64_t configuration_checksum(const hub::Configuration& c) {
  RowChecksum sum;
  sum.add(std::string_view(c.id)).add(static_cast<int64_t>(c.etag)).add(ticks_of(c.created)).add(ticks_of(c.updated));
  sum.add(c.priority).add(c.schema_version).add(c.content_type).add(std::string_view(c.target_condition));
  sum.add(std::string_view(c.labels)).add(std::string_view(c.content)).add(std::string_view(c.metrics));
  return sum.value();
}

ConfigurationWriter::Outcome done_if(bool ok) {
  if (!ok) return fail(hub::StoreError::kUnavailable);
  return {};
}

}  // namespace

ConfigurationWriter::ConfigurationWriter(Database& database)
    : put_(database, "INSERT OR REPLACE INTO configuration (" + std::string(kColumns) +
                         ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"),
      erase_(database, "DELETE FROM configuration WHERE id = ?1") {}

ConfigurationWriter::Outcome ConfigurationWriter::put(const hub::Configuration& c) {
  return done_if(put_.run(c.id, static_cast<int64_t>(c.etag), ticks_of(c.created), ticks_of(c.updated), c.priority,
                          c.schema_version, c.content_type, c.target_condition, c.labels, c.content, c.metrics,
                          configuration_checksum(c)));
}

ConfigurationWriter::Outcome ConfigurationWriter::erase(const std::string& id) {
  return done_if(erase_.run(id));
}

ConfigurationReader::ConfigurationReader(Database& database)
    : database_(database), load_(database, "SELECT " + std::string(kColumns) + " FROM configuration ORDER BY id") {}

Result<std::vector<hub::Configuration>, hub::StoreError> ConfigurationReader::load() {
  std::vector<hub::Configuration> out;
  Rows row = load_.rows();
  while (row.next()) {
    hub::Configuration c;
    c.id = row.text(0);
    c.etag = static_cast<uint64_t>(row.integer(1));
    c.created = UtcTime{Ticks{row.integer(2)}};
    c.updated = UtcTime{Ticks{row.integer(3)}};
    c.priority = row.integer(4);
    c.schema_version = row.optional_text(5);
    c.content_type = row.optional_text(6);
    c.target_condition = row.text(7);
    c.labels = row.text(8);
    c.content = row.text(9);
    c.metrics = row.text(10);
    if (configuration_checksum(c) == row.integer(11)) {
      out.push_back(std::move(c));
    } else {
      report_damaged_row(database_, "configuration", c.id);
    }
  }
  if (row.failed()) return fail(hub::StoreError::kUnavailable);
  return out;
}

}  // namespace nave::store::embedded
