// Any bytes as the response of SASL PLAIN.
#include <cstdint>
#include <string_view>
#include <variant>

#include "base/check.h"
#include "front/amqp/sasl_identity.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nave;
  const std::string_view response(reinterpret_cast<const char*>(data), size);
  const auto login = front::amqp::parse_plain(response);
  if (!login) return 0;
  NAVE_CHECK(login->password.data() >= response.data() &&
                 login->password.data() + login->password.size() <= response.data() + response.size(),
             "the password is part of the response");
  if (const auto* key = std::get_if<IdentityKey>(&login->user)) NAVE_CHECK(!key->device.empty(), "a device has an id");
  return 0;
}
