// An item of a bulk request or a line of an import: what is read can be carried out, and what comes of it exports as a
// line that is read again. And a line of a hub's state: what is read is written as a line that reads as the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "hub/device/bulk_json.h"
#include "hub/device/identity_rules.h"
#include "hub/state/record.h"
#include "json/parse.h"

namespace {

using namespace nave;

const UtcTime kNow = from_unix_ms(1'786'784'856'000);

hub::HubResult<hub::Identity> identity_of(const hub::BulkItem& item) {
  if (const auto* module = std::get_if<hub::ModuleInput>(&item.input)) {
    return hub::decide_module(item.key, *module, nullptr, kNow);
  }
  return hub::decide_device(item.key, std::get<hub::DeviceInput>(item.input), nullptr, kNow,
                            [](const std::string&) { return true; });
}

void check_item(const json::Value& value) {
  const auto item = hub::read_bulk_item(value, hub::BulkDialect::kRest);
  if (!item || !hub::check_ids(item->key, false)) return;
  auto identity = identity_of(*item);
  if (!identity) return;
  hub::ScannedTwin row{*std::move(identity), {}};
  if (item->twin) {
    auto twin = hub::initial_twin(row.identity, *item->twin);
    if (!twin) return;
    row.twin = *std::move(twin);
  }
  const std::string line = hub::export_line(row, true);
  NAVE_CHECK(line.find('\n') == std::string::npos, "an export line has an end inside");
  const auto read = json::parse(line, {.bytes_max = size_t{16} << 20});
  NAVE_CHECK(read && hub::read_bulk_item(*read, hub::BulkDialect::kImport), "an export line is no import line");
}

void check_state_line(std::string_view text) {
  const auto record = hub::read_state_line(text);
  if (!record) return;
  const std::string line = hub::state_line(*record);
  const auto again = hub::read_state_line(line);
  NAVE_CHECK(again && hub::state_line(*again) == line, "a state line does not read back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_state_line(text);
  if (const auto value = json::parse(text)) check_item(*value);
  return 0;
}
