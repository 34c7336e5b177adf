// Every row of the table of errors as MQTT tells it: the code of a refused connect, the body of a twin answer.
#include <gtest/gtest.h>

#include "front/mqtt/admission.h"
#include "hub/error_text.h"
#include "support/error_rows.h"

namespace nave::test {
namespace {

TEST(ErrorRows, OverMqtt) {
  const auto rows = read_error_rows(NAVE_SOURCE_DIR);
  for (const hub::ErrorCode code : every_error_code()) {
    const std::string name(hub::row(code).name);
    ASSERT_TRUE(rows.contains(name)) << name << ": run script/error-pages";
    const json::Object& row = rows.at(name);
    EXPECT_EQ(static_cast<int64_t>(front::mqtt::connect_code(code)), row.find("connack")->to_int64()) << name;
    const std::string text = hub::device_error_text(code, from_unix_ms(1'786'784'856'000));
    EXPECT_EQ(with_placeholders(text), text_at(row, "device")) << name;
  }
}

}  // namespace
}  // namespace nave::test
