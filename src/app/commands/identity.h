// What the verbs about identities share.
#pragma once

#include <initializer_list>
#include <string>

#include "app/commands/commands.h"
#include "json/value.h"

namespace nave::app {

// "/devices/{device}" or "/devices/{device}/modules/{module}".
[[nodiscard]] std::string identity_path(const std::string& device, const std::string& module = "");
// Throws std::runtime_error if the answer is not JSON.
[[nodiscard]] json::Value answer_json(const ClientResponse& response);
// The text at the end of a path of members; "" if there is none.
[[nodiscard]] std::string text_at(const json::Value& value, std::initializer_list<const char*> path);
// What the flags of `create` say.
[[nodiscard]] json::Object authentication_of(const DeviceOptions& options);

}  // namespace nave::app
