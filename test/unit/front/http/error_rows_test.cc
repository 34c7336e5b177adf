// Every row of the table of errors as an HTTPS answer: status, headers, both bodies.
#include <gtest/gtest.h>

#include <set>

#include "front/http/reply.h"
#include "support/error_rows.h"
#include "support/fake_shard.h"

namespace nave::test {
namespace {

net::HttpResponse answered(const Clock& clock, const std::function<void(front::http::Reply&)>& answer) {
  net::HttpResponse out;
  front::http::Reply reply([&out](net::HttpResponse r) { out = std::move(r); }, clock);
  answer(reply);
  return out;
}

json::Object headers_of(const net::HttpResponse& response) {
  json::Object out;
  for (const auto& [name, value] : response.headers) out.append(name, with_placeholders(value));
  return out;
}

TEST(ErrorRows, OverHttps) {
  FakeShard shard;
  auto rows = read_error_rows(NAVE_SOURCE_DIR);
  for (const hub::ErrorCode code : every_error_code()) {
    const std::string name(hub::row(code).name);
    ASSERT_TRUE(rows.contains(name)) << name << ": run script/error-pages";
    const json::Object& row = rows.at(name);
    const auto plain = answered(shard.clock, [code](auto& reply) { reply.error(code); });
    const auto nested = answered(shard.clock, [code](auto& reply) { reply.nested_error(code); });
    EXPECT_EQ(with_placeholders(plain.body), text_at(row, "body")) << name;
    EXPECT_EQ(with_placeholders(nested.body), text_at(row, "nested")) << name;
    for (const auto* response : {&plain, &nested}) {
      EXPECT_EQ(response->status, row.find("status")->to_int64()) << name;
      EXPECT_EQ(headers_of(*response), *row.find("headers")->if_object()) << name;
      EXPECT_EQ(response->close, *row.find("closes")->if_bool()) << name;
    }
  }
  EXPECT_EQ(rows.size(), every_error_code().size());
}

}  // namespace
}  // namespace nave::test
