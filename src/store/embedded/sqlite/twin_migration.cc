#include "store/embedded/sqlite/twin_migration.h"

#include <string>

#include "store/embedded/sqlite/rows.h"
#include "store/embedded/sqlite/twin_record.h"

namespace nave::store::embedded {
namespace {

int64_t version_2_checksum(const IdentityKey& key, const hub::Twin& twin) {
  RowChecksum sum;
  sum.add(std::string_view(key.device)).add(std::string_view(key.module));
  sum.add(static_cast<int64_t>(twin.revision)).add(static_cast<int64_t>(twin.changes));
  sum.add(std::string_view(twin.model_id)).add(std::string_view(twin.tags));
  for (const hub::TwinSection* s : {&twin.desired, &twin.reported}) {
    sum.add(std::string_view(s->values)).add(std::string_view(s->metadata)).add(static_cast<int64_t>(s->version));
  }
  return sum.value();
}

void twin_record(sqlite3_context* context, int, sqlite3_value** columns) {
  const auto text = [columns](int i) {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_value_text(columns[i]));
    return bytes == nullptr ? std::string() : std::string(bytes, static_cast<size_t>(sqlite3_value_bytes(columns[i])));
  };
  const auto number = [columns](int i) { return static_cast<uint64_t>(sqlite3_value_int64(columns[i])); };
  const IdentityKey key{text(0), text(1)};
  const hub::Twin twin{
      number(2), number(3), text(4), text(5), {text(6), text(7), number(8)}, {text(9), text(10), number(11)}, {}};
  std::string record = write_twin_record(key, twin);
  if (version_2_checksum(key, twin) != sqlite3_value_int64(columns[12])) record[0] = static_cast<char>(~record[0]);
  sqlite3_result_blob64(context, record.data(), record.size(), SQLITE_TRANSIENT);
}

}  // namespace

void add_twin_record_function(Database& database) {
  database.add_function("nave_twin_record", 13, twin_record);
}

}  // namespace nave::store::embedded
