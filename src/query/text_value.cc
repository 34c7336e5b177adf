#include "query/text_value.h"

#include <charconv>
#include <cstdlib>

#include "json/cursor.h"

namespace nave::query {

std::optional<std::string_view> walk_text(std::string_view root, std::span<const Step> steps) {
  std::optional<std::string_view> at = root;
  for (const Step& step : steps) {
    at = step.index ? json::find_element(*at, *step.index) : json::find_member(*at, step.name);
    if (!at) break;
  }
  return at;
}

Value value_of_text(std::string_view json, Texts& texts) {
  switch (json.empty() ? ' ' : json.front()) {
    case '"': {
      std::string storage;
      const std::string_view text = json::string_of(json, storage);
      if (text.data() != storage.data()) return Value::of(text);
      texts.push_front(std::move(storage));
      return Value::of(std::string_view(texts.front()));
    }
    case '{':
      return {Type::kObject, false, 0, {}};
    case '[':
      return {Type::kArray, false, 0, {}};
    case 't':
      return Value::of(true);
    case 'f':
      return Value::of(false);
    case 'n':
      return Value::null();
    case ' ':
      return {};
    default:
      return Value::of(number_of(json));
  }
}

bool any_of_text(std::string_view json, const std::function<bool(const Value&)>& visit) {
  json::Elements elements(json);
  while (const auto element = elements.next()) {
    Texts texts;
    if (visit(value_of_text(*element, texts))) return true;
  }
  return false;
}

double number_of(std::string_view json) {
  double out = 0;
  const auto [end, problem] = std::from_chars(json.data(), json.data() + json.size(), out);
  // Out of range: infinite or zero, which from_chars does not tell apart.
  return problem == std::errc() ? out : std::strtod(std::string(json).c_str(), nullptr);
}

}  // namespace nave::query
