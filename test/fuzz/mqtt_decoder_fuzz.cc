// The MQTT decoder on any bytes: the same packets come out whole and in pieces, and every view stays inside what was
// fed.
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "wire/mqtt/decoder.h"

namespace {

using namespace nave;
using namespace nave::wire::mqtt;

// What came out, enough of it to tell two runs apart.
struct Seen {
  std::vector<std::string> packets;
  bool failed = false;
  bool operator==(const Seen&) const = default;
};

void walk(FilterList filters, std::string& out) {
  size_t count = 0;
  for (FilterRequest r; filters.next(r); ++count) out.append(r.filter).append(std::to_string(static_cast<int>(r.qos)));
  NAVE_CHECK(count > 0 && count <= limits::kMqttFiltersPerPacketMax, "a list has as many filters as it may");
}

struct Print {
  std::string out;
  void operator()(const Publish& p) {
    NAVE_CHECK(!p.topic.empty() && (p.packet_id == 0) == (p.qos == Qos::kAtMostOnce), "a well-formed PUBLISH");
    out.append(p.topic).append(p.payload);
  }
  void operator()(const Puback& p) { out = std::to_string(p.packet_id); }
  void operator()(const Subscribe& p) { walk(p.filters, out); }
  void operator()(const Unsubscribe& p) { walk(p.filters, out); }
  void operator()(const Connect& p) {
    out.append(p.client_id).append(p.username.value_or("")).append(p.password.value_or(""));
    if (p.will) out.append(p.will->topic).append(p.will->payload);
  }
  void operator()(const Pingreq&) {}
  void operator()(const UnsupportedProtocol&) {}
  void operator()(const Disconnect&) {}
};

void feed(Decoder& decoder, const std::string& piece, Seen& seen) {
  decoder.feed(piece);
  Packet packet;
  Decoder::Status status;
  while ((status = decoder.next(packet)) == Decoder::Status::kPacket) {
    Print print;
    std::visit(print, packet);
    seen.packets.push_back(std::to_string(packet.index()) + print.out);
  }
  seen.failed = status == Decoder::Status::kError;
  NAVE_CHECK(decoder.kept_bytes() <= limits::kMqttPacketBytesMax, "no more is kept than one packet");
}

Seen run(const std::string& bytes, size_t piece_bytes) {
  Decoder decoder(limits::kMqttPacketBytesMax);
  Seen seen;
  for (size_t at = 0; at < bytes.size() && !seen.failed; at += piece_bytes) {
    feed(decoder, bytes.substr(at, piece_bytes), seen);
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const Seen whole = run(bytes, bytes.size() + 1);
  NAVE_CHECK(run(bytes, 1) == whole, "byte by byte gives the same");
  NAVE_CHECK(run(bytes, 7) == whole, "pieces give the same");
  return 0;
}
