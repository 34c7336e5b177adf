// Who a SASL PLAIN exchange says it is (reference/amqp.md §2.1). Pure text; checking the password is the
// Authenticator's business.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/ids.h"

namespace nave::front::amqp {

struct PolicyUser {
  std::string policy;
};

struct PlainLogin {
  std::variant<PolicyUser, IdentityKey> user;
  std::string hub_name;       // as sent; compares ignoring case with HubInfo::name()
  std::string_view password;  // into the response
};

// `response` is "authzid NUL authcid NUL passwd", authzid empty or equal to authcid. User forms:
// "{policy}@sas.root.{hub}", "{device}@sas.{hub}", "{device}/modules/{module}@sas.{hub}", "{device}@{hub}".
[[nodiscard]] std::optional<PlainLogin> parse_plain(std::string_view response);

}  // namespace nave::front::amqp
