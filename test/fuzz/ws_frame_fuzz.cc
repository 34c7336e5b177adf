// WebSocket frames from a hostile client. The first byte chooses how the rest is split; every split must decode alike.
#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "net/ws_codec.h"

namespace {

struct Outcome {
  std::string data;
  std::string replies;
  std::optional<nave::net::WsEnd> end;
};

Outcome decode(nave::ByteView bytes, size_t step) {
  nave::net::WsDecoder decoder;
  Outcome out;
  while (!bytes.empty() && !out.end) {
    out.end = decoder.feed(bytes.substr(0, step), out.data, out.replies);
    bytes.remove_prefix(std::min(step, bytes.size()));
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const nave::ByteView bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = decode(bytes, SIZE_MAX);
  const Outcome split = decode(bytes, size_t{data[0]} % 16 + 1);
  NAVE_CHECK(whole.data == split.data && whole.replies == split.replies, "a split changes what was received");
  NAVE_CHECK(whole.end.has_value() == split.end.has_value(), "a split changes how it ends");
  NAVE_CHECK(!whole.end || whole.end->code == split.end->code, "a split changes the close code");
  NAVE_CHECK(whole.data.size() + whole.replies.size() <= bytes.size(), "more came out than went in");
  return 0;
}
