// Every row of the table of errors as AMQP tells it: condition, description, info.
#include <gtest/gtest.h>

#include "front/amqp/errors.h"
#include "support/error_rows.h"

namespace nave::test {
namespace {

TEST(ErrorRows, OverAmqp) {
  const auto rows = read_error_rows(NAVE_SOURCE_DIR);
  for (const hub::ErrorCode code : every_error_code()) {
    const std::string name(hub::row(code).name);
    ASSERT_TRUE(rows.contains(name)) << name << ": run script/error-pages";
    const json::Object& amqp = *rows.at(name).find("amqp")->if_object();
    const auto error = front::amqp::make_error(code, from_unix_ms(1'786'784'856'000));
    EXPECT_EQ(error.condition, text_at(amqp, "condition")) << name;
    EXPECT_EQ(with_placeholders(error.description.value_or("")), text_at(amqp, "description")) << name;
    const auto* const id = error.info.find("com.microsoft:tracking-id");
    ASSERT_NE(id, nullptr) << name;
    EXPECT_NE(error.description->find(*id->as_text()), std::string::npos) << "one id in both places";
    ASSERT_NE(error.info.find("com.microsoft:is-filtered"), nullptr) << name;
    EXPECT_EQ(error.info.find("com.microsoft:is-filtered")->as_bool(), true) << name;
  }
}

}  // namespace
}  // namespace nave::test
