#include "net/http_tokens.h"

#include <algorithm>

#include "base/url.h"

namespace nave::net {
namespace {

std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

}  // namespace

std::vector<std::string_view> tokens_of(const HttpRequest& request, std::string_view name) {
  std::vector<std::string_view> out;
  for (const auto& [header, value] : request.headers) {
    if (!equals_ignore_case(header, name)) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const size_t comma = std::min(rest.find(','), rest.size());
      const std::string_view token = trim(rest.substr(0, comma));
      if (!token.empty()) out.push_back(token);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return out;
}

bool has_token(const HttpRequest& request, std::string_view name, std::string_view token) {
  return std::ranges::any_of(tokens_of(request, name),
                             [token](std::string_view t) { return equals_ignore_case(t, token); });
}

bool is_http_token(std::string_view text) {
  static constexpr std::string_view kPunctuation = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kPunctuation.find(c) != std::string_view::npos;
  });
}

}  // namespace nave::net
