// A query in the first line, or up to a NUL, and a document behind it: whatever they are, rows are JSON objects, and
// evaluation gives the same answer twice.
#include <algorithm>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "json/parse.h"
#include "json/write.h"
#include "query/evaluate.h"
#include "query/json_document.h"
#include "query/parser.h"
#include "query/rows.h"

namespace {

using namespace nave;

void check_row(const std::string& row) {
  const auto value = json::parse(row, {.bytes_max = size_t{16} << 20});
  NAVE_CHECK(value && value->if_object() != nullptr, "a row is a JSON object");
}

void check_rows(const query::Statement& statement, const query::Document& document) {
  std::string row;
  if (!statement.is_grouped()) {
    if (!statement.selects_all()) {
      query::project(statement, document, row);
      check_row(row);
    }
    return;
  }
  query::Groups groups(statement);
  groups.add(document);
  groups.add(document);
  NAVE_CHECK(groups.size() == 1, "a document is in one group");
  groups.write_row(0, row);
  check_row(row);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(input.find_first_of(std::string_view("\n\0", 2)), input.size());
  const std::string_view text = input.substr(0, end);
  // As the HTTP front reads it: only UTF-8 arrives.
  std::string quoted;
  json::write_string(text, quoted);
  if (!json::parse(quoted)) return 0;
  const auto statement = query::parse(text);
  if (!statement) {
    NAVE_CHECK(statement.error().offset <= text.size(), "the mistake is in the query");
    NAVE_CHECK(query::describe(statement.error(), text).size() < 300, "an error is short");
    return 0;
  }
  const auto tree = json::parse(input.substr(std::min(end + 1, input.size())));
  if (!tree) return 0;
  const query::JsonDocument document(*tree);
  NAVE_CHECK(query::matches(*statement, document) == query::matches(*statement, document), "the answer is one");
  check_rows(*statement, document);
  return 0;
}
