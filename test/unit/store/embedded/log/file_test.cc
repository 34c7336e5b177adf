// Files of the operating system behind the File port.
#include "store/embedded/file.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cerrno>
#include <filesystem>

namespace nave::test {
namespace {

class PosixFileTest : public testing::Test {
 protected:
  PosixFileTest() {
    char folder[] = "/tmp/nave-file-XXXXXX";
    folder_ = ::mkdtemp(folder);
  }
  ~PosixFileTest() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::string at(const std::string& name) const { return folder_ + "/" + name; }

  std::string folder_;
  store::embedded::PosixFileSystem files_;
};

TEST_F(PosixFileTest, WritesAndReadsAtPositions) {
  const auto file = files_.create(at("a")).value();
  ASSERT_TRUE(file->allocate(8192));
  EXPECT_EQ(file->size().value(), 8192u);
  ASSERT_TRUE(file->write_at(4000, "hello"));
  ASSERT_TRUE(file->sync_data());
  std::string bytes(10, '?');
  EXPECT_EQ(file->read_at(3998, bytes).value(), 10u);
  EXPECT_EQ(bytes, std::string("\0\0hello\0\0\0", 10));
  EXPECT_EQ(file->read_at(8190, bytes).value(), 2u);
  EXPECT_EQ(file->read_at(9000, bytes).value(), 0u);
}

TEST_F(PosixFileTest, WritesZerosOverEverythingWhateverTheSize) {
  for (const size_t size : {size_t{1}, size_t{4096}, size_t{256 * 1024}, size_t{600 * 1024 + 7}}) {
    const auto file = files_.create(at("zeros")).value();
    ASSERT_TRUE(file->write_at(0, std::string(size, 'x')));
    ASSERT_TRUE(file->write_zeros(size));
    EXPECT_EQ(file->size().value(), size);
    std::string bytes(size, '?');
    EXPECT_EQ(file->read_at(0, bytes).value(), size);
    EXPECT_EQ(bytes, std::string(size, '\0'));
  }
}

TEST_F(PosixFileTest, CreatesRenamesListsAndRemoves) {
  ASSERT_TRUE(files_.make_directory(at("d")));
  ASSERT_TRUE(files_.make_directory(at("d"))) << "it may be there";
  ASSERT_TRUE(files_.create(at("d/b")).value()->write_at(0, "1"));
  (void)files_.create(at("d/a")).value();
  ASSERT_TRUE(files_.rename(at("d/b"), at("d/c")));
  ASSERT_TRUE(files_.sync_directory(at("d")));
  EXPECT_EQ(files_.list(at("d")).value(), (std::vector<std::string>{"a", "c"}));
  ASSERT_TRUE(files_.remove(at("d/a")));
  EXPECT_EQ(files_.list(at("d")).value(), (std::vector<std::string>{"c"}));
  EXPECT_EQ(files_.open(at("d/c")).value()->size().value(), 1u);
  EXPECT_EQ(files_.create(at("d/c")).value()->size().value(), 0u) << "emptied";
}

TEST_F(PosixFileTest, ErrorsNameTheCallAndTheFile) {
  const auto missing = files_.open(at("nothing"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ENOENT);
  EXPECT_EQ(missing.error().text, "open " + at("nothing") + ": No such file or directory");
  EXPECT_FALSE(files_.rename(at("nothing"), at("x")));
  EXPECT_FALSE(files_.remove(at("nothing")));
  EXPECT_FALSE(files_.list(at("nothing")));
  EXPECT_FALSE(files_.sync_directory(at("nothing")));
  EXPECT_FALSE(files_.make_directory(at("nothing/deeper")));
}

}  // namespace
}  // namespace nave::test
