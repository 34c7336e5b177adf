#include "front/http/router.h"

#include "base/url.h"

namespace nave::front::http {
namespace {

std::vector<std::string_view> split_pattern(std::string_view pattern) {
  std::vector<std::string_view> out;
  while (true) {
    const size_t end = pattern.find('/');
    out.push_back(pattern.substr(0, end));
    if (end == std::string_view::npos) return out;
    pattern.remove_prefix(end + 1);
  }
}

bool matches(const std::vector<std::string_view>& pattern, const std::vector<std::string>& segments) {
  if (pattern.size() != segments.size()) return false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != "{}" && !equals_ignore_case(pattern[i], segments[i])) return false;
  }
  return true;
}

}  // namespace

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {
  for (const Route& r : routes_) patterns_.push_back(split_pattern(r.pattern));
}

std::variant<Match, NoSuchPath, NoSuchMethod> Router::find(std::string_view method,
                                                           const std::vector<std::string>& segments) const {
  std::string allowed;
  for (size_t i = 0; i < routes_.size(); ++i) {
    if (!matches(patterns_[i], segments)) continue;
    if (routes_[i].method != method) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(routes_[i].method);
      continue;
    }
    Match out{&routes_[i], {}};
    for (size_t k = 0; k < segments.size(); ++k) {
      if (patterns_[i][k] == "{}") out.ids.push_back(segments[k]);
    }
    return out;
  }
  if (allowed.empty()) return NoSuchPath{};
  return NoSuchMethod{std::move(allowed)};
}

}  // namespace nave::front::http
