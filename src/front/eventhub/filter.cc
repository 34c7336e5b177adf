#include "front/eventhub/filter.h"

#include <charconv>
#include <optional>

#include "base/url.h"

namespace nave::front::eventhub {
namespace {

using Kind = hub::EventPosition::Kind;

void skip_spaces(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

std::optional<Kind> kind_of(std::string_view name) {
  constexpr std::string_view kPrefix = "amqp.annotation.";
  if (!equals_ignore_case(name.substr(0, kPrefix.size()), kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  if (equals_ignore_case(name, "x-opt-offset")) return Kind::kOffset;
  if (equals_ignore_case(name, "x-opt-sequence-number")) return Kind::kSequence;
  // The second spelling is the Azure CLI's.
  if (equals_ignore_case(name, "x-opt-enqueued-time") || equals_ignore_case(name, "x-opt-enqueuedtimeutc"))
    return Kind::kEnqueuedTime;
  return std::nullopt;
}

// Takes "> " or ">= "; true for the inclusive one.
std::optional<bool> take_operator(std::string_view& text) {
  if (text.empty() || text.front() != '>') return std::nullopt;
  text.remove_prefix(1);
  if (text.empty() || text.front() != '=') return false;
  text.remove_prefix(1);
  return true;
}

// The value without its quotes; what follows it may only be spaces.
std::optional<std::string_view> take_value(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.starts_with('\'')) {
    if (text.size() < 2 || !text.ends_with('\'')) return std::nullopt;
    text = text.substr(1, text.size() - 2);
  }
  return text;
}

std::optional<int64_t> parse_number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Result<hub::EventPosition, std::string> parse_selector(std::string_view selector) {
  if (selector.size() > kSelectorBytesMax) return fail(std::string("The supplied filter is too long."));
  std::string_view rest = selector;
  skip_spaces(rest);
  const size_t name_end = std::min(rest.find_first_of(" \t>"), rest.size());
  const auto kind = kind_of(rest.substr(0, name_end));
  rest.remove_prefix(name_end);
  skip_spaces(rest);
  const auto inclusive = take_operator(rest);
  skip_spaces(rest);
  const auto value = take_value(rest);
  const auto bad = [&] { return fail("The supplied filter '" + std::string(selector) + "' is invalid."); };
  if (!kind || !inclusive || !value) return bad();

  if (*kind == Kind::kOffset && equals_ignore_case(*value, "@latest"))
    return hub::EventPosition{Kind::kLatest, 0, *inclusive};
  const auto number = parse_number(*value);
  if (!number) return bad();
  if (*kind == Kind::kOffset && *number == -1) return hub::EventPosition{Kind::kEarliest, 0, *inclusive};
  if (*kind != Kind::kSequence && *number < 0) return bad();
  return hub::EventPosition{*kind, *number, *inclusive};
}

}  // namespace nave::front::eventhub
