// Indexes that operators declare: the same rows as without, whatever was written before and after they were made.
#include "store/embedded/sqlite/twin_index.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <optional>
#include <string>

#include "store/embedded/sqlite/device_store.h"

namespace nave::store::embedded {
namespace {

using hub::IdentityWrite;
using hub::IndexedPath;
using hub::TwinScan;
using Kind = TwinScan::Kind;

const IndexedPath kBuilding = {"tags", "location", "building"};
const IndexedPath kBattery = {"properties", "reported", "battery"};
const IndexedPath kQuoted = {"tags", "it's"};

class InlineExecutor final : public Executor {
 public:
  void post(UniqueFunction<void()> f) override { f(); }
};

class TwinIndexTest : public ::testing::Test {
 protected:
  TwinIndexTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "nave-index-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) std::abort();
    folder_ = folder;
    open({});
  }
  ~TwinIndexTest() override {
    store.reset();
    std::filesystem::remove_all(folder_);
  }
  void open(const std::vector<IndexedPath>& indexes) {
    store.reset();
    SqliteDeviceStore::Options options;
    options.path = folder_ + "/state.db";
    options.indexes = indexes;
    store = std::make_unique<SqliteDeviceStore>(options, metrics);
  }
  void create(const IdentityKey& key) {
    IdentityWrite write{IdentityWrite::Kind::kPut, IdentityWrite::Expect::kAbsent, 0, {}};
    write.identity.key = key;
    write.identity.generation_id = "1";
    apply(std::move(write));
  }
  void erase(const IdentityKey& key) {
    IdentityWrite write{IdentityWrite::Kind::kErase, IdentityWrite::Expect::kPresent, 0, {}};
    write.identity.key = key;
    apply(std::move(write));
  }
  void put(const IdentityKey& key, const std::string& tags, const std::string& reported = "{}") {
    hub::Twin twin = store->load_twin(key).value().value_or(hub::Twin());
    twin.tags = tags;
    twin.reported.values = reported;
    std::promise<bool> done;
    store->put_twin({key, "1", twin}, executor, [&](auto outcome) { done.set_value(outcome.has_value()); });
    ASSERT_TRUE(done.get_future().get());
  }
  std::string found(size_t index, std::variant<double, std::string> value, Kind kind = Kind::kDevices,
                    const IdentityKey& after = {}) {
    std::string out;
    const auto done =
        store->scan({kind, after, true, TwinScan::Range::Match{index, std::move(value)}}, [&](hub::ScannedRow& row) {
          EXPECT_NE(row.twin(), nullptr);
          EXPECT_NE(row.identity(), nullptr);
          out += row.key().text() + " ";
          return true;
        });
    EXPECT_TRUE(done.value());
    return out;
  }

  std::unique_ptr<SqliteDeviceStore> store;
  Metrics metrics;
  InlineExecutor executor;

 private:
  void apply(IdentityWrite write) {
    std::promise<bool> done;
    store->apply({std::move(write)}, executor, [&](auto outcome) { done.set_value(outcome.has_value()); });
    ASSERT_TRUE(done.get_future().get());
  }
  std::string folder_;
};

TEST_F(TwinIndexTest, FindsWhatWasThereAndWhatComesAfter) {
  for (const char* id : {"b", "a", "c", "d"}) create({id, ""});
  put({"b", ""}, R"({"location":{"building":"43"}})");
  open({kBuilding});
  put({"a", ""}, R"({"location":{"building":"43"}})");
  put({"c", ""}, R"({"location":{"building":"44"}})");
  EXPECT_EQ(found(0, "43"), "a b ");
  EXPECT_EQ(found(0, "43", Kind::kDevices, {"a", ""}), "b ");
  put({"b", ""}, R"({"location":{"building":"44"}})");
  erase({"c", ""});
  EXPECT_EQ(found(0, "43"), "a ");
  EXPECT_EQ(found(0, "44"), "b ");
  EXPECT_EQ(found(0, "45"), "");
}

TEST_F(TwinIndexTest, DevicesAndModulesApart) {
  open({kBuilding});
  create({"a", ""});
  create({"a", "m"});
  create({"a", "n"});
  for (const IdentityKey& key : {IdentityKey{"a", ""}, {"a", "m"}, {"a", "n"}}) {
    put(key, R"({"location":{"building":"1"}})");
  }
  EXPECT_EQ(found(0, "1"), "a ");
  EXPECT_EQ(found(0, "1", Kind::kModules), "a/m a/n ");
  EXPECT_EQ(found(0, "1", Kind::kModules, {"a", "m"}), "a/n ");
}

TEST_F(TwinIndexTest, ValuesAreWhatTheyAreInQueries) {
  open({kBattery, kQuoted});
  for (const char* id : {"a", "b", "c", "d", "e"}) create({id, ""});
  put({"a", ""}, R"({"it's":"q\u0022"})", R"({"battery":15})");
  put({"b", ""}, "{}", R"({"battery":1.5e1})");
  put({"c", ""}, "{}", R"({"battery":"15"})");
  put({"d", ""}, "{}", R"({"battery":true})");
  EXPECT_EQ(found(0, 15.0), "a b ");
  EXPECT_EQ(found(0, "15"), "c ");
  EXPECT_EQ(found(0, 1.0), "") << "true is no number";
  EXPECT_EQ(found(1, "q\""), "a ");
}

TEST_F(TwinIndexTest, WhatIsNoLongerDeclaredIsDropped) {
  create({"a", ""});
  open({kBuilding, kBattery});
  put({"a", ""}, R"({"location":{"building":"1"}})", R"({"battery":2})");
  open({kBattery});
  EXPECT_EQ(found(0, 2.0), "a ");
  open({});
  put({"a", ""}, "{}");
  open({kBuilding});
  EXPECT_EQ(found(0, "1"), "");
}

TEST(IndexedPath, IsAValueInsideATwin) {
  EXPECT_EQ(hub::parse_indexed_path("tags.location.building"), kBuilding);
  EXPECT_EQ(hub::parse_indexed_path("devices.properties.Reported.battery"), kBattery);
  EXPECT_EQ(hub::parse_indexed_path("tags.[[it's]]"), kQuoted);
  EXPECT_EQ(hub::text_of(kQuoted), "tags.[[it's]]");
  EXPECT_EQ(hub::text_of(kBuilding), "tags.location.building");
  for (const char* none : {"", "tags", "properties.reported", "properties.reported.$version", "status", "tags.a[0]",
                           "tags.a, tags.b", "COUNT()", "tags.a FROM devices WHERE"}) {
    EXPECT_EQ(hub::parse_indexed_path(none), std::nullopt) << none;
  }
}

}  // namespace
}  // namespace nave::store::embedded
