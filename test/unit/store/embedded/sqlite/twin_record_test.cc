#include "store/embedded/sqlite/twin_record.h"

#include <gtest/gtest.h>

#include <optional>

namespace nave::store::embedded {
namespace {

using hub::Twin;

Twin some_twin() {
  return {3,
          4,
          "dtmi:x;1",
          R"({"a":1.0})",
          {R"({"b":2})", R"({"m":0})", 7},
          {R"({"c":"ü"})", R"({"n":0})", 9},
          R"({"c":{}})"};
}

std::optional<Twin> read(const IdentityKey& key, std::string_view record) {
  const auto text = read_twin_record(key.device, key.module, record);
  return text ? std::optional(text->to_twin()) : std::nullopt;
}

TEST(TwinRecord, ReadsWhatWasWritten) {
  EXPECT_EQ(read({"d", ""}, write_twin_record({"d", ""}, some_twin())), some_twin());
  EXPECT_EQ(read({"d", "m"}, write_twin_record({"d", "m"}, Twin())), Twin());
}

TEST(TwinRecord, BelongsToOneKey) {
  const std::string record = write_twin_record({"d", "m"}, some_twin());
  EXPECT_FALSE(read({"d", ""}, record));
  EXPECT_FALSE(read({"dm", ""}, record)) << "the same bytes, divided elsewhere";
  EXPECT_FALSE(read({"e", "m"}, record));
}

TEST(TwinRecord, EveryByteCounts) {
  const std::string record = write_twin_record({"d", ""}, some_twin());
  for (size_t i = 0; i < record.size(); ++i) {
    std::string damaged = record;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(read({"d", ""}, damaged)) << i;
    EXPECT_FALSE(read({"d", ""}, std::string_view(record).substr(0, i))) << i;
  }
  EXPECT_FALSE(read({"d", ""}, record + "x"));
}

}  // namespace
}  // namespace nave::store::embedded
