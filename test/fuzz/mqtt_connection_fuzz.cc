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
  MqttClient client(rig);
  if (data[0] % 4 != 0) client.connect(rig, {"dev-1", ""}, data[0] % 4 == 1);
  for (size_t at = 0; at < bytes.size(); at += piece) {
    client.send(bytes.substr(at, piece));
    if (at % 3 == 0) rig.commit();
  }
  rig.shard.advance(1000);
  rig.commit();
  client.transport.drop();
  rig.commit();
  NAVE_CHECK(rig.directory.connected_devices() == 0, "nobody stays behind");
  return 0;
}
