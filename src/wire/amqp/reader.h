// A bounded, zero-copy walk over encoded values. Every constructor of the standard is understood, sizes and counts are
// checked against the bytes at hand before they are believed, and nesting stops at limits::kAmqpNestingDepthMax.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "wire/amqp/item.h"

namespace nave::wire::amqp {

// Descriptor and value of a described item; `code` is empty if the descriptor is not an unsigned number.
struct DescribedItem {
  Item descriptor;
  Item value;
  std::optional<uint64_t> code;
};
// Values one after the other. The content of a compound is only checked when it is walked (Elements).
class Reader {
 public:
  explicit Reader(ByteView bytes, uint8_t depth = 0) : rest_(bytes), depth_(depth) {}

  // The next value. At the end, and for malformed bytes, a null item with failed() set from then on.
  Item next();
  // The next value, which must be described, opened in one go; nullopt if it is not, or malformed: failed() is set
  // then.
  std::optional<DescribedItem> next_described();
  [[nodiscard]] bool done() const { return failed_ || rest_.empty(); }
  [[nodiscard]] bool failed() const { return failed_; }
  // What has not been read yet.
  [[nodiscard]] ByteView rest() const { return rest_; }

 private:
  friend class Elements;
  // Each fills the item with what follows a constructor; false if it is malformed.
  bool body_of(uint8_t code, Item& item);
  void fixed(size_t width, Item& item);
  bool variable(size_t length_width, Item& item);
  bool compound(size_t length_width, Item& item);
  bool described(Item& item);
  // Nothing more is read; the item becomes null.
  void fail(Item& item);

  ByteView rest_;
  uint8_t depth_;
  bool failed_ = false;
};

// The elements of a list, an array, or a map (key, value, key, value …), in order. For an item of another type: none.
// Beyond the last element next() yields null items without failing, which is how a field left off a performative reads.
class Elements {
 public:
  explicit Elements(const Item& compound);

  Item next();
  [[nodiscard]] bool done() const { return left_ == 0 || reader_.failed(); }
  [[nodiscard]] bool failed() const { return reader_.failed(); }

 private:
  void read_array_constructor();

  Reader reader_;
  uint32_t left_ = 0;
  bool array_ = false;
  uint8_t code_ = 0;  // of an array's elements
};

// nullopt if the item is not described or its inside is malformed.
[[nodiscard]] std::optional<DescribedItem> open_described(const Item& item);

// Calls f(key, value) for each entry until it returns false. Returns false if the map is malformed (an odd count too)
// or the item is neither map nor null.
template <class F>
bool for_each_entry(const Item& map, F f) {
  if (map.is_null()) return true;
  if (map.type != Type::kMap || map.count % 2 != 0) return false;
  Elements elements(map);
  while (!elements.done()) {
    const Item key = elements.next();
    const Item value = elements.next();
    if (elements.failed()) return false;
    if (!f(key, value)) return true;
  }
  return !elements.failed();
}

// The value of a string or symbol key; a null item if there is none.
[[nodiscard]] Item find_entry(const Item& map, std::string_view key);

}  // namespace nave::wire::amqp
