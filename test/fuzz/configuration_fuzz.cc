// The body of a PUT on a configuration, and of what is applied to a device: what is accepted compiles again from what
// is kept, and making it of a twin twice is making it once.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/check.h"
#include "hub/configuration/input.h"
#include "hub/configuration/plan.h"
#include "json/parse.h"

namespace {

using namespace nave;

const UtcTime kNow = from_unix_ms(1'786'784'856'000);

void apply_twice(const hub::ConfigurationSet::Item& item) {
  const auto set = std::make_shared<const hub::ConfigurationSet>(std::vector{item});
  hub::Identity identity;
  identity.key = {"d1", ""};
  identity.iot_edge = true;
  hub::Twin twin = hub::fresh_twin(identity);
  twin.tags = R"({"a":1})";
  for (int i = 0; i < 2; ++i) {
    const hub::DevicePlan plan = hub::plan_device(set, identity, twin);
    const bool changed = hub::apply_plan(plan.twin, twin, kNow).changed;
    NAVE_CHECK(i == 0 || !changed, "a configuration changes a twin that has it");
    for (const auto& [module, writes] : plan.edge.modules) {
      hub::Twin of_module;
      (void)hub::apply_writes(writes, of_module, kNow);
      NAVE_CHECK(!hub::apply_writes(writes, of_module, kNow).changed, "a deployment changes a module that has it");
    }
    (void)hub::modules_of(plan.edge.modules, "{}");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto body = json::parse({reinterpret_cast<const char*>(data), size});
  if (!body || body->if_object() == nullptr) return 0;
  (void)hub::test_configuration_queries(*body->if_object());
  const auto configuration = hub::read_configuration("c", *body->if_object());
  if (!configuration) return 0;
  const auto item = hub::compile(*configuration);
  if (!item) {
    NAVE_CHECK(item.error().code == hub::ErrorCode::kInvalidConfigurationTargetCondition,
               "a content is accepted and then is not");
    return 0;
  }
  (void)hub::configuration_text(*configuration, (*item)->content.kind, {});
  apply_twice(*item);
  return 0;
}
