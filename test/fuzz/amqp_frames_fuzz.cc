// Frames back to back, each decoded as every performative; what decodes can be encoded and decoded again.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/limits.h"
#include "wire/amqp/frame.h"
#include "wire/amqp/performatives.h"
#include "wire/amqp/reader.h"

namespace {

using namespace nave::wire::amqp;

template <class P>
void try_decode(const Item& fields) {
  P first;
  if (!decode(fields, first)) return;
  std::string bytes;
  encode(first, bytes);
  const auto again = Reader(bytes).next_described();
  P second;
  NAVE_CHECK(again && decode(again->value, second), "an encoded performative decodes");
}

void try_all(const Item& fields) {
  try_decode<Open>(fields);
  try_decode<Begin>(fields);
  try_decode<Attach>(fields);
  try_decode<Flow>(fields);
  try_decode<Transfer>(fields);
  try_decode<Detach>(fields);
  Disposition disposition;
  if (decode(fields, disposition)) (void)decode_outcome(disposition.state);
  SaslInit init;
  (void)decode(fields, init);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  nave::ByteView bytes(reinterpret_cast<const char*>(data), size);
  Frame frame;
  size_t taken = 0;
  while (read_frame(bytes, nave::limits::kAmqpFrameBytesMax, frame, taken) == FrameStatus::kWhole) {
    NAVE_CHECK(taken <= bytes.size() && frame.body.size() + kFrameHeaderBytes <= taken, "a frame is inside its bytes");
    Reader reader(frame.body);
    if (const auto described = reader.next_described()) {
      try_all(described->value);
      (void)decode_error(described->value);
    }
    bytes.remove_prefix(taken);
  }
  return 0;
}
