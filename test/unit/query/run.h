// A query over JSON documents in one call.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/parse.h"
#include "json/write.h"
#include "query/evaluate.h"
#include "query/json_document.h"
#include "query/parser.h"
#include "query/rows.h"

namespace nave::query::test {

// Rows as JSON text; of `*` the documents themselves.
inline std::vector<std::string> run(const Statement& statement, const json::Array& documents) {
  std::vector<std::string> out;
  Groups groups(statement);
  for (const json::Value& d : documents) {
    const JsonDocument document(d);
    if (!matches(statement, document)) continue;
    if (statement.is_grouped()) {
      groups.add(document);
      continue;
    }
    out.emplace_back();
    if (statement.selects_all()) {
      json::write(d, out.back());
    } else {
      project(statement, document, out.back());
    }
  }
  for (size_t i = 0; statement.is_grouped() && i < groups.size(); ++i) groups.write_row(i, out.emplace_back());
  if (statement.top && *statement.top < out.size()) out.resize(*statement.top);
  return out;
}

inline std::string joined(const std::vector<std::string>& rows) {
  std::string out;
  for (const std::string& row : rows) out += (out.empty() ? "" : " ") + row;
  return out;
}

// "error: …", or the rows with spaces between them. `documents` is a JSON array.
inline std::string run(std::string_view query, std::string_view documents) {
  const auto statement = parse(query);
  if (!statement) return "error: " + describe(statement.error(), query);
  const auto tree = json::parse(documents);
  return joined(run(*statement, *tree->if_array()));
}

// What the condition is worth for one document: "true", "false" or "undefined", or the type of another value.
inline std::string worth(std::string_view condition, std::string_view document) {
  const std::string query = "SELECT * FROM devices WHERE " + std::string(condition);
  const auto statement = parse(query);
  if (!statement) return "error: " + describe(statement.error(), query);
  const auto tree = json::parse(document);
  const Value v = evaluate(*statement->where, JsonDocument(*tree));
  constexpr const char* kNames[] = {"undefined", "null", "bool", "number", "string", "array", "object"};
  if (v.type == Type::kBool) return v.boolean ? "true" : "false";
  return kNames[static_cast<size_t>(v.type)];
}

}  // namespace nave::query::test
