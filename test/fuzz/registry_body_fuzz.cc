// The body of a PUT on the registry: whatever the registry accepts it must be able to print, and accept again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "hub/device/identity_json.h"
#include "hub/device/identity_rules.h"
#include "json/parse.h"
#include "json/write.h"

namespace {

using namespace nave;

const IdentityKey kDevice{"d1", ""};
const IdentityKey kModule{"d1", "m1"};
const UtcTime kNow = from_unix_ms(1'786'784'856'000);

bool any_scope(const std::string&) {
  return true;
}

void check_device(const json::Object& body) {
  const auto input = hub::parse_device(body, kDevice);
  if (!input) return;
  const auto device = hub::decide_device(kDevice, *input, nullptr, kNow, any_scope);
  if (!device) return;
  const json::Value document = hub::device_document(*device, {});
  const auto read = json::parse(json::to_text(document), {.bytes_max = 16 * 1024 * 1024});
  NAVE_CHECK(read && *read == document, "a device document does not read back");
  const auto again = hub::parse_device(*read->if_object(), kDevice);
  NAVE_CHECK(again && hub::decide_device(kDevice, *again, &*device, kNow, any_scope),
             "a device document is not accepted as an update");
}

void check_module(const json::Object& body) {
  const auto input = hub::parse_module(body, kModule);
  if (!input) return;
  const auto module = hub::decide_module(kModule, *input, nullptr, kNow);
  if (!module) return;
  const json::Object document = hub::module_document(*module, {});
  NAVE_CHECK(hub::parse_module(document, kModule), "a module document is not accepted as an update");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto body = json::parse({reinterpret_cast<const char*>(data), size});
  if (!body || body->if_object() == nullptr) return 0;
  check_device(*body->if_object());
  check_module(*body->if_object());
  return 0;
}
