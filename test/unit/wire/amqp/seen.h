// Reads what we write the way the strictest client does: by fixed positions (EH-PY, reference/amqp.md §1). Independent
// of our own Reader for the performative itself; field values are read with Value::decode.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "wire/amqp/reader.h"
#include "wire/amqp/types.h"
#include "wire/amqp/value.h"

namespace nave::wire::amqp::test {

// A frame that we wrote.
struct Seen {
  std::string bytes;  // the whole frame
  uint8_t type = 0;
  uint16_t channel = 0;
  Code code{};
  std::vector<Value> fields;
  std::string payload;

  [[nodiscard]] uint64_t num(size_t i) const { return fields.at(i).as_uint64().value_or(0xdeadbeef); }
  [[nodiscard]] bool flag(size_t i) const { return fields.at(i).as_bool().value_or(false); }
  [[nodiscard]] bool null(size_t i) const { return fields.at(i).is_null(); }
  // Elements of a described list: terminus, error, outcome.
  [[nodiscard]] const std::vector<Value>& inner(size_t i) const { return fields.at(i).described_value().elements(); }
  [[nodiscard]] uint64_t inner_code(size_t i) const { return fields.at(i).descriptor().as_uint64().value_or(0); }
  // Of an error in field i.
  [[nodiscard]] std::string condition(size_t i) const {
    return inner(i).empty() ? "" : std::string(inner(i)[0].as_text().value_or(""));
  }
};

inline size_t full_length(Code code) {  // R1
  static const std::map<Code, size_t> kLengths = {
      {Code::kOpen, 10},      {Code::kBegin, 8},          {Code::kAttach, 14},
      {Code::kFlow, 11},      {Code::kTransfer, 11},      {Code::kDetach, 3},
      {Code::kEnd, 1},        {Code::kClose, 1},          {Code::kDisposition, 6},
      {Code::kError, 3},      {Code::kSaslMechanisms, 1}, {Code::kSaslOutcome, 2},
      {Code::kSource, 11},    {Code::kTarget, 7},         {Code::kRejected, 1},
      {Code::kReceived, 2},   {Code::kModified, 3},       {Code::kHeader, 5},
      {Code::kProperties, 13}};
  const auto found = kLengths.find(code);
  return found == kLengths.end() ? 0 : found->second;
}

// Described lists inside a field have their full length too, unless they are the two empty outcomes.
inline void expect_full_inside(const Value& value) {
  if (value.type() != Type::kDescribed) return;
  const auto code = static_cast<Code>(value.descriptor().as_uint64().value_or(0));
  if (full_length(code) > 0) {
    EXPECT_EQ(value.described_value().elements().size(), full_length(code));
  }
  for (const Value& element : value.described_value().elements()) expect_full_inside(element);
}

// EH-PY's decode_frame: descriptor in byte 2, list header from byte 3, list8 unless 0xd0.
inline Seen read_body(ByteView body) {
  Seen out;
  EXPECT_GE(body.size(), 6u);
  EXPECT_EQ(body.substr(0, 2), ByteView("\x00\x53", 2));  // R3
  out.code = static_cast<Code>(byte_at(body, 2));
  const uint8_t list = byte_at(body, 3);
  EXPECT_TRUE(list == 0xc0 || list == 0xd0) << int{list};  // R2
  const bool wide = list == 0xd0;
  const size_t count = wide ? load_be<uint32_t>(body.data() + 8) : byte_at(body, 5);
  EXPECT_EQ(count, full_length(out.code)) << "R1, code " << static_cast<int>(out.code);
  const size_t size = wide ? load_be<uint32_t>(body.data() + 4) + 8 : byte_at(body, 4) + size_t{5};
  Reader reader(body.substr(wide ? 12 : 6));
  for (size_t i = 0; i < count; ++i) {
    auto value = Value::decode(reader.next());
    EXPECT_TRUE(value.has_value());
    expect_full_inside(*value);
    out.fields.push_back(std::move(*value));
  }
  EXPECT_FALSE(reader.failed());
  out.payload = std::string(reader.rest());
  EXPECT_EQ(size + out.payload.size(), body.size()) << "list size";
  EXPECT_TRUE(out.payload.empty() || out.code == Code::kTransfer);
  return out;
}

// Frames in order; protocol headers are skipped, heartbeats have code 0.
inline std::vector<Seen> read_output(ByteView bytes) {
  std::vector<Seen> out;
  while (!bytes.empty()) {
    if (bytes.starts_with("AMQP")) {
      bytes.remove_prefix(8);
      continue;
    }
    const size_t size = bytes.size() < 8 ? 0 : load_be<uint32_t>(bytes.data());
    if (size < 8 || size > bytes.size() || byte_at(bytes, 4) != 2) {
      ADD_FAILURE() << "broken frame: " << to_hex(bytes);
      return out;
    }
    Seen seen = size == 8 ? Seen{} : read_body(bytes.substr(8, size - 8));
    seen.bytes = std::string(bytes.substr(0, size));
    seen.type = byte_at(bytes, 5);
    seen.channel = load_be<uint16_t>(bytes.data() + 6);
    out.push_back(std::move(seen));
    bytes.remove_prefix(size);
  }
  return out;
}

inline std::vector<Code> codes(const std::vector<Seen>& frames) {
  std::vector<Code> out;
  for (const Seen& f : frames) out.push_back(f.code);
  return out;
}

}  // namespace nave::wire::amqp::test
