// A message in place: sections are located once, in whatever order they come, and decoded when asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "wire/amqp/item.h"
#include "wire/amqp/reader.h"

namespace nave::wire::amqp {

// The 13 fields of the properties section. Ids may be string, ulong, uuid or binary and are echoed with the type they
// came in: keep Value::decode(properties.message_id) and write it back with Value::view().
struct Properties {
  Item message_id;
  std::optional<ByteView> user_id;
  std::optional<std::string_view> to;
  std::optional<std::string_view> subject;
  std::optional<std::string_view> reply_to;
  Item correlation_id;
  std::optional<std::string_view> content_type;      // written as a symbol, read from string too
  std::optional<std::string_view> content_encoding;  // likewise
  std::optional<int64_t> absolute_expiry_time_ms;
  std::optional<int64_t> creation_time_ms;
  std::optional<std::string_view> group_id;
  std::optional<uint32_t> group_sequence;
  std::optional<std::string_view> reply_to_group_id;
};

struct Header {
  std::optional<bool> durable;
  std::optional<uint8_t> priority;
  std::optional<uint32_t> ttl_ms;
  std::optional<bool> first_acquirer;
  std::optional<uint32_t> delivery_count;
};

enum class BodyKind : uint8_t { kNone, kData, kValue, kSequence };

// Views into the bytes given to parse(), valid as long as they are.
class MessageView {
 public:
  // nullopt if the bytes are not a row of described values, or a section's outermost value is of a wrong type. Sections
  // with unknown descriptors are skipped. Of sections that may occur once, the first counts.
  [[nodiscard]] static std::optional<MessageView> parse(ByteView encoded);

  // Null items where the section is absent. Walk the maps with for_each_entry()/find_entry() (reader.h).
  [[nodiscard]] const Item& delivery_annotations() const { return delivery_annotations_; }
  [[nodiscard]] const Item& message_annotations() const { return message_annotations_; }
  [[nodiscard]] const Item& application_properties() const { return application_properties_; }
  [[nodiscard]] const Item& footer() const { return footer_; }
  // Fields of a wrong type read as absent; nullopt if the list itself is malformed. An absent section is all-absent.
  [[nodiscard]] std::optional<Header> header() const;
  [[nodiscard]] std::optional<Properties> properties() const;

  [[nodiscard]] BodyKind body_kind() const { return body_kind_; }
  // The value of the (first) AmqpValue or AmqpSequence section; null otherwise.
  [[nodiscard]] const Item& body_value() const { return body_value_; }
  [[nodiscard]] size_t data_count() const { return data_count_; }
  // The Data sections as one: a view of the message if there is one section, else of `scratch`, which is overwritten.
  // AmqpValue with binary or string content counts as data (§4.1). Empty if there is no such body.
  [[nodiscard]] ByteView data(std::string& scratch) const;
  // Calls f(ByteView) for each Data section in order until it returns false: the messages of a batch (kBatchFormat).
  template <class F>
  void for_each_data(F f) const {
    Reader reader(encoded_);
    while (!reader.done()) {
      const auto section = reader.next_described();
      if (!section || section->code != static_cast<uint64_t>(Code::kData)) continue;
      if (!f(section->value.body)) return;
    }
  }

 private:
  bool take(uint64_t code, const Item& value);

  ByteView encoded_;
  Item header_;
  Item delivery_annotations_;
  Item message_annotations_;
  Item properties_;
  Item application_properties_;
  Item footer_;
  Item body_value_;
  ByteView first_data_;
  size_t data_count_ = 0;
  BodyKind body_kind_ = BodyKind::kNone;
};

}  // namespace nave::wire::amqp
