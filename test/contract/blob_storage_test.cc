// Blobs over the files of either store.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/clock.h"
#include "hub/blob/storage.h"
#include "store/embedded/blob/blob_files.h"
#include "store/memory/blob_files.h"

namespace nave::hub::contract {
namespace {

using store::embedded::Durability;

class BlobStorageContract : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "nave-blobs-XXXXXX";
    folder = mkdtemp(name.data());
    reopen();
    ASSERT_TRUE(storage->create_container("box", {}));
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  [[nodiscard]] bool durable() const { return GetParam(); }
  // What a new process finds.
  void reopen() {
    storage.reset();
    // Those before are kept for what still refers to them.
    if (durable())
      opened.push_back(
          std::make_unique<store::embedded::FolderBlobFiles>(disk, folder + "/blobs", Durability::kDurable));
    if (opened.empty()) opened.push_back(std::make_unique<store::memory::MemoryBlobFiles>());
    files = opened.back().get();
    metrics.push_back(std::make_unique<Metrics>());
    storage = std::make_unique<BlobStorage>(*files, clock, *metrics.back(), 1 << 20);
    ASSERT_TRUE(storage->load());
  }
  std::shared_ptr<BlobUpload> content(const std::string& bytes) {
    auto out = storage->begin();
    EXPECT_TRUE(out->write(bytes));
    EXPECT_TRUE(out->finish());
    return out;
  }
  BlobResult<Blob> put(const std::string& name, const std::string& bytes, BlobConditions conditions = {}) {
    return storage->put({"box", name, {}, {}, std::move(conditions)}, content(bytes));
  }
  std::string read(const std::string& name) {
    const auto blob = storage->find("box", name);
    if (!blob) return std::string(row(blob.error()).name);
    const auto file = storage->open(*blob);
    std::string out(blob->size, '\0');
    EXPECT_EQ((*file)->read_at(0, out), out.size());
    return out;
  }
  [[nodiscard]] size_t file_count() { return files->list()->size(); }
  static std::vector<BlobBlockChoice> choices(const std::vector<std::string>& ids) {
    std::vector<BlobBlockChoice> out;
    for (const std::string& id : ids) out.push_back({id});
    return out;
  }

  ManualClock clock{from_unix_ms(1'786'784'856'000)};
  std::string folder;
  store::embedded::PosixFileSystem disk;
  std::vector<std::unique_ptr<BlobFiles>> opened;
  BlobFiles* files = nullptr;
  std::vector<std::unique_ptr<Metrics>> metrics;
  std::unique_ptr<BlobStorage> storage;
};

TEST_P(BlobStorageContract, ABlobIsThereAfterARestart) {
  const auto made = put("a", "hello");
  ASSERT_TRUE(made);
  reopen();
  const auto found = storage->find("box", "a");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->etag, made->etag);
  EXPECT_EQ(read("a"), "hello");
}

TEST_P(BlobStorageContract, AnewItReplacesTheOldOneAndItsFile) {
  ASSERT_TRUE(put("a", "one"));
  const size_t before = file_count();
  const auto second = put("a", "two!");
  EXPECT_EQ(read("a"), "two!");
  EXPECT_EQ(file_count(), before);
  reopen();
  EXPECT_EQ(read("a"), "two!");
  EXPECT_GT(put("a", "three")->etag, second->etag) << "also when the clock stands still";
}

TEST_P(BlobStorageContract, WhoReadsGoesOnReadingWhatWas) {
  ASSERT_TRUE(put("a", "one"));
  const auto file = storage->open(*storage->find("box", "a"));
  ASSERT_TRUE(storage->remove("box", "a", {}));
  std::string out(3, '\0');
  EXPECT_EQ((*file)->read_at(0, out), 3U);
  EXPECT_EQ(out, "one");
  EXPECT_EQ(read("a"), "BlobNotFound");
}

TEST_P(BlobStorageContract, UploadsAndBlocksThatACrashLeftAreRemoved) {
  ASSERT_TRUE(put("a", "one"));
  const size_t before = file_count();
  const auto left = content("half");
  ASSERT_TRUE(storage->stage("box", "b", "QQ==", content("block")));
  if (!durable()) return;
  EXPECT_EQ(file_count(), before + 2);
  const std::unique_ptr<BlobStorage> killed = std::move(storage);  // a process that is killed cleans nothing up
  reopen();
  EXPECT_EQ(file_count(), before);
  EXPECT_EQ(read("a"), "one");
  EXPECT_EQ(read("b"), "BlobNotFound");
}

TEST_P(BlobStorageContract, BlocksBecomeABlobInTheOrderOfTheList) {
  for (const auto& [id, bytes] : {std::pair("QQ==", "aa"), std::pair("Qg==", "bbb"), std::pair("Qw==", "c")}) {
    ASSERT_TRUE(storage->stage("box", "b", id, content(bytes)));
  }
  EXPECT_EQ(read("b"), "BlobNotFound");
  EXPECT_EQ(storage->commit({"box", "b", {}, {}, {}}, choices({"RA=="})).error(), BlobError::kInvalidBlockList);
  ASSERT_TRUE(storage->commit({"box", "b", {}, {}, {}}, choices({"Qw==", "QQ=="})));
  EXPECT_EQ(read("b"), "caa");
  EXPECT_TRUE(storage->blocks("box", "b")->uncommitted.empty());
  ASSERT_TRUE(storage->stage("box", "b", "RA==", content("dd")));
  ASSERT_TRUE(storage->commit({"box", "b", {}, {}, {}}, choices({"QQ==", "RA==", "QQ=="})));
  EXPECT_EQ(read("b"), "aaddaa");
  reopen();
  EXPECT_EQ(read("b"), "aaddaa");
  EXPECT_EQ(storage->blocks("box", "b")->committed.size(), 3U);
}

TEST_P(BlobStorageContract, OneBlockOrNone) {
  ASSERT_TRUE(storage->stage("box", "b", "QQ==", content("only")));
  ASSERT_TRUE(storage->commit({"box", "b", {}, {}, {}}, choices({"QQ=="})));
  EXPECT_EQ(read("b"), "only");
  ASSERT_TRUE(storage->commit({"box", "b", {}, {}, {}}, {}));
  EXPECT_EQ(read("b"), "");
}

TEST_P(BlobStorageContract, AppendBlobs) {
  ASSERT_TRUE(storage->create_append({"box", "log", {}, {}, {}}));
  ASSERT_TRUE(storage->append({"box", "log", {}, {}, {}}, "one"));
  ASSERT_TRUE(storage->append({"box", "log", {}, 3, 6}, "two"));
  EXPECT_EQ(storage->append({"box", "log", {}, 3, {}}, "x").error(), BlobError::kAppendPositionConditionNotMet);
  EXPECT_EQ(storage->append({"box", "log", {}, {}, 6}, "x").error(), BlobError::kAppendPositionConditionNotMet);
  reopen();
  EXPECT_EQ(read("log"), "onetwo");
  ASSERT_TRUE(put("plain", "x"));
  EXPECT_EQ(storage->append({"box", "plain", {}, {}, {}}, "x").error(), BlobError::kInvalidBlobType);
}

TEST_P(BlobStorageContract, Conditions) {
  BlobConditions only_new;
  only_new.if_none_match = "*";
  const auto first = put("a", "1", only_new);
  ASSERT_TRUE(first);
  EXPECT_EQ(put("a", "2", only_new).error(), BlobError::kBlobAlreadyExists);
  BlobConditions match;
  match.if_match = blob_etag_text(first->etag);
  ASSERT_TRUE(put("a", "2", match));
  EXPECT_EQ(put("a", "3", match).error(), BlobError::kConditionNotMet);
  EXPECT_EQ(storage->remove("box", "a", match).error(), BlobError::kConditionNotMet);
  EXPECT_EQ(put("none", "3", match).error(), BlobError::kConditionNotMet);
  EXPECT_EQ(read("a"), "2");
}

TEST_P(BlobStorageContract, TheBytesOfAllAreLimited) {
  const std::string half(512 * 1024, 'x');
  ASSERT_TRUE(put("a", half));
  ASSERT_TRUE(put("b", half));
  EXPECT_EQ(storage->begin()->write("y").error(), BlobError::kInsufficientStorage);
  ASSERT_TRUE(storage->remove("box", "a", {}));
  EXPECT_TRUE(put("c", half));
  reopen();
  EXPECT_EQ(storage->begin()->write("y").error(), BlobError::kInsufficientStorage);
}

TEST_P(BlobStorageContract, AContainerGoesWithItsBlobs) {
  ASSERT_TRUE(put("a", "one"));
  ASSERT_TRUE(storage->remove_container("box"));
  EXPECT_EQ(storage->find("box", "a").error(), BlobError::kContainerNotFound);
  EXPECT_EQ(file_count(), 0U);
  EXPECT_EQ(put("a", "one").error(), BlobError::kContainerNotFound);
  ASSERT_TRUE(storage->create_container("box", {}));
  reopen();
  EXPECT_EQ(read("a"), "BlobNotFound");
}

TEST_P(BlobStorageContract, ListsInPages) {
  for (const char* name : {"a/1", "a/2", "b", "c/d/3"}) ASSERT_TRUE(put(name, name));
  const auto names = [](const BlobList& list) {
    std::string out;
    for (const BlobListItem& item : list.items) out += item.name + (item.blob ? " " : "> ");
    return out + "| " + list.next;
  };
  EXPECT_EQ(names(*storage->list("box", "", "", "", 3)), "a/1 a/2 b | c/d/3");
  EXPECT_EQ(names(*storage->list("box", "", "", "c/d/3", 3)), "c/d/3 | ");
  EXPECT_EQ(names(*storage->list("box", "", "/", "", 9)), "a/> b c/> | ");
  EXPECT_EQ(names(*storage->list("box", "a/", "/", "", 9)), "a/1 a/2 | ");
}

TEST_P(BlobStorageContract, ADamagedHeadIsNotServed) {
  if (!durable()) return;
  ASSERT_TRUE(put("a", "one"));
  const std::string head = storage->find("box", "a")->head_file;
  std::string text = *files->load(head);
  text.back() = '?';
  ASSERT_TRUE(files->replace(head, text));
  reopen();
  EXPECT_EQ(read("a"), "BlobNotFound");
}

INSTANTIATE_TEST_SUITE_P(Files, BlobStorageContract, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "folder" : "memory"; });

}  // namespace
}  // namespace nave::hub::contract
