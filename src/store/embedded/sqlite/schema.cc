#include "store/embedded/sqlite/schema.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "store/embedded/sqlite/twin_migration.h"

namespace nave::store::embedded {
namespace {

constexpr std::string_view kVersion1 = R"sql(
CREATE TABLE identity (
  device_id TEXT NOT NULL,
  module_id TEXT NOT NULL,
  created INTEGER NOT NULL,
  generation_id TEXT NOT NULL,
  etag INTEGER NOT NULL,
  enabled INTEGER NOT NULL,
  status_reason TEXT,
  status_updated INTEGER NOT NULL,
  auth_type INTEGER NOT NULL,
  primary_key TEXT NOT NULL,
  secondary_key TEXT NOT NULL,
  primary_thumbprint TEXT NOT NULL,
  secondary_thumbprint TEXT NOT NULL,
  iot_edge INTEGER NOT NULL,
  device_scope TEXT NOT NULL,
  parent_scopes TEXT NOT NULL,
  managed_by TEXT,
  connection_state_updated INTEGER NOT NULL,
  last_activity INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (device_id, module_id)
) WITHOUT ROWID;
CREATE TABLE mqtt_session (
  device_id TEXT NOT NULL,
  module_id TEXT NOT NULL,
  filters INTEGER NOT NULL,
  qos1 INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (device_id, module_id)
) WITHOUT ROWID;
CREATE TABLE policy (
  position INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  rights INTEGER NOT NULL,
  primary_key TEXT NOT NULL,
  secondary_key TEXT NOT NULL,
  checksum INTEGER NOT NULL
);
CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  checksum INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE total (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  devices INTEGER NOT NULL,
  enabled_devices INTEGER NOT NULL,
  modules INTEGER NOT NULL
);
INSERT INTO total VALUES (1, 0, 0, 0);
)sql";

constexpr std::string_view kVersion2 = R"sql(
CREATE TABLE twin (
  device_id TEXT NOT NULL,
  module_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  changes INTEGER NOT NULL,
  model_id TEXT NOT NULL,
  tags TEXT NOT NULL,
  desired TEXT NOT NULL,
  desired_metadata TEXT NOT NULL,
  desired_version INTEGER NOT NULL,
  reported TEXT NOT NULL,
  reported_metadata TEXT NOT NULL,
  reported_version INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (device_id, module_id)
);
)sql";

// AUTOINCREMENT: the numbers of messages that are gone are not given again, whatever happens to the table.
constexpr std::string_view kVersion3 = R"sql(
CREATE TABLE command (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  device_id TEXT NOT NULL,
  module_id TEXT NOT NULL,
  enqueued INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  delivery_count INTEGER NOT NULL,
  ack INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  checksum INTEGER NOT NULL,
  record_checksum INTEGER NOT NULL,
  record BLOB NOT NULL
);
CREATE INDEX command_queue ON command (device_id, module_id);
CREATE INDEX command_expiry ON command (expires);
CREATE TABLE feedback (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  enqueued INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  delivery_count INTEGER NOT NULL,
  status INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  device_id TEXT NOT NULL,
  generation_id TEXT NOT NULL,
  checksum INTEGER NOT NULL
);
CREATE INDEX feedback_expiry ON feedback (expires);
)sql";

// One column that a scan reads, in the order that a scan wants (twin_record.h).
constexpr std::string_view kVersion4 = R"sql(
CREATE TABLE twin_record (
  device_id TEXT NOT NULL,
  module_id TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY (device_id, module_id)
) WITHOUT ROWID;
INSERT INTO twin_record SELECT device_id, module_id, nave_twin_record(device_id, module_id, revision, changes, model_id,
  tags, desired, desired_metadata, desired_version, reported, reported_metadata, reported_version, checksum)
  FROM twin ORDER BY device_id, module_id;
DROP TABLE twin;
ALTER TABLE twin_record RENAME TO twin;
)sql";

constexpr std::string_view kVersion5 = R"sql(
CREATE TABLE configuration (
  id TEXT PRIMARY KEY,
  etag INTEGER NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  schema_version TEXT,
  content_type TEXT,
  target_condition TEXT NOT NULL,
  labels TEXT NOT NULL,
  content TEXT NOT NULL,
  metrics TEXT NOT NULL,
  checksum INTEGER NOT NULL
);
)sql";

// job: as it was ordered. job_state: how far it is, apart from it because it changes all the time. job_device: a row
// for each target; the key is how it is read.
constexpr std::string_view kVersion6 = R"sql(
CREATE TABLE job (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id TEXT NOT NULL UNIQUE,
  type INTEGER NOT NULL,
  condition TEXT NOT NULL,
  content TEXT NOT NULL,
  created INTEGER NOT NULL,
  start INTEGER NOT NULL,
  execution_seconds_max INTEGER NOT NULL,
  checksum INTEGER NOT NULL
);
CREATE TABLE job_state (
  number INTEGER PRIMARY KEY,
  status INTEGER NOT NULL,
  started INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  failure_reason TEXT NOT NULL,
  selected INTEGER NOT NULL,
  selected_to_device TEXT NOT NULL,
  selected_to_module TEXT NOT NULL,
  targets INTEGER NOT NULL,
  succeeded INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  checksum INTEGER NOT NULL
);
CREATE TABLE job_device (
  number INTEGER NOT NULL,
  device_id TEXT NOT NULL,
  module_id TEXT NOT NULL,
  status INTEGER NOT NULL,
  created INTEGER NOT NULL,
  started INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  answered INTEGER NOT NULL,
  answer_status INTEGER NOT NULL,
  answer_payload TEXT NOT NULL,
  error_code TEXT NOT NULL,
  error_text TEXT NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (number, device_id, module_id)
) WITHOUT ROWID;
)sql";

// Step i takes a file from version i to i + 1. Steps are never changed once released.
constexpr std::array<std::string_view, kStateVersion> kSteps = {kVersion1, kVersion2, kVersion3,
                                                                kVersion4, kVersion5, kVersion6};

[[noreturn]] void raise_errno(const std::string& path, const char* what) {
  throw DatabaseError("state database " + path + ": " + what + ": " + std::strerror(errno));
}

// SQLite gives its -wal and -shm files the mode of the main file, so this is the one place that decides it.
void make_private_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) raise_errno(path, "cannot open");
  const bool restricted = ::fchmod(fd, 0600) == 0;
  ::close(fd);
  if (!restricted) raise_errno(path, "cannot restrict to its owner");

  // The name itself must survive a power cut.
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int folder_fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_fd < 0) raise_errno(path, "cannot open its folder");
  const bool synced = ::fsync(folder_fd) == 0;
  ::close(folder_fd);
  if (!synced) raise_errno(path, "cannot sync its folder");
}

// Before anything is written to the file: whose is it?
int64_t check_version(Database& database) {
  const int64_t version = database.integer_or_throw("PRAGMA user_version");
  const int64_t application = database.integer_or_throw("PRAGMA application_id");
  const bool empty = database.integer_or_throw("SELECT count(*) FROM sqlite_schema") == 0;
  const std::string where = "state database " + database.path() + ": ";
  if (application != kStateApplicationId && !(empty && version == 0)) {
    throw DatabaseError(where + "the file belongs to another program");
  }
  if (version > kStateVersion) {
    throw DatabaseError(where + "version " + std::to_string(version) + " was written by a newer Nave; this one reads " +
                        "up to version " + std::to_string(kStateVersion));
  }
  return version;
}

void migrate(Database& database, int64_t from) {
  add_twin_record_function(database);
  for (int64_t v = from; v < kStateVersion; ++v) {
    database.execute_or_throw("BEGIN IMMEDIATE;" + std::string(kSteps[static_cast<size_t>(v)]) +
                              "PRAGMA application_id = " + std::to_string(kStateApplicationId) +
                              ";PRAGMA user_version = " + std::to_string(v + 1) + ";COMMIT");
  }
}

}  // namespace

std::unique_ptr<Database> open_state_database(const std::string& path, Durability durability) {
  make_private_file(path);
  auto database = std::make_unique<Database>(path);
  const int64_t version = check_version(*database);
  // page_size only matters for a new file. FULL: a commit is on stable storage when COMMIT returns. NORMAL: checkpoints
  // are, so that the file is whole after a power cut, as of some commit.
  const std::string synchronous = durability == Durability::kDurable ? "FULL" : "NORMAL";
  database->execute_or_throw("PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = " + synchronous +
                             "; PRAGMA cell_size_check = ON; PRAGMA cache_size = -16384;"
                             "PRAGMA journal_size_limit = 67108864");
  migrate(*database, version);
  if (database->integer_or_throw("SELECT count(*) FROM total") != 1) {
    throw DatabaseError("state database " + path + ": damaged, its totals are missing");
  }
  return database;
}

}  // namespace nave::store::embedded
