#include "store/embedded/sqlite/twin_scanner.h"

#include <mutex>
#include <optional>

#include "store/embedded/sqlite/damaged_row.h"
#include "store/embedded/sqlite/rows.h"
#include "store/embedded/sqlite/twin_index.h"
#include "store/embedded/sqlite/twin_record.h"

namespace nave::store::embedded {

using hub::Identity;
using hub::StoreError;
using hub::TwinText;

namespace {

std::string columns() {
  return std::string(kIdentityColumns);
}

}  // namespace

struct TwinScanner::Connection {
  Connection(const std::string& path, const std::vector<hub::IndexedPath>& indexes)
      : database(path),
        identity(database, "SELECT " + columns() + " FROM identity WHERE device_id = ?1 AND module_id = ?2"),
        devices(database,
                "SELECT " + columns() + " FROM identity WHERE device_id > ?1 AND module_id = '' ORDER BY device_id"),
        modules(database, "SELECT " + columns() +
                              " FROM identity WHERE (device_id, module_id) > (?1, ?2) AND module_id <> ''"
                              " ORDER BY device_id, module_id"),
        device_twins(database,
                     "SELECT device_id, module_id, record FROM twin WHERE device_id > ?1 AND module_id = ''"
                     " ORDER BY device_id"),
        module_twins(database,
                     "SELECT device_id, module_id, record FROM twin WHERE (device_id, module_id) > (?1, ?2)"
                     " AND module_id <> '' ORDER BY device_id, module_id"),
        device_twins_from(database,
                          "SELECT device_id, module_id, record FROM twin WHERE device_id >= ?1 AND module_id = ''"
                          " ORDER BY device_id"),
        module_twins_from(database,
                          "SELECT device_id, module_id, record FROM twin WHERE (device_id, module_id) >= (?1, ?2)"
                          " AND module_id <> '' ORDER BY device_id, module_id") {
    database.execute_or_throw("PRAGMA query_only = ON; PRAGMA cell_size_check = ON; PRAGMA cache_size = -16384");
    add_twin_value_function(database);
    for (const hub::IndexedPath& indexed : indexes) {
      const std::string from = "SELECT device_id, module_id, record FROM twin INDEXED BY " + twin_index_name(indexed) +
                               " WHERE " + twin_value_sql(indexed) + " = ?1 AND ";
      device_matches.push_back(
          std::make_unique<Statement>(database, from + "device_id > ?2 AND module_id = '' ORDER BY device_id"));
      module_matches.push_back(std::make_unique<Statement>(
          database, from + "(device_id, module_id) > (?2, ?3) AND module_id <> '' ORDER BY device_id, module_id"));
    }
  }

  std::mutex mutex;
  Database database;
  Statement identity, devices, modules, device_twins, module_twins, device_twins_from, module_twins_from;
  std::vector<std::unique_ptr<Statement>> device_matches, module_matches;  // by index
};

namespace {

// What both kinds of rows share: each half is read once, when it is asked for.
class LazyRow : public hub::ScannedRow {
 public:
  LazyRow(Database& database, IdentityCache& cache) : database_(database), cache_(cache) {}

  [[nodiscard]] const Identity* identity() final {
    if (!asked_identity_) {
      asked_identity_ = true;
      identity_ = read_identity_half();
      if (identity_) {
        cache_.overlay(*identity_);
      } else {
        note_broken("identity");
      }
    }
    return identity_ ? &*identity_ : nullptr;
  }
  [[nodiscard]] const TwinText* twin() final {
    if (!asked_twin_) {
      asked_twin_ = true;
      if (const std::optional<std::string_view> record = twin_record()) {
        twin_ = read_twin_record(device(), module(), *record);
        if (!twin_) note_broken("twin");
      }
    }
    return twin_ ? &*twin_ : nullptr;
  }
  [[nodiscard]] bool broken() const final { return broken_; }
  [[nodiscard]] bool failed() const { return failed_; }

  void begin_row() {
    asked_identity_ = asked_twin_ = broken_ = false;
    identity_.reset();
    twin_.reset();
  }

 protected:
  virtual std::optional<Identity> read_identity_half() = 0;
  // nullopt: there is none.
  virtual std::optional<std::string_view> twin_record() = 0;

  void note_failed() { failed_ = broken_ = true; }

 private:
  void note_broken(const char* table) {
    broken_ = true;
    if (!failed_) report_damaged_row(database_, table, key().text());
  }

  Database& database_;
  IdentityCache& cache_;
  bool asked_identity_ = false, asked_twin_ = false, broken_ = false, failed_ = false;
  std::optional<Identity> identity_;
  std::optional<TwinText> twin_;
};

}  // namespace

// Rows of identities. Their twins come from a second walk alongside, in the same order, once one is asked for.
class TwinScanner::IdentityRows final : public LazyRow {
 public:
  IdentityRows(Connection& connection, IdentityCache& cache, const Rows& rows, bool devices)
      : LazyRow(connection.database, cache), connection_(connection), rows_(rows), devices_(devices) {}
  [[nodiscard]] std::string_view device() const override { return rows_.text(0); }
  [[nodiscard]] std::string_view module() const override { return rows_.text(1); }

 private:
  std::optional<Identity> read_identity_half() override { return read_identity(rows_); }

  std::optional<std::string_view> twin_record() override {
    // Far behind, it is quicker to begin anew.
    constexpr int kStepsMax = 8;
    int steps = 0;
    while (twins_ && at_twin_ && is_behind() && steps++ < kStepsMax) advance();
    if (!twins_ || (at_twin_ && is_behind())) begin_at_row();
    if (at_twin_ && twins_->text(0) == device() && twins_->text(1) == module()) return twins_->blob(2);
    return {};
  }

  [[nodiscard]] bool is_behind() const {
    const int order = twins_->text(0).compare(device());
    return order < 0 || (order == 0 && twins_->text(1) < module());
  }
  void begin_at_row() {
    twins_.reset();  // before its statement runs again
    Statement& from = devices_ ? connection_.device_twins_from : connection_.module_twins_from;
    first_ = key();
    twins_.emplace(devices_ ? from.rows(first_.device) : from.rows(first_.device, first_.module));
    advance();
  }
  void advance() {
    at_twin_ = twins_->next();
    if (twins_->failed()) note_failed();
  }

  Connection& connection_;
  const Rows& rows_;
  const bool devices_;
  IdentityKey first_;  // what is bound
  std::optional<Rows> twins_;
  bool at_twin_ = false;  // false with twins_: there are no more
};

// Rows of twins; identities are looked up.
class TwinScanner::TwinRows final : public LazyRow {
 public:
  TwinRows(Connection& connection, IdentityCache& cache, const Rows& rows)
      : LazyRow(connection.database, cache), connection_(connection), rows_(rows) {}
  [[nodiscard]] std::string_view device() const override { return rows_.text(0); }
  [[nodiscard]] std::string_view module() const override { return rows_.text(1); }

 private:
  std::optional<Identity> read_identity_half() override {
    Rows row = connection_.identity.rows(device(), module());
    if (row.next()) return read_identity(row);
    if (row.failed()) note_failed();
    return {};
  }
  std::optional<std::string_view> twin_record() override { return rows_.blob(2); }

  Connection& connection_;
  const Rows& rows_;
};

TwinScanner::TwinScanner(const std::string& path, std::vector<hub::IndexedPath> indexes, IdentityCache& cache)
    : indexes_(std::move(indexes)), cache_(cache) {
  for (auto& c : connections_) c = std::make_unique<Connection>(path, indexes_);
}

TwinScanner::~TwinScanner() = default;

namespace {

Result<bool, StoreError> walk(Rows& rows, LazyRow& row, const std::function<bool(hub::ScannedRow&)>& visit) {
  while (rows.next()) {
    row.begin_row();
    const bool more = visit(row);
    if (row.failed()) return fail(StoreError::kUnavailable);
    if (!more) return false;
  }
  if (rows.failed()) return fail(StoreError::kUnavailable);
  return true;
}

}  // namespace

// While a statement is open SQLite keeps one snapshot for the connection: what is looked up is of the same moment.
Result<bool, StoreError> TwinScanner::scan(const hub::TwinScan::Range& range,
                                           const std::function<bool(hub::ScannedRow&)>& visit) {
  std::unique_lock<std::mutex> lock;
  Connection* free = nullptr;
  for (const auto& c : connections_) {
    lock = std::unique_lock(c->mutex, std::try_to_lock);
    free = c.get();
    if (lock) break;
  }
  if (!lock) lock = std::unique_lock(free->mutex);
  Connection& c = *free;
  const auto& [device, module] = range.after;
  const bool devices = range.kind == hub::TwinScan::Kind::kDevices;
  if (range.match) {
    const auto& statements = devices ? c.device_matches : c.module_matches;
    Statement& statement = *statements.at(range.match->index);
    const auto walk_matches = [&](const auto& value) {
      Rows rows = devices ? statement.rows(value, device) : statement.rows(value, device, module);
      TwinRows row(c, cache_, rows);
      return walk(rows, row, visit);
    };
    return std::visit(walk_matches, range.match->value);
  }
  if (range.written_only) {
    Rows rows = devices ? c.device_twins.rows(device) : c.module_twins.rows(device, module);
    TwinRows row(c, cache_, rows);
    return walk(rows, row, visit);
  }
  Rows rows = devices ? c.devices.rows(device) : c.modules.rows(device, module);
  IdentityRows row(c, cache_, rows, devices);
  return walk(rows, row, visit);
}

}  // namespace nave::store::embedded
