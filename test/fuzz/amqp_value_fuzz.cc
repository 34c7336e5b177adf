// Value::decode takes any bytes; what it accepts, encode() writes in a form that reads back equal.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "wire/amqp/reader.h"
#include "wire/amqp/value.h"
#include "wire/amqp/writer.h"

namespace {

using namespace nave::wire::amqp;

bool has_array(const Value& v) {
  if (v.type() == Type::kArray) return true;
  for (const Value& element : v.elements()) {
    if (has_array(element)) return true;
  }
  for (size_t i = 0; i < v.entry_count(); ++i) {
    if (has_array(v.key(i)) || has_array(v.value(i))) return true;
  }
  return v.type() == Type::kDescribed && (has_array(v.descriptor()) || has_array(v.described_value()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const nave::ByteView bytes(reinterpret_cast<const char*>(data), size);
  Reader reader(bytes);
  while (!reader.done()) {
    const Item item = reader.next();
    std::string copied;
    Writer(copied).item(item);
    NAVE_CHECK(Value::decode(copied).has_value(), "what is written is readable");
    (void)item.to_text();
    (void)find_entry(item, "x-opt-offset");
  }
  const auto value = Value::decode(bytes);
  if (!value) return 0;
  std::string again;
  encode(*value, again);
  const auto second = Value::decode(again);
  NAVE_CHECK(second.has_value(), "an encoded value decodes");
  // An empty array does not remember the type of the elements it does not have.
  NAVE_CHECK(has_array(*value) || *second == *value, "and is the same");
  return 0;
}
