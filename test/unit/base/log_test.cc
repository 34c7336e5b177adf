#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace nave::log {
namespace {

using namespace std::string_view_literals;
using ::testing::HasSubstr;
using ::testing::Not;

// The log belongs to the process: it goes to a file for the length of each test.
class LogTest : public ::testing::Test {
 protected:
  LogTest() {
    char folder[] = "/tmp/nave-log-XXXXXX";
    EXPECT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    set_file(folder_ + "/log");
  }
  ~LogTest() override {
    set_file("/dev/null");
    set_level(Level::kInfo);
    std::filesystem::remove_all(folder_);
  }
  // Warnings and errors are flushed as they are written.
  [[nodiscard]] std::string text() const {
    std::ifstream file(folder_ + "/log");
    std::stringstream out;
    out << file.rdbuf();
    return out.str();
  }

 private:
  std::string folder_;
};

TEST_F(LogTest, OneLineWithCategoryAndFields) {
  write(Level::kWarning, Category::kDeviceTelemetry, "message refused",
        {{"deviceId", "dev-1"}, {"bytes", 262145}, {"limit", uint64_t{262144}}});
  EXPECT_THAT(text(), HasSubstr(" W DeviceTelemetry: message refused deviceId=\"dev-1\" bytes=\"262145\" "
                                "limit=\"262144\"\n"));
}

TEST_F(LogTest, APeerCannotForgeALine) {
  write(Level::kError, Category::kConnections, "refused",
        {{"deviceId", "a\"b\\c\n2026-01-01 E Server: forged\r\t\x00\x1b[31m\x7f\xc3\xa9"sv}});
  const std::string written = text();
  EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 1);
  EXPECT_THAT(
      written,
      HasSubstr("deviceId=\"a\\\"b\\\\c\\x0a2026-01-01 E Server: forged\\x0d\\x09\\x00\\x1b[31m\\x7f\\xc3\\xa9\""));
}

TEST_F(LogTest, LongValuesAreCut) {
  write(Level::kError, Category::kServer, "long",
        {{"at", std::string(256, 'a')}, {"past", std::string(257, 'b')}, {"far", std::string(100'000, 'c')}});
  EXPECT_THAT(text(), HasSubstr("at=\"" + std::string(256, 'a') + "\" past=\"" + std::string(256, 'b') +
                                "...\" far=\"" + std::string(256, 'c') + "...\"\n"));
}

TEST_F(LogTest, LevelsBelowAreSilent) {
  set_level(Level::kError);
  write(Level::kWarning, Category::kServer, "quiet");
  write_limited(Level::kWarning, Category::kServer, "test-level", "quiet");
  write(Level::kError, Category::kServer, "loud");
  EXPECT_THAT(text(), Not(HasSubstr("quiet")));
  EXPECT_THAT(text(), HasSubstr("loud"));
}

TEST_F(LogTest, OneLineASecondForEachSite) {
  for (int i = 0; i < 1000; ++i) write_limited(Level::kWarning, Category::kServer, "test-site-a", "first");
  write_limited(Level::kWarning, Category::kServer, "test-site-b", "second");
  const std::string written = text();
  // A second may pass in the middle on a slow machine; never one line per call.
  EXPECT_LE(std::count(written.begin(), written.end(), '\n'), 20);
  EXPECT_THAT(written, HasSubstr("first"));
  EXPECT_THAT(written, HasSubstr("second"));
}

}  // namespace
}  // namespace nave::log
