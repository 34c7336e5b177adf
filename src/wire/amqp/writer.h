// Appends encoded values to a string. Always the shortest encoding of a number, except where peers depend on another
// one (reference/amqp.md §1): descriptors are smallulong (R3), compounds are list8/map8 or their 32-bit forms and never
// list0 (R2), arrays of symbols hold sym32 (R11).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "wire/amqp/item.h"
#include "wire/amqp/value.h"

namespace nave::wire::amqp {

class Writer {
 public:
  // `out` outlives the writer; others may append to it between calls, except inside an open compound.
  explicit Writer(std::string& out) : out_(out) {}

  void null() { out_.push_back('\x40'); }
  void boolean(bool v) { out_.push_back(v ? '\x41' : '\x42'); }
  void ubyte(uint8_t v);
  void ushort(uint16_t v);
  void uint(uint32_t v);
  void ulong(uint64_t v);
  void sbyte(int8_t v);
  void sshort(int16_t v);
  void sint(int32_t v);
  void slong(int64_t v);
  void float32(float v);
  void float64(double v);
  void timestamp_ms(int64_t v);
  void uuid(const Uuid& v);
  void binary(ByteView v);
  void string(std::string_view v);
  void symbol(std::string_view v);
  // One of the above by type; what was read from the wire is copied as it is, compounds too. Char and decimals that
  // were read become null (R12).
  void item(const Item& v);
  void value(const Value& v) { encode(v, out_); }
  void raw(ByteView encoded) { out_.append(encoded); }
  void symbols(const std::vector<std::string_view>& v);  // array, one element too

  // Null for an empty optional.
  void optional_bool(std::optional<bool> v) { v ? boolean(*v) : null(); }
  void optional_uint(std::optional<uint32_t> v) { v ? uint(*v) : null(); }
  void optional_string(std::optional<std::string_view> v) { v ? string(*v) : null(); }
  void optional_symbol(std::optional<std::string_view> v) { v ? symbol(*v) : null(); }
  void optional_binary(std::optional<ByteView> v) { v ? binary(*v) : null(); }
  void optional_timestamp(std::optional<int64_t> v) { v ? timestamp_ms(*v) : null(); }

  // `00 53 xx`; the value follows.
  void descriptor(Code code);

  // Compounds: begin, write the elements, end with their number (keys plus values for a map). They nest.
  struct Mark {
    size_t at;
  };
  [[nodiscard]] Mark begin_list() { return begin('\xc0'); }
  [[nodiscard]] Mark begin_map() { return begin('\xc1'); }
  void end(Mark mark, uint32_t count);

 private:
  Mark begin(char constructor);
  void sized(uint8_t short_code, ByteView v);

  std::string& out_;
};

}  // namespace nave::wire::amqp
