// What is special about jobs in SQLite: damage.
#include "store/embedded/sqlite/job_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <future>

#include "store/embedded/sqlite/device_store.h"
#include "support/thread_executor.h"

namespace nave::store::embedded {
namespace {

using hub::JobRow;
using hub::JobRowStatus;
using hub::StoreError;

class SqliteJobs : public ::testing::Test {
 protected:
  SqliteJobs() {
    char folder[] = "/tmp/nave-jobs-XXXXXX";
    EXPECT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    options.path = folder_ + "/state.db";
    open();
  }
  ~SqliteJobs() override {
    store.reset();
    std::filesystem::remove_all(folder_);
  }
  void open() {
    store.reset();
    store = std::make_unique<SqliteDeviceStore>(options, metrics);
  }
  uint64_t create(const std::string& id) {
    std::promise<Result<uint64_t, StoreError>> number;
    hub::JobOrder order;
    order.id = id;
    store->jobs().create_job(order, {}, executor, [&](Result<uint64_t, StoreError> r) { number.set_value(r); });
    return number.get_future().get().value_or(0);
  }
  void put(uint64_t number, std::vector<JobRow> rows) {
    std::promise<Result<void, StoreError>> done;
    hub::JobState state;
    state.targets = rows.size();
    store->jobs().update_job(number, state, std::move(rows), executor,
                             [&](Result<void, StoreError> r) { done.set_value(r); });
    ASSERT_TRUE(done.get_future().get());
  }
  void run_sql(const std::string& sql) { Database(options.path).execute_or_throw(sql); }
  static JobRow row(const std::string& device) { return {.key = {device, ""}}; }

  Metrics metrics;
  SqliteDeviceStore::Options options;
  test::ThreadExecutor executor;
  std::unique_ptr<SqliteDeviceStore> store;

 private:
  std::string folder_;
};

TEST_F(SqliteJobs, ADamagedRowIsLeftOut) {
  const uint64_t number = create("a");
  put(number, {row("d1"), row("d2"), row("d3")});
  run_sql("UPDATE job_device SET status = 2 WHERE device_id = 'd2'");
  const auto rows = store->jobs().load_job_rows(number, {}, {}, 10, 1000).value();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].key.device, "d3");
  EXPECT_TRUE(store->jobs().load_device_rows(number, "d2").value().empty());
  EXPECT_TRUE(store->jobs().load_job_rows(number, {}, JobRowStatus::kCompleted, 10, 1000).value().empty());
}

TEST_F(SqliteJobs, ADamagedJobIsLeftOut) {
  for (const char* damage : {"UPDATE job SET condition = 'x' WHERE job_id = 'b'",
                             "UPDATE job_state SET targets = 9 WHERE number = (SELECT number FROM job WHERE job_id = "
                             "'c')"}) {
    for (const char* id : {"a", "b", "c"}) (void)create(id);
    run_sql(damage);
  }
  const auto left = store->jobs().load_unfinished_jobs().value();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].order.id, "a");
  EXPECT_FALSE(store->jobs().load_job("b").value());
  EXPECT_EQ(create("b"), 0U) << "its id is taken all the same";
}

TEST_F(SqliteJobs, NumbersAreNotGivenAgainAfterAReopen) {
  const uint64_t first = create("a");
  run_sql("DELETE FROM job; DELETE FROM job_state");
  open();
  EXPECT_GT(create("a"), first);
}

}  // namespace
}  // namespace nave::store::embedded
