#include "json/parse.h"

#include <simdjson.h>

#include <algorithm>

namespace nave::json {
namespace {

namespace od = simdjson::ondemand;
using Kind = ParseError::Kind;
constexpr size_t kPadding = simdjson::SIMDJSON_PADDING;

Kind kind_of(simdjson::error_code error) {
  switch (error) {
    case simdjson::EMPTY:
      return Kind::kEmpty;
    case simdjson::CAPACITY:
      return Kind::kTooLarge;
    case simdjson::DEPTH_ERROR:
      return Kind::kTooDeep;
    case simdjson::UTF8_ERROR:
      return Kind::kInvalidUtf8;
    default:
      return Kind::kSyntax;
  }
}

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// simdjson reads a little beyond the end, so the text is copied in front of some padding.
class Parser {
 public:
  Result<Value, ParseError> parse(std::string_view text, const ParseLimits& limits) {
    depth_left_ = limits.depth_max;
    buffer_.assign(text);
    buffer_.append(kPadding, '\0');
    od::document document;
    auto error =
        parser_.iterate(simdjson::padded_string_view(buffer_.data(), text.size(), buffer_.size())).get(document);
    if (error) return fail(ParseError{kind_of(error)});
    Value out;
    if (!read_document(document, out)) return fail(ParseError{error_, offset(document)});
    return out;
  }

 private:
  size_t offset(od::document& document) {
    const char* at = nullptr;
    if (document.current_location().get(at) != simdjson::SUCCESS || at < buffer_.data()) return 0;
    return std::min(static_cast<size_t>(at - buffer_.data()), buffer_.size() - kPadding);
  }

  bool failed(simdjson::error_code error) {
    if (error == simdjson::SUCCESS) return false;
    error_ = kind_of(error);
    return true;
  }
  bool syntax() {
    error_ = Kind::kSyntax;
    return false;
  }

  bool read_document(od::document& document, Value& out) {
    od::json_type type;
    if (failed(document.type().get(type))) return false;
    if (type == od::json_type::object || type == od::json_type::array) {
      od::value value;
      if (failed(document.get_value().get(value)) || !read(value, out)) return false;
    } else if (type == od::json_type::number) {
      const std::string_view token = trimmed(std::string_view(buffer_).substr(0, buffer_.size() - kPadding));
      if (!is_number(token)) return syntax();
      out = Value(Number{std::string(token)});
      return true;
    } else if (!read_scalar(document, type, out)) {
      return false;
    }
    const char* rest = nullptr;
    return document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS || syntax();
  }

  bool read(od::value value, Value& out) {
    od::json_type type;
    if (failed(value.type().get(type))) return false;
    if (type == od::json_type::number) return read_number(value, out);
    if (type != od::json_type::object && type != od::json_type::array) return read_scalar(value, type, out);
    if (depth_left_ == 0) {
      error_ = Kind::kTooDeep;
      return false;
    }
    --depth_left_;
    const bool ok = type == od::json_type::object ? read_object(value, out) : read_array(value, out);
    ++depth_left_;
    return ok;
  }

  bool read_object(od::value& value, Value& out) {
    od::object object;
    if (failed(value.get_object().get(object))) return false;
    std::vector<Member> members;
    for (auto step : object) {
      od::field field;
      std::string_view name;
      if (failed(std::move(step).get(field)) || failed(field.unescaped_key().get(name))) return false;
      Member& member = members.emplace_back(Member{std::string(name), {}});
      if (!read(field.value(), member.value)) return false;
    }
    out = object_of(std::move(members));
    return true;
  }

  bool read_array(od::value& value, Value& out) {
    od::array array;
    if (failed(value.get_array().get(array))) return false;
    Array items;
    for (auto step : array) {
      od::value item;
      if (failed(std::move(step).get(item)) || !read(item, items.emplace_back())) return false;
    }
    out = std::move(items);
    return true;
  }

  // Strings, booleans and null, of the document itself or inside it.
  template <class Scalar>
  bool read_scalar(Scalar& scalar, od::json_type type, Value& out) {
    switch (type) {
      case od::json_type::string: {
        std::string_view text;
        if (failed(scalar.get_string().get(text))) return false;
        out = Value(text);
        return true;
      }
      case od::json_type::boolean: {
        bool b = false;
        if (failed(scalar.get_bool().get(b))) return false;
        out = Value(b);
        return true;
      }
      case od::json_type::null: {
        if (!is_null(scalar)) return syntax();
        out = Value();
        return true;
      }
      default:
        return syntax();
    }
  }

  template <class Scalar>
  static bool is_null(Scalar& scalar) {
    bool null = false;
    return simdjson::simdjson_result<bool>(scalar.is_null()).get(null) == simdjson::SUCCESS && null;
  }

  // The spelling is kept, so it is checked here instead of being converted; the iteration steps over it by itself.
  bool read_number(od::value& value, Value& out) {
    const std::string_view token = trimmed(value.raw_json_token());
    if (!is_number(token)) return syntax();
    out = Value(Number{std::string(token)});
    return true;
  }

  od::parser parser_;
  std::string buffer_;
  size_t depth_left_ = 0;
  Kind error_ = Kind::kSyntax;
};

size_t count_digits(std::string_view text) {
  return static_cast<size_t>(std::find_if(text.begin(), text.end(), [](char c) { return c < '0' || c > '9'; }) -
                             text.begin());
}

}  // namespace

std::string ParseError::message() const {
  const std::string where = offset == 0 ? "" : " at byte " + std::to_string(offset);
  switch (kind) {
    case Kind::kEmpty:
      return "The JSON text is empty";
    case Kind::kTooLarge:
      return "The JSON text is too large";
    case Kind::kTooDeep:
      return "The JSON text is nested too deeply" + where;
    case Kind::kInvalidUtf8:
      return "The JSON text is not valid UTF-8";
    case Kind::kSyntax:
      return "The JSON text is not well-formed" + where;
  }
  return "The JSON text is not well-formed";
}

bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const size_t whole = count_digits(text);
  if (whole == 0 || (whole > 1 && text[0] == '0')) return false;
  text.remove_prefix(whole);
  if (text.starts_with('.')) {
    const size_t fraction = count_digits(text.substr(1));
    if (fraction == 0) return false;
    text.remove_prefix(1 + fraction);
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    const size_t exponent = count_digits(text);
    if (exponent == 0) return false;
    text.remove_prefix(exponent);
  }
  return text.empty();
}

Result<Value, ParseError> parse(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.bytes_max) return fail(ParseError{Kind::kTooLarge});
  static thread_local Parser parser;
  return parser.parse(text, limits);
}

}  // namespace nave::json
