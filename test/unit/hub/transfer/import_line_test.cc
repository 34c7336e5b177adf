#include "hub/transfer/import_line.h"

#include <gtest/gtest.h>

#include "hub/transfer/job.h"
#include "hub/transfer/limits.h"
#include "hub/transfer/own_container.h"
#include "json/parse.h"

namespace nave::hub {
namespace {

std::vector<std::string> cut(const std::string& text, size_t step) {
  LineCutter lines;
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size(); at += step) {
    lines.add(std::string_view(text).substr(at, step));
    while (const auto line = lines.next(at + step >= text.size())) out.emplace_back(*line);
  }
  EXPECT_EQ(lines.taken(), text.size());
  return out;
}

TEST(LineCutter, AnySplitGivesTheSameLines) {
  const std::string text = "one\n\ntwo\r\nthree";
  const std::vector<std::string> lines = {"one", "", "two\r", "three"};
  for (size_t step = 1; step <= text.size(); ++step) EXPECT_EQ(cut(text, step), lines) << step;
  EXPECT_EQ(cut("one\n", 2), std::vector<std::string>{"one"});
}

TEST(LineCutter, ALineThatIsTooLongIsOneLine) {
  const std::string fits(kTransferLineBytesMax, 'x');
  EXPECT_EQ(cut(fits + "\nnext\n", 70'000), (std::vector<std::string>{fits, "next"}));
  const auto lines = cut(std::string(3 * kTransferLineBytesMax, 'x') + "\nnext\n", 70'000);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_GT(lines[0].size(), kTransferLineBytesMax);
  EXPECT_EQ(lines[1], "next");
  EXPECT_EQ(cut(std::string(3 * kTransferLineBytesMax, 'x'), 70'000).size(), 1U) << "also without an end";
}

TEST(ImportLine, WhatIsNoItem) {
  EXPECT_TRUE(is_no_item(""));
  EXPECT_TRUE(is_no_item(" \r"));
  EXPECT_TRUE(is_no_item(kKeysExcludedLine));
  EXPECT_FALSE(is_no_item("{}"));
  EXPECT_FALSE(is_no_item("x"));
}

TEST(ImportLine, AnItem) {
  const auto item = read_import_line("\xEF\xBB\xBF{\"id\":\"d\",\"importMode\":\"delete\",\"status\":\"enabled\"}\r");
  ASSERT_TRUE(item);
  EXPECT_EQ(item->key.device, "d");
  EXPECT_EQ(item->mode, ImportMode::kDelete);
}

TEST(ImportLine, ErrorsAreLinesOfTheLog) {
  for (const std::string& line : {std::string("no JSON"), std::string("[]"), std::string("{}"), std::string("\xff"),
                                  std::string(kTransferLineBytesMax + 1, 'x'), std::string(2000, '\xc3')}) {
    const auto item = read_import_line(line);
    ASSERT_FALSE(item);
    EXPECT_TRUE(item.error().ends_with("\n"));
    const auto parsed = json::parse(item.error());
    ASSERT_TRUE(parsed) << item.error();
    EXPECT_EQ(parsed->if_object()->find("errorCode")->to_int64(), 400012);
    EXPECT_LT(item.error().size(), 2 * kTransferLoggedLineBytesMax);
  }
  const auto no_status = read_import_line(R"({"id":"d","importMode":"delete"})");
  ASSERT_FALSE(no_status);
  EXPECT_EQ(no_status.error(), "{\"deviceId\":\"d\",\"errorCode\":400005,\"errorStatus\":\"status is missing\"}\n");
}

TEST(TransferJob, SurvivesTheStore) {
  const auto body = json::parse(R"({"type":"import","inputBlobContainerUri":"https://h/c?sig=1",
    "outputBlobContainerUri":"https://h/d?sig=2","storageAuthenticationType":"KeyBased"})");
  auto job = parse_transfer_job(*body->if_object());
  ASSERT_TRUE(job);
  EXPECT_EQ(job->input_blob, "devices.txt");
  EXPECT_EQ(job->output_blob, "importErrors.log");
  job->status = TransferStatus::kRunning;
  job->offset = 12345;
  job->log_pending = "line\n";
  job->log_bytes = 7;
  job->started = from_unix_ms(1'786'784'856'000);
  const auto back = read_transfer_job(write_transfer_job(*job));
  ASSERT_TRUE(back);
  EXPECT_EQ(write_transfer_job(*back), write_transfer_job(*job));
  EXPECT_EQ(back->offset, 12345U);
  EXPECT_EQ(transfer_job_document(*back).find("inputBlobContainerUri"), nullptr);
}

TEST(ContainerUri, HttpsOnlyAndNothingThatBreaksARequest) {
  const auto uri = parse_container_uri("https://Host.example:444/acct/box/?sv=1&sig=a%2B");
  ASSERT_TRUE(uri);
  EXPECT_EQ(uri->host, "host.example");
  EXPECT_EQ(uri->port, 444);
  EXPECT_EQ(uri->path, "/acct/box");
  EXPECT_EQ(uri->query, "sv=1&sig=a%2B");
  for (const char* bad : {"", "http://h/c", "https://h", "https:///c", "https://h:0/c", "https://h:99999/c",
                          "https://u@h/c", "https://h/c d", "https://h/c\r\nX: y", "ftp://h/c", "https://h/"}) {
    EXPECT_FALSE(parse_container_uri(bad)) << bad;
  }
}

}  // namespace
}  // namespace nave::hub
