#include "front/amqp/sasl_identity.h"

#include "base/limits.h"
#include "base/url.h"

namespace nave::front::amqp {
namespace {

bool strip_prefix(std::string_view& text, std::string_view prefix) {
  if (text.size() < prefix.size() || !equals_ignore_case(text.substr(0, prefix.size()), prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<IdentityKey> parse_identity(std::string_view who) {
  IdentityKey key;
  if (const size_t slash = who.find('/'); slash != std::string_view::npos) {
    std::string_view rest = who.substr(slash);
    if (!strip_prefix(rest, "/modules/") || rest.empty()) return std::nullopt;
    key.module = percent_decode(rest);
    who = who.substr(0, slash);
  }
  key.device = percent_decode(who);
  if (key.device.empty() || key.device.size() > limits::kIdCharsMax || key.module.size() > limits::kIdCharsMax)
    return std::nullopt;
  return key;
}

}  // namespace

std::optional<PlainLogin> parse_plain(std::string_view response) {
  const size_t first = response.find('\0');
  if (first == std::string_view::npos) return std::nullopt;
  const size_t second = response.find('\0', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::string_view authzid = response.substr(0, first);
  const std::string_view user = response.substr(first + 1, second - first - 1);
  if (!authzid.empty() && authzid != user) return std::nullopt;

  // An id may hold '@', the hub name cannot: the last one divides.
  const size_t at = user.rfind('@');
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  const std::string_view who = user.substr(0, at);
  std::string_view where = user.substr(at + 1);

  PlainLogin login;
  login.password = response.substr(second + 1);
  if (strip_prefix(where, "sas.root.")) {
    if (who.size() > limits::kPolicyNameCharsMax * 3) return std::nullopt;
    login.user = PolicyUser{percent_decode(who)};
  } else {
    strip_prefix(where, "sas.");
    auto key = parse_identity(who);
    if (!key) return std::nullopt;
    login.user = std::move(*key);
  }
  if (where.empty()) return std::nullopt;
  login.hub_name = std::string(where.substr(0, where.find('.')));
  return login;
}

}  // namespace nave::front::amqp
