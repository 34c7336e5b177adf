#include "json/write.h"

namespace nave::json {
namespace {

bool needs_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

void write_escaped(char c, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

void write(const Array& array, std::string& out) {
  out += '[';
  bool first = true;
  for (const Value& v : array) {
    if (!first) out += ',';
    first = false;
    write(v, out);
  }
  out += ']';
}

}  // namespace

void write_string(std::string_view text, std::string& out) {
  out += '"';
  size_t plain = 0;  // where the run of bytes that need no escape began
  for (size_t i = 0; i < text.size(); ++i) {
    if (!needs_escape(text[i])) continue;
    out.append(text, plain, i - plain);
    write_escaped(text[i], out);
    plain = i + 1;
  }
  out.append(text, plain);
  out += '"';
}

void write(const Object& object, std::string& out) {
  out += '{';
  bool first = true;
  for (const Member& m : object) {
    if (!first) out += ',';
    first = false;
    write_string(m.name, out);
    out += ':';
    write(m.value, out);
  }
  out += '}';
}

void write(const Value& value, std::string& out) {
  if (const bool* b = value.if_bool()) {
    out += *b ? "true" : "false";
  } else if (const Number* n = value.if_number()) {
    out += n->text;
  } else if (const std::string* s = value.if_string()) {
    write_string(*s, out);
  } else if (const Array* a = value.if_array()) {
    write(*a, out);
  } else if (const Object* o = value.if_object()) {
    write(*o, out);
  } else {
    out += "null";
  }
}

std::string to_text(const Value& value) {
  std::string out;
  write(value, out);
  return out;
}

}  // namespace nave::json
