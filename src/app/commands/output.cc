#include "app/commands/output.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "json/write.h"

namespace nave::app {
namespace {

void write_indented(const json::Value& value, size_t depth, std::string& out) {
  const std::string inner(2 * depth + 2, ' ');
  const std::string outer(2 * depth, ' ');
  const char* separator = "";
  if (const json::Object* object = value.if_object(); object != nullptr && !object->empty()) {
    out += "{\n";
    for (const json::Member& m : *object) {
      out += separator + inner;
      json::write_string(m.name, out);
      out += ": ";
      write_indented(m.value, depth + 1, out);
      separator = ",\n";
    }
    out += "\n" + outer + "}";
  } else if (const json::Array* array = value.if_array(); array != nullptr && !array->empty()) {
    out += "[\n";
    for (const json::Value& v : *array) {
      out += separator + inner;
      write_indented(v, depth + 1, out);
      separator = ",\n";
    }
    out += "\n" + outer + "]";
  } else {
    json::write(value, out);
  }
}

std::string cell(const json::Object& row, const std::string& member) {
  const json::Value* value = row.find(member);
  if (value == nullptr || value->is_null()) return "";
  if (const std::string* text = value->if_string()) return *text;
  return json::to_text(*value);
}

std::string padded(const std::string& text, size_t width) {
  return text + std::string(width > text.size() ? width - text.size() : 0, ' ');
}

}  // namespace

std::string argument_text(const std::string& text) {
  if (!text.starts_with('@')) return text;
  std::ifstream file(text.substr(1), std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + text.substr(1));
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string indented(const json::Value& value) {
  std::string out;
  write_indented(value, 0, out);
  return out + "\n";
}

std::string table(const std::vector<const json::Object*>& rows, const Columns& columns) {
  std::vector<size_t> widths;
  for (const auto& [heading, member] : columns) {
    size_t width = heading.size();
    for (const json::Object* row : rows) width = std::max(width, cell(*row, member).size());
    widths.push_back(width);
  }
  std::string out;
  std::string rule;
  for (size_t i = 0; i < columns.size(); ++i) {
    out += padded(columns[i].first, widths[i]) + "  ";
    rule += std::string(widths[i], '-') + "  ";
  }
  out += "\n" + rule + "\n";
  for (const json::Object* row : rows) {
    for (size_t i = 0; i < columns.size(); ++i) out += padded(cell(*row, columns[i].second), widths[i]) + "  ";
    out += "\n";
  }
  return out;
}

}  // namespace nave::app
