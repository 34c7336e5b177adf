// Builds an encoded message by appending sections to a string. The caller writes sections in the order of the standard:
// header, delivery annotations, message annotations, properties, application properties, body.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "wire/amqp/message.h"
#include "wire/amqp/writer.h"

namespace nave::wire::amqp {

// One map, entry by entry. end() must be the last call, before anything else is written to the string.
class MapWriter {
 public:
  enum class Keys : uint8_t { kSymbol, kString };
  MapWriter(std::string& out, Keys keys);

  void null(std::string_view key);
  void boolean(std::string_view key, bool v);
  void ubyte(std::string_view key, uint8_t v);
  void uint(std::string_view key, uint32_t v);
  void ulong(std::string_view key, uint64_t v);
  void sint(std::string_view key, int32_t v);
  void slong(std::string_view key, int64_t v);
  void timestamp_ms(std::string_view key, int64_t v);
  void string(std::string_view key, std::string_view v);
  void symbol(std::string_view key, std::string_view v);
  void binary(std::string_view key, ByteView v);
  void uuid(std::string_view key, const Uuid& v);
  void value(std::string_view key, const Value& v);
  void item(std::string_view key, const Item& v);
  void end() { writer_.end(mark_, count_); }

 private:
  Writer& put(std::string_view key);

  Writer writer_;
  Keys keys_;
  Writer::Mark mark_;
  uint32_t count_ = 0;
};

class MessageWriter {
 public:
  // Appends to `out`, which outlives the writer.
  explicit MessageWriter(std::string& out) : out_(out), writer_(out) {}

  void header(const Header& header);
  void properties(const Properties& properties);
  // Map sections: fill the returned writer and end() it before the next section.
  [[nodiscard]] MapWriter delivery_annotations() { return map(Code::kDeliveryAnnotations, MapWriter::Keys::kSymbol); }
  [[nodiscard]] MapWriter message_annotations() { return map(Code::kMessageAnnotations, MapWriter::Keys::kSymbol); }
  [[nodiscard]] MapWriter application_properties() {
    return map(Code::kApplicationProperties, MapWriter::Keys::kString);
  }
  // AmqpValue holding a map with string keys (management replies, §9.5).
  [[nodiscard]] MapWriter value_map() { return map(Code::kAmqpValue, MapWriter::Keys::kString); }
  void data(ByteView payload);
  void value(const Value& value);

 private:
  MapWriter map(Code section, MapWriter::Keys keys);

  std::string& out_;
  Writer writer_;
};

}  // namespace nave::wire::amqp
