// The error vocabulary of the service (errors.def) as types. Fronts translate an Error into their protocol with the
// columns of its row; nobody else pairs codes with statuses.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nave::hub {

enum class ErrorCode : uint8_t {
#define NAVE_ERROR(name, code, http, amqp, mqtt, text) k##name,
#include "hub/errors.def"
#undef NAVE_ERROR
};

enum class MqttReaction : uint8_t { kRefuse5, kRefuse3, kClose, kAnswer };

struct ErrorRow {
  std::string_view name;
  int code;
  int http_status;
  std::string_view amqp_condition;
  MqttReaction mqtt;
  std::string_view text;
};

[[nodiscard]] const ErrorRow& row(ErrorCode code);

struct Error {
  Error(ErrorCode c) : code(c), message(row(c).text) {}  // NOLINT(google-explicit-constructor)
  Error(ErrorCode c, std::string m) : code(c), message(std::move(m)) {}
  ErrorCode code;
  std::string message;
};

template <class T>
using HubResult = Result<T, Error>;

}  // namespace nave::hub
