#include "store/embedded/sqlite/database.h"

#include "base/log.h"

namespace nave::store::embedded {

Database::Database(const std::string& path) : path_(path) {
  // No SQLite mutex: each connection has one user at a time.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr) != SQLITE_OK) {
    const DatabaseError error("state database " + path_ + ": " +
                              (handle_ == nullptr ? "out of memory" : std::string(sqlite3_errmsg(handle_))));
    sqlite3_close(handle_);
    throw error;
  }
  sqlite3_busy_timeout(handle_, 5000);
}

Database::~Database() {
  sqlite3_close(handle_);
}

void Database::raise() const {
  throw DatabaseError("state database " + path_ + ": " + std::string(sqlite3_errmsg(handle_)));
}

void Database::execute_or_throw(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) raise();
}

void Database::add_function(const char* name, int arguments, void (*call)(sqlite3_context*, int, sqlite3_value**)) {
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
  if (sqlite3_create_function_v2(handle_, name, arguments, kFlags, nullptr, call, nullptr, nullptr, nullptr) !=
      SQLITE_OK) {
    raise();
  }
}

int64_t Database::integer_or_throw(const std::string& sql) {
  Statement statement(*this, sql);
  if (sqlite3_step(statement.statement_) != SQLITE_ROW) raise();
  return sqlite3_column_int64(statement.statement_, 0);
}

void Database::note_failure(int code) {
  last_failure_ = code;
  log::write_limited(log::Level::kError, log::Category::kStorage, "state-db",
                     "a statement on the state database failed",
                     {{"file", path_}, {"error", sqlite3_errmsg(handle_)}, {"code", code}});
}

bool Rows::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) {
    failed_ = true;
    database_.note_failure(code);
  }
  return false;
}

std::string_view Rows::text(int column) const {
  // The order matters: bytes() after text() is the length of the text form.
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (text == nullptr) return {};
  return {text, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Rows::blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

std::optional<std::string> Rows::optional_text(int column) const {
  if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return {};
  return std::string(text(column));
}

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
  if (sqlite3_prepare_v3(database.handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement_, nullptr) != SQLITE_OK) {
    database.raise();
  }
}

}  // namespace nave::store::embedded
