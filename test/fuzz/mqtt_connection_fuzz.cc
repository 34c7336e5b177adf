// The whole MQTT front on any bytes, after a good CONNECT or without one. The first byte chooses; the second says in
// what pieces the rest arrives.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/log.h"
#include "unit/front/mqtt/rig.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nave::test;
  static const bool quiet = [] {
    nave::log::set_level(nave::log::Level::kError);
    return true;
  }();
  if (size < 2 || !quiet) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const size_t piece = 1 + data[1];

  MqttRig rig;
  const nave::IdentityKey device{"dev-1", ""};
  nave::hub::EventView message;
  message.body = "command";
  for (int i = 0; i < 20; ++i) rig.c2d.send(device, message, rig.shard.executor, [](const auto&) {});
  rig.shard.run_until_idle();
  MqttClient client(rig);
  if (data[0] % 4 != 0) client.connect(rig, device, data[0] % 4 == 1);
  for (size_t at = 0; at < bytes.size(); at += piece) {
    client.send(bytes.substr(at, piece));
    if (at % 3 == 0) rig.commit();
  }
  rig.shard.advance(1000);
  rig.commit();
  client.transport.drop();
  rig.commit();
  NAVE_CHECK(rig.directory.connected_devices() == 0, "nobody stays behind");
  const size_t waiting = rig.c2d.depth(device);
  size_t to_be_had = 0;
  while (rig.c2d.receive({device, rig.store.find(device)->generation_id})) ++to_be_had;
  NAVE_CHECK(to_be_had == waiting, "what was not acknowledged can be received again");
  return 0;
}
