#include "hub/errors.h"

#include <array>

namespace nave::hub {
namespace {

constexpr ErrorRow kRows[] = {
#define NAVE_ERROR(name, code, http, amqp, mqtt, text) {#name, code, http, amqp, MqttReaction::k##mqtt, text},
#include "hub/errors.def"
#undef NAVE_ERROR
};

}  // namespace

const ErrorRow& row(ErrorCode code) {
  return kRows[static_cast<size_t>(code)];
}

}  // namespace nave::hub
