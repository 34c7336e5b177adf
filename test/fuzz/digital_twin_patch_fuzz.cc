// JSON Patches of digital twins, over any twin: {"desired":{…},"reported":{…},"patch":…}. What is accepted becomes a
// twin whose digital twin can be read, and refusals have a code of their own.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "hub/pnp/document.h"
#include "hub/pnp/patch.h"
#include "json/parse.h"

namespace {

using namespace nave;
using hub::ErrorCode;

const UtcTime kNow = from_unix_ms(1'786'784'856'000);

json::Object object_at(const json::Object& input, const char* name) {
  const json::Value* const value = input.find(name);
  return value == nullptr || value->if_object() == nullptr ? json::Object() : *value->if_object();
}

void check_readable(const hub::Twin& twin) {
  hub::Identity identity;
  identity.key = {"d1", ""};
  const auto text = hub::digital_twin_text(identity, twin);
  NAVE_CHECK(text && json::parse(*text, {.bytes_max = 64 * 1024 * 1024}), "a digital twin is JSON");
}

void check_refusal(const hub::Error& error) {
  const bool known = error.code == ErrorCode::kInvalidDigitalTwinJsonPatch ||
                     error.code == ErrorCode::kInvalidDigitalTwinPayload ||
                     error.code == ErrorCode::kInvalidDigitalTwinPatch ||
                     error.code == ErrorCode::kInvalidDigitalTwinPatchPath || error.code == ErrorCode::kArgumentInvalid;
  NAVE_CHECK(known, "a refusal is one of the caller's");
}

void patch(hub::Twin& twin, const json::Value& body) {
  const auto read = hub::read_digital_twin_patch(body);
  if (!read) return check_refusal(read.error());
  const auto input = hub::apply_digital_twin_patch(*read, twin);
  if (!input) return check_refusal(input.error());
  const uint64_t before = twin.desired.version;
  const auto change = hub::patch_twin(twin, *input, kNow);
  if (!change) return check_refusal(change.error());
  NAVE_CHECK(change->has_value() == input->desired.has_value(), "the device hears of what was changed");
  NAVE_CHECK(twin.desired.version == before + (input->desired ? 1 : 0), "one patch, one version");
  check_readable(twin);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto input = json::parse({reinterpret_cast<const char*>(data), size});
  if (!input || input->if_object() == nullptr) return 0;
  const json::Object& object = *input->if_object();
  hub::Twin twin;
  hub::TwinInput desired;
  desired.desired = object_at(object, "desired");
  if (!hub::patch_twin(twin, desired, kNow)) return 0;
  if (!hub::patch_reported(twin, object_at(object, "reported"), {}, kNow)) return 0;
  check_readable(twin);
  const json::Value* const body = object.find("patch");
  if (body == nullptr) return 0;
  patch(twin, *body);
  patch(twin, *body);
  return 0;
}
