#include "wire/amqp/reader.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "hex.h"
#include "wire/amqp/value.h"

namespace nave::wire::amqp {
namespace {

using test::unhex;

struct Encoding {
  const char* hex;
  Type type;
  uint64_t bits;
};

class EveryFixedConstructor : public ::testing::TestWithParam<Encoding> {};

TEST_P(EveryFixedConstructor, IsReadWhole) {
  const std::string bytes = unhex(GetParam().hex);
  Reader reader(bytes);
  const Item item = reader.next();
  EXPECT_FALSE(reader.failed());
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(item.type, GetParam().type);
  EXPECT_EQ(item.bits, GetParam().bits);
  EXPECT_EQ(item.encoded, bytes);
}

TEST_P(EveryFixedConstructor, FailsWhenAnyByteIsMissing) {
  const std::string bytes = unhex(GetParam().hex);
  for (size_t n = 0; n < bytes.size(); ++n) {
    Reader reader(ByteView(bytes).substr(0, n));
    EXPECT_TRUE(reader.next().is_null());
    EXPECT_TRUE(reader.failed()) << n;
  }
}

constexpr uint64_t kMinus1 = UINT64_MAX;

INSTANTIATE_TEST_SUITE_P(
    Table, EveryFixedConstructor,
    ::testing::Values(Encoding{"40", Type::kNull, 0}, Encoding{"41", Type::kBoolean, 1},
                      Encoding{"42", Type::kBoolean, 0}, Encoding{"5601", Type::kBoolean, 1},
                      Encoding{"5600", Type::kBoolean, 0}, Encoding{"50ff", Type::kUbyte, 255},
                      Encoding{"60ffff", Type::kUshort, 65535}, Encoding{"43", Type::kUint, 0},
                      Encoding{"52ff", Type::kUint, 255}, Encoding{"70ffffffff", Type::kUint, 0xffffffff},
                      Encoding{"44", Type::kUlong, 0}, Encoding{"53ff", Type::kUlong, 255},
                      Encoding{"80ffffffffffffffff", Type::kUlong, UINT64_MAX}, Encoding{"51ff", Type::kByte, kMinus1},
                      Encoding{"61ffff", Type::kShort, kMinus1}, Encoding{"54ff", Type::kInt, kMinus1},
                      Encoding{"71ffffffff", Type::kInt, kMinus1}, Encoding{"717fffffff", Type::kInt, 0x7fffffff},
                      Encoding{"55ff", Type::kLong, kMinus1}, Encoding{"81ffffffffffffffff", Type::kLong, kMinus1},
                      Encoding{"723f800000", Type::kFloat, 0x3f800000},
                      Encoding{"823ff0000000000000", Type::kDouble, 0x3ff0000000000000},
                      Encoding{"7300000041", Type::kChar, 0x41}, Encoding{"7422500000", Type::kDecimal, 0x22500000},
                      Encoding{"842238000000000000", Type::kDecimal, 0x2238000000000000},
                      Encoding{"9422080000000000000000000000000000", Type::kDecimal, 0},
                      Encoding{"8300000000000003e8", Type::kTimestamp, 1000}, Encoding{"45", Type::kList, 0},
                      Encoding{"98000102030405060708090a0b0c0d0e0f", Type::kUuid, 0}));

struct Text {
  const char* hex;
  Type type;
  const char* body;
};

class EveryVariableConstructor : public ::testing::TestWithParam<Text> {};

TEST_P(EveryVariableConstructor, IsReadWhole) {
  const std::string bytes = unhex(GetParam().hex);
  Reader reader(bytes);
  const Item item = reader.next();
  EXPECT_TRUE(reader.done() && !reader.failed());
  EXPECT_EQ(item.type, GetParam().type);
  EXPECT_EQ(item.body, GetParam().body);
}

TEST_P(EveryVariableConstructor, FailsWhenAnyByteIsMissing) {
  const std::string bytes = unhex(GetParam().hex);
  for (size_t n = 1; n < bytes.size(); ++n) {
    Reader reader(ByteView(bytes).substr(0, n));
    reader.next();
    EXPECT_TRUE(reader.failed()) << n;
  }
}

INSTANTIATE_TEST_SUITE_P(Table, EveryVariableConstructor,
                         ::testing::Values(Text{"a0026869", Type::kBinary, "hi"},
                                           Text{"b0000000026869", Type::kBinary, "hi"}, Text{"a100", Type::kString, ""},
                                           Text{"a1026869", Type::kString, "hi"},
                                           Text{"b1000000026869", Type::kString, "hi"},
                                           Text{"a3026869", Type::kSymbol, "hi"},
                                           Text{"b3000000026869", Type::kSymbol, "hi"}));

TEST(Reader, RejectsEveryConstructorThatDoesNotExist) {
  const std::string known = unhex("00404142434445505152535455566061707172737480818283849498a0a1a3b0b1b3c0c1d0d1e0f0");
  for (int code = 0; code < 256; ++code) {
    if (known.find(static_cast<char>(code)) != std::string::npos) continue;
    const std::string bytes = std::string(1, static_cast<char>(code)) + std::string(40, '\0');
    Reader reader(bytes);
    reader.next();
    EXPECT_TRUE(reader.failed()) << code;
  }
}

TEST(Reader, ListsMapsAndArraysOfBothWidths) {
  for (const char* hex : {"c0 05 02 5201 5202", "d0 00000008 00000002 5201 5202", "c1 05 02 5201 5202",
                          "d1 00000008 00000002 5201 5202", "e0 04 02 52 0102", "f0 00000007 00000002 52 01 02"}) {
    const std::string bytes = unhex(hex);
    Reader reader(bytes);
    const Item item = reader.next();
    ASSERT_FALSE(reader.failed()) << hex;
    EXPECT_TRUE(reader.done());
    Elements elements(item);
    EXPECT_EQ(elements.next().as_int64(), 1) << hex;
    EXPECT_EQ(elements.next().as_int64(), 2) << hex;
    EXPECT_TRUE(elements.done() && !elements.failed());
    EXPECT_TRUE(elements.next().is_null());  // a field that was left off
    EXPECT_FALSE(elements.failed());
  }
}

TEST(Reader, ArraysOfVariableAndCompoundElements) {
  const std::string symbols = unhex("e0 0c 02 b3 00000001 61 00000001 62");
  Elements elements(Reader(symbols).next());
  EXPECT_EQ(elements.next().as_text(), "a");
  EXPECT_EQ(elements.next().as_text(), "b");
  EXPECT_FALSE(elements.failed());
  const std::string lists = unhex("e0 06 01 c0 03 01 5205");
  const auto value = Value::decode(lists);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->elements().at(0).elements().at(0).as_int64(), 5);
}

TEST(Reader, ADescriptorOnArrayElementsIsSkipped) {
  const std::string bytes = unhex("e0 06 01 00 5324 52 07");
  Elements elements(Reader(bytes).next());
  EXPECT_EQ(elements.next().as_int64(), 7);
  EXPECT_FALSE(elements.failed());
}

TEST(Reader, DescribedValuesWithNumericSymbolicAndDescribedDescriptors) {
  const auto numeric = open_described(Reader(unhex("00 53 24 45")).next());
  ASSERT_TRUE(numeric);
  EXPECT_EQ(numeric->code, 0x24u);
  const std::string wide = unhex("00 80 0000468c00000004 a10131");
  EXPECT_EQ(open_described(Reader(wide).next())->code, 0x468C00000004u);
  const std::string symbolic = unhex("00 a30161 a10131");
  const auto open = open_described(Reader(symbolic).next());
  EXPECT_FALSE(open->code);
  EXPECT_EQ(open->descriptor.as_text(), "a");
  EXPECT_EQ(open->value.as_text(), "1");
  const std::string nested = unhex("00 00 5301 5302 5303");
  EXPECT_EQ(open_described(Reader(nested).next())->value.bits, 3u);
  EXPECT_FALSE(open_described(Item{}));
}

// Bytes that announce more than is there, or make no sense.
TEST(Reader, HostileTable) {
  for (const char* hex : {
           "c0",                  // no size
           "c000",                // no count
           "c00000",              // size does not cover the count
           "c0ff01",              // size beyond the end
           "c00105",              // more elements than bytes
           "d0ffffffff00000000",  // 4 GiB list
           "d000000004ffffffff",  // 4 billion elements in no bytes
           "d00000000300000000",  // size smaller than the count field
           "b0ffffffff00",        // 4 GiB binary
           "a0ff00",              //
           "00",                  // descriptor missing
           "0053",                // descriptor cut
           "005324",              // value missing
           "0040",                //
       }) {
    const std::string bytes = unhex(hex);
    Reader reader(bytes);
    reader.next();
    EXPECT_TRUE(reader.failed()) << hex;
    EXPECT_FALSE(Value::decode(bytes)) << hex;
  }
}

TEST(Elements, HostileArraysAndMaps) {
  for (const char* hex : {
           "f0 00000005 ffffffff 40",  // 4 billion nulls
           "e0 02 05 50",              // five bytes announced, none there
           "e0 01 01",                 // no constructor
           "e0 02 01 00",              // descriptor of the elements missing
           "e0 03 01 b0 05",           // element cut
           "e0 02 01 57",              // unknown constructor
           "c1 03 01 5201",            // a map with an odd count
       }) {
    EXPECT_FALSE(Value::decode(unhex(hex))) << hex;
  }
}

TEST(Elements, ZeroWidthArraysUpToTheLimitOfValues) {
  std::string bytes = unhex("f0 00000005 00000000 41");
  store_be(&bytes[5], static_cast<uint32_t>(limits::kAmqpValueNodesMax - 1));
  const auto value = Value::decode(bytes);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->elements().size(), limits::kAmqpValueNodesMax - 1);
  store_be(&bytes[5], static_cast<uint32_t>(limits::kAmqpValueNodesMax));
  EXPECT_FALSE(Value::decode(bytes));  // with the array itself one too many
  store_be(&bytes[5], static_cast<uint32_t>(limits::kAmqpValueNodesMax + 1));
  EXPECT_FALSE(Value::decode(bytes));
}

std::string nested_lists(size_t depth) {
  std::string bytes = "\x45";
  for (size_t i = 1; i < depth; ++i) {
    std::string outer = "\xd0";
    append_be(outer, static_cast<uint32_t>(bytes.size() + 4));
    append_be(outer, uint32_t{1});
    bytes = outer + bytes;
  }
  return bytes;
}

TEST(Reader, NestingUpToTheLimit) {
  EXPECT_TRUE(Value::decode(nested_lists(limits::kAmqpNestingDepthMax)));
  EXPECT_FALSE(Value::decode(nested_lists(limits::kAmqpNestingDepthMax + 1)));
  EXPECT_FALSE(Value::decode(nested_lists(500)));
}

TEST(Reader, NestedDescriptorsUpToTheLimit) {
  // Each zero opens a described value whose descriptor is described again.
  EXPECT_TRUE(Reader(std::string(3, '\0') + std::string(4, '\x40')).next().type == Type::kDescribed);
  const std::string bomb(100'000, '\0');
  Reader reader(bomb);
  reader.next();
  EXPECT_TRUE(reader.failed());
}

TEST(Entries, FindAndForEach) {
  const std::string bytes = unhex("c1 0b 04 a10161 5201 a30162 5202");
  const Item map = Reader(bytes).next();
  EXPECT_EQ(find_entry(map, "a").as_int64(), 1);
  EXPECT_EQ(find_entry(map, "b").as_int64(), 2);
  EXPECT_TRUE(find_entry(map, "c").is_null());
  EXPECT_TRUE(find_entry(Item{}, "c").is_null());
  EXPECT_TRUE(for_each_entry(Item{}, [](const Item&, const Item&) { return false; }));
  EXPECT_FALSE(for_each_entry(Reader("\x45").next(), [](const Item&, const Item&) { return true; }));
  int seen = 0;
  EXPECT_TRUE(for_each_entry(map, [&](const Item&, const Item&) { return ++seen < 1; }));
  EXPECT_EQ(seen, 1);
}

}  // namespace
}  // namespace nave::wire::amqp
