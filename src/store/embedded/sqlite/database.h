// SQLite as the stores use it: a connection and a prepared statement that clean up after themselves. A Database and its
// statements belong to one thread at a time; whoever shares one brings the lock.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace nave::store::embedded {

// Only while opening; afterwards a failed statement is a value.
class DatabaseError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Bytes that are no text, as the value of a column.
struct Blob {
  std::string_view bytes;
};

class Database {
 public:
  // Opens a file that exists. Throws DatabaseError.
  explicit Database(const std::string& path);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  void execute_or_throw(const std::string& sql);
  // For the SQL of this connection. `call` depends on nothing but its arguments.
  void add_function(const char* name, int arguments, void (*call)(sqlite3_context*, int, sqlite3_value**));
  // The single integer that `sql` yields; throws if there is none.
  [[nodiscard]] int64_t integer_or_throw(const std::string& sql);
  // False after BEGIN failed, or after an error made SQLite roll back by itself.
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  // Of the last INSERT, and how many rows the last statement changed.
  [[nodiscard]] int64_t last_rowid() const { return sqlite3_last_insert_rowid(handle_); }
  [[nodiscard]] int changes() const { return sqlite3_changes(handle_); }

  // SQLite's extended code of the last statement that failed; later successes leave it alone.
  [[nodiscard]] int last_failure() const { return last_failure_; }
  [[noreturn]] void raise() const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  friend class Statement;
  friend class Rows;
  // Keeps the code and writes one rate-limited line.
  void note_failure(int code);

  std::string path_;
  sqlite3* handle_ = nullptr;
  int last_failure_ = SQLITE_OK;
};

// The rows of a running statement; resets it when it goes out of scope.
class Rows {
 public:
  Rows(Database& database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
  Rows(Rows&& other) noexcept
      : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)), failed_(other.failed_) {}
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows() { sqlite3_reset(statement_); }

  // False at the end or after an error, which is logged; failed() says which of the two.
  [[nodiscard]] bool next();
  [[nodiscard]] bool failed() const { return failed_; }

  [[nodiscard]] int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::string_view blob(int column) const;
  [[nodiscard]] std::optional<std::string> optional_text(int column) const;

 private:
  Database& database_;
  sqlite3_stmt* statement_;
  bool failed_ = false;
};

class Statement {
 public:
  // Throws DatabaseError if `sql` does not compile against the schema.
  Statement(Database& database, std::string_view sql);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(statement_); }

  // Binds ?1, ?2, … and starts. Text is not copied: it stays valid until the rows are gone.
  template <class... Args>
  [[nodiscard]] Rows rows(const Args&... args) {
    int index = 0;
    (bind(++index, args), ...);
    return Rows(database_, statement_);
  }
  // For what yields no rows, or none of interest. False on an error.
  template <class... Args>
  [[nodiscard]] bool run(const Args&... args) {
    Rows r = rows(args...);
    while (r.next()) {
    }
    return !r.failed();
  }

 private:
  friend class Database;
  void bind(int index, int64_t value) { sqlite3_bind_int64(statement_, index, value); }
  void bind(int index, double value) { sqlite3_bind_double(statement_, index, value); }
  void bind(int index, std::string_view value) {
    // A null pointer would bind NULL.
    sqlite3_bind_text(statement_, index, value.data() == nullptr ? "" : value.data(), static_cast<int>(value.size()),
                      SQLITE_STATIC);
  }
  void bind(int index, const std::string& value) { bind(index, std::string_view(value)); }
  void bind(int index, Blob value) {
    sqlite3_bind_blob(statement_, index, value.bytes.data() == nullptr ? "" : value.bytes.data(),
                      static_cast<int>(value.bytes.size()), SQLITE_STATIC);
  }
  void bind(int index, const std::optional<std::string>& value) {
    if (value) {
      bind(index, *value);
    } else {
      sqlite3_bind_null(statement_, index);
    }
  }

  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace nave::store::embedded
