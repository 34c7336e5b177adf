// What only the durable store does: starting on any file, surviving kill -9, full disks and flipped bits.
#include "store/embedded/sqlite/device_store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>
#include <future>
#include <random>

#include "store/embedded/sqlite/schema.h"

namespace nave::store::embedded {
namespace {

using hub::Identity;
using hub::IdentityWrite;
using hub::StoreError;
using Outcome = Result<void, StoreError>;

// Runs a reply on the thread that posts it; enough for a test that only counts.
class InlineExecutor final : public Executor {
 public:
  void post(UniqueFunction<void()> f) override { f(); }
};

IdentityWrite create(const std::string& device, const std::string& module = "") {
  IdentityWrite w;
  w.expect = IdentityWrite::Expect::kAbsent;
  w.identity.key = {device, module};
  w.identity.generation_id = "1";
  w.identity.authentication.primary_key = "cHJpbWFyeQ==";
  return w;
}

IdentityWrite erase(const std::string& device) {
  IdentityWrite w = create(device);
  w.kind = IdentityWrite::Kind::kErase;
  w.expect = IdentityWrite::Expect::kPresent;
  return w;
}

class SqliteStore : public ::testing::Test {
 protected:
  SqliteStore() {
    char folder[] = "/tmp/nave-state-XXXXXX";
    EXPECT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    options.path = folder_ + "/state.db";
  }
  ~SqliteStore() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<SqliteDeviceStore> open() { return std::make_unique<SqliteDeviceStore>(options, metrics); }
  Outcome apply(SqliteDeviceStore& store, std::vector<IdentityWrite> writes) {
    std::promise<Outcome> done;
    store.apply(std::move(writes), inline_executor, [&](Outcome o) { done.set_value(o); });
    return done.get_future().get();
  }
  // The first write of a twin.
  Outcome put_twin(SqliteDeviceStore& store, const std::string& device) {
    std::promise<Outcome> done;
    store.put_twin({{device, ""}, "1", {}}, inline_executor, [&](Outcome o) { done.set_value(o); });
    return done.get_future().get();
  }
  // The sequence number it got, 0 if it was refused.
  uint64_t put_command(SqliteDeviceStore& store, const std::string& device, const std::string& record) {
    std::promise<uint64_t> done;
    store.put_command({{device, ""}, "1", {}, record}, inline_executor,
                      [&](Result<uint64_t, StoreError> r) { done.set_value(r.value_or(0)); });
    return done.get_future().get();
  }
  // The message that opening fails with.
  std::string refusal() {
    try {
      open();
    } catch (const DatabaseError& e) {
      return e.what();
    }
    return "opened";
  }
  void run_sql(const std::string& sql) { Database(options.path).execute_or_throw(sql); }
  // `total` agrees with what it counts.
  void expect_totals_true() {
    Database db(options.path);
    EXPECT_EQ(db.integer_or_throw("SELECT devices FROM total"),
              db.integer_or_throw("SELECT count(*) FROM identity WHERE module_id = ''"));
    EXPECT_EQ(db.integer_or_throw("SELECT enabled_devices FROM total"),
              db.integer_or_throw("SELECT count(*) FROM identity WHERE module_id = '' AND enabled = 1"));
    EXPECT_EQ(db.integer_or_throw("SELECT modules FROM total"),
              db.integer_or_throw("SELECT count(*) FROM identity WHERE module_id <> ''"));
  }

  std::string folder_;
  SqliteDeviceStore::Options options;
  Metrics metrics;
  InlineExecutor inline_executor;
};

TEST_F(SqliteStore, FileIsPrivateAndMarked) {
  std::ofstream(options.path).close();  // an empty file with the usual mode
  ASSERT_EQ(::chmod(options.path.c_str(), 0644), 0);
  const auto store = open();
  ASSERT_TRUE(apply(*store, {create("d")}));
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat s {};
    ASSERT_EQ(::stat((options.path + suffix).c_str(), &s), 0) << suffix;
    EXPECT_EQ(s.st_mode & 0777, 0600U) << suffix;
  }
  Database db(options.path);
  EXPECT_EQ(db.integer_or_throw("PRAGMA application_id"), kStateApplicationId);
  EXPECT_EQ(db.integer_or_throw("PRAGMA user_version"), kStateVersion);
  EXPECT_EQ(db.integer_or_throw("PRAGMA page_size"), 8192);
}

TEST_F(SqliteStore, RefusesANewerVersion) {
  open().reset();
  const std::string newer = std::to_string(kStateVersion + 1);
  run_sql("PRAGMA user_version = " + newer);
  EXPECT_EQ(refusal(), "state database " + options.path + ": version " + newer +
                           " was written by a newer Nave; this one reads up to version " +
                           std::to_string(kStateVersion));
}

// Version 1 had no twins, version 2 no messages, version 3 no imports.
TEST_F(SqliteStore, AnOlderFileIsBroughtUpToDate) {
  for (const auto* downgrade :
       {"DROP TABLE transfer; DROP TABLE command; DROP TABLE feedback; DROP TABLE twin; PRAGMA user_version = 1",
        "DROP TABLE transfer; DROP TABLE command; DROP TABLE feedback; PRAGMA user_version = 2",
        "DROP TABLE transfer; PRAGMA user_version = 3"}) {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(options.path + suffix);
    ASSERT_TRUE(apply(*open(), {create("d")}));
    run_sql(downgrade);
    const auto store = open();
    EXPECT_TRUE(store->find({"d", ""}));
    ASSERT_TRUE(put_twin(*store, "d"));
    EXPECT_EQ(store->load_twin({"d", ""}).value()->revision, 1U);
    EXPECT_EQ(put_command(*store, "d", "body"), 1U);
    EXPECT_EQ(store->load_command_record({"d", ""}, 1).value(), "body");
    EXPECT_EQ(Database(options.path).integer_or_throw("PRAGMA user_version"), kStateVersion);
  }
}

// The head of a damaged message is not shown, its content not handed out; the others are.
TEST_F(SqliteStore, ADamagedMessageIsNotServed) {
  auto store = open();
  ASSERT_TRUE(apply(*store, {create("d")}));
  for (const auto* body : {"head", "content", "whole"}) (void)put_command(*store, "d", body);
  store.reset();
  run_sql("UPDATE command SET expires = expires + 1 WHERE sequence = 1");
  run_sql("UPDATE command SET record = 'kontent' WHERE sequence = 2");
  store = open();
  const auto heads = store->load_commands({"d", ""}).value();
  ASSERT_EQ(heads.size(), 2U);
  EXPECT_EQ(heads.front().sequence, 2U);
  EXPECT_EQ(store->load_command_record({"d", ""}, 2).error(), StoreError::kDamaged);
  EXPECT_EQ(store->load_command_record({"d", ""}, 3).value(), "whole");
}

TEST_F(SqliteStore, ADamagedFeedbackRecordIsNotServed) {
  auto store = open();
  ASSERT_TRUE(apply(*store, {create("d")}));
  for (uint64_t sequence = 1; sequence <= 2; ++sequence) {
    (void)put_command(*store, "d", "body");
    hub::Feedback feedback;
    feedback.expires = from_unix_ms(1'000'000);
    store->remove_commands({"d", ""}, {{sequence, feedback}}, inline_executor, [](Outcome o) { EXPECT_TRUE(o); });
  }
  store.reset();
  run_sql("UPDATE feedback SET status = 3 WHERE sequence = 1");
  const auto left = open()->load_feedback(0, kNever, 10);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left.front().sequence, 2U);
}

// A twin that is damaged is not taken for one that was never written: that would begin its versions again.
TEST_F(SqliteStore, ADamagedTwinIsNeitherServedNorOverwritten) {
  const auto store = open();
  ASSERT_TRUE(apply(*store, {create("a"), create("b")}));
  ASSERT_TRUE(put_twin(*store, "a"));
  ASSERT_TRUE(put_twin(*store, "b"));
  run_sql("UPDATE twin SET reported = '{\"x\":1}' WHERE device_id = 'a'");
  const auto damaged = store->load_twin({"a", ""});
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error(), StoreError::kDamaged);
  EXPECT_TRUE(store->load_twin({"b", ""}).value());
  EXPECT_FALSE(put_twin(*store, "a"));
  ASSERT_TRUE(apply(*store, {erase("a"), create("a")})) << "a way out";
  EXPECT_EQ(store->load_twin({"a", ""}).value(), std::nullopt);
}

TEST_F(SqliteStore, RefusesAnotherProgramsDatabase) {
  std::ofstream(options.path).close();
  run_sql("CREATE TABLE t (a)");
  EXPECT_EQ(refusal(), "state database " + options.path + ": the file belongs to another program");
}

TEST_F(SqliteStore, RefusesWhatIsNoDatabase) {
  std::ofstream(options.path) << std::string(20'000, 'x');
  EXPECT_EQ(refusal(), "state database " + options.path + ": file is not a database");
}

TEST_F(SqliteStore, RefusesADamagedSchema) {
  open().reset();
  std::fstream file(options.path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(100);  // the header of the first page's b-tree
  file << std::string(64, '\xff');
  file.close();
  EXPECT_EQ(refusal(), "state database " + options.path + ": database disk image is malformed");
}

TEST_F(SqliteStore, RefusesAFolderThatIsNotThere) {
  options.path = folder_ + "/missing/state.db";
  EXPECT_EQ(refusal(), "state database " + options.path + ": cannot open: No such file or directory");
}

TEST_F(SqliteStore, ADamagedRowIsNotServedAndTheRestIs) {
  {
    const auto store = open();
    ASSERT_TRUE(apply(*store, {create("a"), create("b"), create("b", "m"), create("c")}));
    std::promise<void> done;
    store->save_setting("hostName", "h", inline_executor, [](Outcome) {});
    store->save_policies({{"p", auth::Rights(1), "k", "k"}, {"q", auth::Rights(1), "k", "k"}}, inline_executor,
                         [](Outcome) {});
    store->save_mqtt_session({"a", ""}, hub::MqttSession{1, 1}, inline_executor, [&](Outcome) { done.set_value(); });
    done.get_future().wait();
  }
  run_sql(
      "UPDATE identity SET primary_key = 'forged' WHERE device_id = 'b' AND module_id = '';"
      "UPDATE setting SET value = 'i'; UPDATE policy SET rights = 15 WHERE name = 'p';"
      "UPDATE mqtt_session SET filters = 3");
  const auto store = open();
  EXPECT_EQ(store->find({"b", ""}), std::nullopt);
  EXPECT_TRUE(store->find({"b", "m"}));
  EXPECT_EQ(store->list_devices(10).size(), 2U);
  EXPECT_EQ(store->load_setting("hostName"), std::nullopt);
  ASSERT_EQ(store->load_policies().size(), 1U);
  EXPECT_EQ(store->load_policies()[0].name, "q");
  EXPECT_EQ(store->load_mqtt_session({"a", ""}), std::nullopt);
}

TEST_F(SqliteStore, ActivityIsWrittenByItself) {
  options.activity_flush_ms = 1;
  const auto store = open();
  ASSERT_TRUE(apply(*store, {create("d")}));
  store->note_activity({"d", ""}, from_unix_ms(5), from_unix_ms(7));
  Database db(options.path);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (db.integer_or_throw("SELECT last_activity FROM identity") != 70'000 &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(db.integer_or_throw("SELECT last_activity FROM identity"), 70'000);
  EXPECT_EQ(db.integer_or_throw("SELECT connection_state_updated FROM identity"), 50'000);
}

TEST_F(SqliteStore, CountsWhatItCommits) {
  const auto store = open();
  ASSERT_TRUE(apply(*store, {create("d")}));
  ASSERT_FALSE(apply(*store, {create("d")}));
  EXPECT_EQ(metrics.counter("nave_state_commit_writes", "").value(), 1U);
  EXPECT_EQ(metrics.histogram("nave_state_commit_seconds", "").count(), 2U);
  EXPECT_EQ(metrics.gauge("nave_state_queue_depth", "").value(), 0);
}

// A writer that holds the file keeps the commit thread waiting, so the queue can be filled to its edge.
TEST_F(SqliteStore, TheQueueIsBounded) {
  const auto store = open();
  std::atomic<size_t> refused = 0;
  std::atomic<size_t> accepted = 0;
  const auto submit = [&](size_t writes, const std::string& prefix) {
    std::vector<IdentityWrite> change;
    for (size_t i = 0; i < writes; ++i) change.push_back(create(prefix + std::to_string(i)));
    store->apply(std::move(change), inline_executor, [&](Outcome o) { ++(o ? accepted : refused); });
  };
  const auto wait_until_taken = [&] {
    while (metrics.gauge("nave_state_queue_depth", "").value() != 0) std::this_thread::yield();
  };
  {
    Database other(options.path);
    other.execute_or_throw("BEGIN IMMEDIATE");
    submit(1, "first");  // the commit thread takes this one and waits for the other
    wait_until_taken();
    submit(limits::kStateQueueWritesMax - 1, "many");
    submit(1, "edge");
    EXPECT_EQ(refused, 0U);
    submit(1, "beyond");
    EXPECT_EQ(refused, 1U);
    other.execute_or_throw("ROLLBACK");
  }
  wait_until_taken();
  ASSERT_TRUE(apply(*store, {create("after")}));
  EXPECT_EQ(accepted, 3U);
  EXPECT_EQ(store->counts().devices, limits::kStateQueueWritesMax + 2);
  EXPECT_EQ(store->find({"beyond0", ""}), std::nullopt);
}

// ---------------------------------------------------------------------------------------------------------------------
// Processes that end badly. The child only uses the store and raw system calls, and leaves with _exit or a signal.

// Writes until it is killed, and reports each acknowledged change as one number on `pipe`.
[[noreturn]] void child_writes(const SqliteDeviceStore::Options& options, int pipe) {
  class PipeExecutor final : public Executor {
   public:
    void post(UniqueFunction<void()> f) override { f(); }
  } executor;
  Metrics metrics;
  SqliteDeviceStore store(options, metrics);
  std::atomic<int> in_flight = 0;
  for (int32_t i = static_cast<int32_t>(store.counts().devices);; ++i) {
    while (in_flight >= 20) std::this_thread::yield();
    ++in_flight;
    const std::string id = "d" + std::to_string(i);
    store.apply({create(id), create(id, "m")}, executor, [&in_flight, pipe, i](Outcome o) {
      --in_flight;
      if (!o || ::write(pipe, &i, sizeof i) != sizeof i) ::_exit(1);
    });
  }
}

TEST_F(SqliteStore, NothingAcknowledgedIsLostByKill9) {
  std::mt19937 random(20'260'815);
  std::uniform_int_distribution<int> kill_after(1, 400);
  int32_t last = -1;
  for (int round = 0; round < 20; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      child_writes(options, ends[1]);
    }
    ::close(ends[1]);
    // Killed at a moment that the child's own progress and the scheduler choose, then everything it said is read.
    int32_t acknowledged = 0;
    for (int left = kill_after(random); ::read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged;) {
      last = std::max(last, acknowledged);
      if (--left == 0) ::kill(child, SIGKILL);
    }
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child failed by itself in round " << round;

    const auto store = open();
    const auto counts = store->counts();
    EXPECT_EQ(counts.devices, counts.modules) << "no half change";
    ASSERT_GT(counts.devices, static_cast<uint64_t>(last)) << "round " << round;
    for (int32_t i = 0; i <= last; i += std::max(1, last / 50)) {
      ASSERT_TRUE(store->find({"d" + std::to_string(i), "m"})) << i;
    }
    ASSERT_TRUE(store->find({"d" + std::to_string(last), "m"}));
    expect_totals_true();
  }
  EXPECT_GE(last, 20);
}

// In a child, because the limit holds for the whole process: files may not grow any more.
[[noreturn]] void child_fills_disk(const SqliteDeviceStore::Options& options) {
  class Inline final : public Executor {
   public:
    void post(UniqueFunction<void()> f) override { f(); }
  } executor;
  std::signal(SIGXFSZ, SIG_IGN);
  Metrics metrics;
  SqliteDeviceStore store(options, metrics);
  const auto apply = [&](std::vector<IdentityWrite> writes) {
    std::promise<Outcome> done;
    store.apply(std::move(writes), executor, [&](Outcome o) { done.set_value(o); });
    return done.get_future().get();
  };
  if (!apply({create("before")})) ::_exit(2);
  const rlimit limit{64 * 1024, 64 * 1024};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  bool refused = false;
  for (int i = 0; i < 1000 && !refused; ++i) {
    const Outcome o = apply({create("d" + std::to_string(i))});
    refused = !o && o.error() == StoreError::kUnavailable;
    if (!o && !refused) ::_exit(3);
    if (refused && store.find({"d" + std::to_string(i), ""})) ::_exit(4);
    if (!refused && !store.find({"d" + std::to_string(i), ""})) ::_exit(5);
  }
  if (!refused) ::_exit(6);
  if (!store.find({"before", ""})) ::_exit(7);
  if (store.counts().devices != store.list_devices(1000).size()) ::_exit(8);
  ::_exit(0);
}

TEST_F(SqliteStore, AWriteThatTheDiskRefusesIsReportedAndNotKept) {
  open().reset();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) child_fills_disk(options);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0) << "which check failed in child_fills_disk()";
  const auto store = open();
  EXPECT_TRUE(store->find({"before", ""}));
  EXPECT_TRUE(apply(*store, {create("again")}));
  EXPECT_TRUE(apply(*store, {erase("before")}));
  expect_totals_true();
}

}  // namespace
}  // namespace nave::store::embedded
