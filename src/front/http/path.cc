#include "front/http/path.h"

#include <algorithm>

#include "base/url.h"

namespace nave::front::http {
namespace {

constexpr size_t kSegmentsMax = 16;

bool has_encoded_slash(std::string_view text) {
  for (size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 1)) {
    if (equals_ignore_case(text.substr(i, 3), "%2F")) return true;
  }
  return false;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  while (out.size() <= kSegmentsMax) {
    const size_t end = text.find(separator);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

// Of Explorer's paths, the one whose id it encodes before it encodes the whole.
bool is_message_to_device(const std::vector<std::string>& segments) {
  return segments.size() == 4 && equals_ignore_case(segments[0], "devices") &&
         equals_ignore_case(segments[2], "messages") && equals_ignore_case(segments[3], "deviceBound");
}

void drop_trailing_slash(std::string_view& path) {
  if (path.ends_with('/')) path.remove_suffix(1);
}

}  // namespace

std::optional<std::vector<std::string>> split_path(std::string_view path) {
  if (!path.starts_with('/')) return {};
  path.remove_prefix(1);
  drop_trailing_slash(path);
  std::vector<std::string> out;
  if (path.empty()) return out;
  const bool whole = path.find('/') == std::string_view::npos && has_encoded_slash(path);
  const std::string decoded = whole ? percent_decode(path) : std::string();
  std::string_view rest = whole ? std::string_view(decoded) : path;
  if (whole) drop_trailing_slash(rest);
  for (const std::string_view segment : split(rest, '/')) {
    out.push_back(whole ? std::string(segment) : percent_decode(segment));
    if (out.back().empty() || out.size() > kSegmentsMax || !is_valid_utf8(out.back())) return {};
  }
  if (whole && is_message_to_device(out)) {
    out[1] = percent_decode(out[1]);
    if (!is_valid_utf8(out[1])) return {};
  }
  return out;
}

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const size_t equals = std::min(parameter.find('='), parameter.size());
    if (!equals_ignore_case(percent_decode(parameter.substr(0, equals)), name)) continue;
    return percent_decode(parameter.substr(std::min(equals + 1, parameter.size())));
  }
  return {};
}

}  // namespace nave::front::http
