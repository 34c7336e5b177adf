#include "store/embedded/sqlite/twin_index.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "json/cursor.h"
#include "query/text_value.h"
#include "store/embedded/sqlite/twin_record.h"

namespace nave::store::embedded {
namespace {

constexpr std::string_view kPrefix = "twin_value_";
constexpr char kSeparator = '\x1f';  // no name has it: control characters are refused (reference/service-rest.md §11.4)

std::string_view text_of(sqlite3_value* value) {
  const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
  return bytes == nullptr ? std::string_view()
                          : std::string_view(bytes, static_cast<size_t>(sqlite3_value_bytes(value)));
}

// The section of the twin that a path begins in; empty if there is none.
std::string_view section_of(const hub::TwinText& twin, std::string_view& path) {
  const auto take = [&path] {
    const size_t end = path.find(kSeparator);
    const std::string_view name = path.substr(0, end);
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
    return name;
  };
  const std::string_view root = take();
  if (root == "tags") return twin.tags;
  if (root != "properties") return {};
  return take() == "desired" ? twin.desired.values : twin.reported.values;
}

// nave_twin_value(device_id, module_id, record, path). Of a damaged record NULL: it is not served either way.
void twin_value(sqlite3_context* context, int, sqlite3_value** arguments) {
  std::string_view path = text_of(arguments[3]);
  const auto twin = read_twin_record(text_of(arguments[0]), text_of(arguments[1]), text_of(arguments[2]));
  std::optional<std::string_view> at = twin ? std::optional(section_of(*twin, path)) : std::nullopt;
  while (at && !path.empty()) {
    const size_t end = path.find(kSeparator);
    at = json::find_member(*at, path.substr(0, end));
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
  }
  if (!at) return;  // NULL
  query::Texts texts;
  const query::Value value = query::value_of_text(*at, texts);
  if (value.type == query::Type::kNumber) {
    sqlite3_result_double(context, value.number);
  } else if (value.type == query::Type::kString) {
    sqlite3_result_text64(context, value.text.data(), value.text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  }
}

// As part of SQL text.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
  return out + "'";
}

std::string joined(const hub::IndexedPath& path) {
  std::string out;
  for (const std::string& name : path) {
    if (!out.empty()) out += kSeparator;
    out += name;
  }
  return out;
}

std::vector<std::string> index_names(Database& writer) {
  std::vector<std::string> out;
  Statement statement(writer, "SELECT name FROM sqlite_schema WHERE type = 'index' AND name GLOB 'twin_value_*'");
  Rows rows = statement.rows();
  while (rows.next()) out.emplace_back(rows.text(0));
  return out;
}

}  // namespace

void add_twin_value_function(Database& database) {
  database.add_function("nave_twin_value", 4, twin_value);
}

std::string twin_value_sql(const hub::IndexedPath& path) {
  return "nave_twin_value(device_id, module_id, record, " + quoted(joined(path)) + ")";
}

// The path itself may have any characters.
std::string twin_index_name(const hub::IndexedPath& path) {
  return std::string(kPrefix) + to_hex(joined(path));
}

void establish_twin_indexes(Database& writer, const std::vector<hub::IndexedPath>& paths) {
  const std::vector<std::string> present = index_names(writer);
  for (const std::string& name : present) {
    const bool wanted = std::any_of(paths.begin(), paths.end(),
                                    [&](const hub::IndexedPath& path) { return twin_index_name(path) == name; });
    if (!wanted) writer.execute_or_throw("DROP INDEX " + name);
  }
  for (const hub::IndexedPath& path : paths) {
    const std::string name = twin_index_name(path);
    if (std::find(present.begin(), present.end(), name) != present.end()) continue;
    log::write(log::Level::kInfo, log::Category::kStorage, "making an index over the twins",
               {{"path", hub::text_of(path)}});
    writer.execute_or_throw("CREATE INDEX " + name + " ON twin (" + twin_value_sql(path) + ")");
  }
}

}  // namespace nave::store::embedded
