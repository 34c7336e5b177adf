// Events as text that tests compare.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "hub/ports.h"
#include "hub/telemetry/event.h"
#include "support/fake_shard.h"

namespace nave::test {

// {system number=value,…}{name=value,…}body, ordered by name; a null value has no '='. What the hub stamps is left out
// unless asked for.
inline std::string event_text(const hub::EventView& event, bool with_stamps = false) {
  std::map<int, std::string> system;
  std::map<std::string, std::string> application;
  for (const auto& p : event.system) {
    if (with_stamps || !hub::is_hub_stamp(p.name)) system[static_cast<int>(p.name)] = std::string(p.value);
  }
  for (const auto& p : event.application) {
    application[std::string(p.name)] = p.value ? "=" + std::string(*p.value) : "";
  }
  std::string out = "{";
  for (const auto& [name, value] : system) out += (out.size() > 1 ? "," : "") + std::to_string(name) + "=" + value;
  std::string bag;
  for (const auto& [name, value] : application) bag += (bag.empty() ? "" : ",") + name + value;
  return out + "}{" + bag + "}" + std::string(event.body);
}

// Every event of the device in the log.
inline std::vector<std::string> events_of(hub::EventLog& log, FakeShard& shard, PartitionId partition,
                                          std::string_view device, bool with_stamps = false) {
  std::vector<std::string> out;
  log.read(partition, SequenceNumber{0}, 100'000, 256 * 1024 * 1024, shard.executor,
           [&](const Result<hub::EventBatch, hub::StoreError>& batch) {
             for (const hub::StoredEvent& stored : batch.value().events) {
               hub::EventView event;
               if (!hub::decode_event(stored.payload, event)) continue;
               if (event.find(hub::SystemProperty::kConnectionDeviceId) == device)
                 out.push_back(event_text(event, with_stamps));
             }
           });
  shard.run_until_idle();
  return out;
}

}  // namespace nave::test
