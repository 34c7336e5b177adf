#include "app/commands/output.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "base/url.h"
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

bool is_container(const json::Value& value) {
  return value.if_object() != nullptr || value.if_array() != nullptr;
}

bool is_empty_container(const json::Value& value) {
  return (value.if_object() != nullptr && value.if_object()->empty()) ||
         (value.if_array() != nullptr && value.if_array()->empty());
}

// A text that YAML reads as that text without quotes: words of letters, digits and a few signs, and none of the words
// that YAML 1.1 or 1.2 takes for something else.
bool is_plain(const std::string& text) {
  static constexpr std::string_view kWords[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto inner = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'; };
  if (text.empty() || !(letter(text[0]) || text[0] == '_') || !std::ranges::all_of(text, inner)) return false;
  return std::ranges::none_of(kWords, [&](std::string_view w) { return equals_ignore_case(text, w); });
}

void write_yaml_text(const std::string& text, std::string& out) {
  if (is_plain(text)) {
    out += text;
  } else {
    json::write_string(text, out);  // a JSON text is a double-quoted YAML scalar
  }
}

void write_yaml(const json::Value& value, size_t depth, std::string& out);

// Behind "name:" or "-": on the same line, or below.
void write_yaml_below(const json::Value& value, size_t depth, std::string& out) {
  if (!is_container(value) || is_empty_container(value)) {
    out += ' ';
    write_yaml(value, depth, out);
    out += '\n';
    return;
  }
  out += '\n';
  write_yaml(value, depth, out);
}

void write_yaml(const json::Value& value, size_t depth, std::string& out) {
  const std::string indent(2 * depth, ' ');
  const json::Object* const object = value.if_object();
  const json::Array* const array = value.if_array();
  if (object != nullptr && !object->empty()) {
    for (const json::Member& m : *object) {
      out += indent;
      write_yaml_text(m.name, out);
      out += ':';
      write_yaml_below(m.value, depth + 1, out);
    }
  } else if (array != nullptr && !array->empty()) {
    for (const json::Value& v : *array) {
      out += indent + '-';
      write_yaml_below(v, depth + 1, out);
    }
  } else if (value.if_string() != nullptr) {
    write_yaml_text(*value.if_string(), out);
  } else {
    json::write(value, out);
  }
}

Columns scalar_columns(const std::vector<const json::Object*>& rows) {
  Columns out;
  if (rows.empty()) return out;
  for (const json::Member& m : *rows.front()) {
    if (!is_container(m.value)) out.emplace_back(m.name, m.name);
  }
  return out;
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

std::string yaml(const json::Value& value) {
  std::string out;
  write_yaml(value, 0, out);
  if (!out.ends_with('\n')) out += '\n';
  return out;
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

std::string shown(const json::Value& value, const std::string& output, const Columns& columns) {
  if (output == "yaml") return yaml(value);
  if (output != "table") return indented(value);
  std::vector<const json::Object*> rows;
  if (const json::Array* array = value.if_array()) {
    for (const json::Value& v : *array) {
      if (v.if_object() != nullptr) rows.push_back(v.if_object());
    }
  } else if (value.if_object() != nullptr) {
    rows.push_back(value.if_object());
  }
  return table(rows, columns.empty() ? scalar_columns(rows) : columns);
}

}  // namespace nave::app
