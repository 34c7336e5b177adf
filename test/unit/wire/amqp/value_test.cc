#include "wire/amqp/value.h"

#include <gtest/gtest.h>

#include "hex.h"
#include "wire/amqp/reader.h"
#include "wire/amqp/writer.h"

namespace nave::wire::amqp {
namespace {

using test::unhex;

std::string encoded(const Value& v) {
  std::string out;
  encode(v, out);
  return out;
}

const Uuid kUuid{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};

struct Row {
  Value value;
  const char* hex;
};

std::vector<Row> rows() {
  return {
      {Value(), "40"},
      {Value::of_bool(true), "41"},
      {Value::of_bool(false), "42"},
      {Value::of_ubyte(0), "5000"},
      {Value::of_ushort(0x102), "600102"},
      {Value::of_uint(0), "43"},
      {Value::of_uint(255), "52ff"},
      {Value::of_uint(256), "7000000100"},
      {Value::of_ulong(0), "44"},
      {Value::of_ulong(255), "53ff"},
      {Value::of_ulong(UINT64_MAX), "80ffffffffffffffff"},
      {Value::of_byte(-1), "51ff"},
      {Value::of_short(-2), "61fffe"},
      {Value::of_int(-128), "5480"},
      {Value::of_int(-129), "71ffffff7f"},
      {Value::of_int(127), "547f"},
      {Value::of_int(128), "7100000080"},
      {Value::of_long(-128), "5580"},
      {Value::of_long(128), "810000000000000080"},
      {Value::of_float(1.0F), "723f800000"},
      {Value::of_double(1.0), "823ff0000000000000"},
      {Value::of_timestamp_ms(1000), "8300000000000003e8"},
      {Value::of_uuid(kUuid), "9800112233445566778899aabbccddeeff"},
      {Value::of_binary("hi"), "a0026869"},
      {Value::of_string("hi"), "a1026869"},
      {Value::of_symbol("hi"), "a3026869"},
      {Value::list({}), "c00100"},
      {Value::list({Value::of_uint(1), Value()}), "c00402520140"},
      {Value::map().add(Value::of_symbol("a"), Value::of_uint(1)), "c10602a301615201"},
      {Value::array(Type::kSymbol, {Value::of_symbol("a")}), "e00701b30000000161"},
      {Value::array(Type::kString, {Value::of_string("0"), Value::of_string("1")}),
       "f00000000f00000002b100000001300000000131"},
      {Value::described(Value::of_ulong(0x468C00000004), Value::of_string("x")), "00800000468c00000004a10178"},
  };
}

TEST(Value, EncodesAsTheTableSaysAndReadsBackEqual) {
  for (const Row& row : rows()) {
    EXPECT_EQ(to_hex(encoded(row.value)), row.hex);
    EXPECT_EQ(Value::decode(unhex(row.hex)), row.value) << row.hex;
  }
}

TEST(Value, ArraysOfEveryTypeReadBackEqual) {
  for (const Row& row : rows()) {
    const Type type = row.value.type();
    if (type == Type::kDescribed) continue;
    const Value array = Value::array(type, {row.value, row.value});
    EXPECT_EQ(Value::decode(encoded(array)), array) << row.hex;
  }
}

TEST(Value, LongContentUsesTheWideForms) {
  const std::string text(300, 'x');
  for (const Value& v :
       {Value::of_binary(text), Value::of_string(text), Value::of_symbol(text), Value::list({Value::of_string(text)}),
        Value::map().add(Value::of_symbol(text), Value::of_string(text)),
        Value::array(Type::kSymbol, {Value::of_symbol(text)}), Value::list(std::vector<Value>(256, Value()))}) {
    EXPECT_EQ(Value::decode(encoded(v)), v);
  }
  EXPECT_EQ(encoded(Value::list({Value::of_string(text)})).substr(0, 1), "\xd0");
}

TEST(Value, ListsGoWideOneByteAfterTheShortFormIsFull) {
  // list8: size = count byte + elements ≤ 255. A string of n bytes takes n + 2.
  const Value fits = Value::list({Value::of_string(std::string(252, 'x'))});
  EXPECT_EQ(byte_at(encoded(fits), 0), 0xc0);
  EXPECT_EQ(byte_at(encoded(fits), 1), 0xff);
  const Value above = Value::list({Value::of_string(std::string(253, 'x'))});
  EXPECT_EQ(byte_at(encoded(above), 0), 0xd0);
  EXPECT_EQ(Value::decode(encoded(above)), above);
}

// R12: nothing that EH-PY cannot read leaves here.
TEST(Value, CharDecimalsAndDescribedArraysAreNeverWritten) {
  EXPECT_EQ(Value::decode(unhex("7300000041")), Value());
  EXPECT_EQ(Value::decode(unhex("7422500000")), Value());
  EXPECT_EQ(Value::decode(unhex("9422080000000000000000000000000000")), Value());
  const auto array = Value::decode(unhex("e0 06 01 73 00000041"));
  ASSERT_TRUE(array);
  EXPECT_EQ(to_hex(encoded(*array)), "f0000000050000000140");
  const Value described = Value::array(Type::kDescribed, {Value::described(Value::of_ulong(1), Value())});
  EXPECT_EQ(to_hex(encoded(described)), "c0050100530140");
}

TEST(Value, IntegersOfEveryWidthAreNumbers) {
  for (const Value& v : {Value::of_ubyte(7), Value::of_ushort(7), Value::of_uint(7), Value::of_ulong(7),
                         Value::of_byte(7), Value::of_short(7), Value::of_int(7), Value::of_long(7)}) {
    EXPECT_EQ(v.as_int64(), 7);
    EXPECT_EQ(v.as_uint64(), 7u);
    EXPECT_EQ(v.to_text(), "7");
    EXPECT_FALSE(v.as_text());
  }
  EXPECT_FALSE(Value::of_ulong(UINT64_MAX).as_int64());
  EXPECT_FALSE(Value::of_int(-1).as_uint64());
  EXPECT_EQ(Value::of_int(-1).to_text(), "-1");
  EXPECT_FALSE(Value::of_timestamp_ms(1).as_int64());
  EXPECT_EQ(Value::of_double(1.5).to_text(), "1.5");
}

TEST(Value, TextOfOtherScalars) {
  EXPECT_EQ(Value::of_uuid(kUuid).to_text(), "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(Value::of_binary("ab").to_text(), "ab");
  EXPECT_EQ(Value::of_bool(true).to_text(), "true");
  EXPECT_FALSE(Value().to_text());
  EXPECT_FALSE(Value::list({}).to_text());
}

TEST(Value, MapsKeepOrderAndFind) {
  Value map;
  map.add(Value::of_symbol("b"), Value::of_int(1)).add(Value::of_string("a"), Value::of_int(2));
  EXPECT_EQ(map.entry_count(), 2u);
  EXPECT_EQ(map.key(0).as_text(), "b");
  EXPECT_EQ(map.find("a")->as_int64(), 2);
  EXPECT_EQ(map.find("c"), nullptr);
  EXPECT_TRUE(map.key(2).is_null());
  EXPECT_EQ(Value::of_int(1).find("a"), nullptr);
}

TEST(Value, DecodeOfBytesWantsExactlyOneValue) {
  EXPECT_FALSE(Value::decode(ByteView{}));
  EXPECT_FALSE(Value::decode(unhex("4040")));
}

TEST(Uuid, TextForms) {
  EXPECT_EQ(parse_uuid("00112233-4455-6677-8899-AABBCCDDEEFF"), kUuid);
  EXPECT_EQ(format_uuid(kUuid), "00112233-4455-6677-8899-aabbccddeeff");
  for (const char* bad : {"", "00112233-4455-6677-8899-aabbccddeef", "00112233-4455-6677-8899-aabbccddeeff0",
                          "001122334455-6677-8899-aabbccddeeff-", "g0112233-4455-6677-8899-aabbccddeeff",
                          "00112233_4455-6677-8899-aabbccddeeff"}) {
    EXPECT_FALSE(parse_uuid(bad)) << bad;
  }
}

TEST(Writer, ItemsOfEveryScalarTypeAreWrittenAsTheyWere) {
  for (const Row& row : rows()) {
    const std::string bytes = unhex(row.hex);
    std::string out;
    Writer(out).item(Reader(bytes).next());
    EXPECT_EQ(to_hex(out), row.hex);
  }
}

TEST(Writer, MalformedCompoundsAreWrittenAsNull) {
  const std::string odd_map = unhex("c103015201");
  std::string out;
  Writer(out).item(Reader(odd_map).next());
  EXPECT_EQ(to_hex(out), "40");
}

}  // namespace
}  // namespace nave::wire::amqp
