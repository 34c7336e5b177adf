#include "front/eventhub/attach_request.h"

#include "front/amqp/errors.h"
#include "front/eventhub/event_message.h"
#include "front/eventhub/filter.h"

namespace nave::front::eventhub {
namespace {

using Kind = hub::EventPosition::Kind;
using wire::amqp::Value;

constexpr std::string_view kSelector = "apache.org:selector-filter:string";
constexpr std::string_view kMetric = "com.microsoft:enable-receiver-runtime-metric";

// The SDKs describe the selector with the symbol or with one of two numbers; some name the entry differently.
bool is_selector(const Value& key, const Value& value) {
  if (key.as_text() == kSelector) return true;
  if (value.type() != wire::amqp::Type::kDescribed) return false;
  const Value& descriptor = value.descriptor();
  return descriptor.as_text() == kSelector || descriptor.as_uint64() == 0x468C00000004 ||
         descriptor.as_uint64() == 0x137000000A;
}

Result<std::optional<std::string>, std::string> find_selector(const Value& filter) {
  for (size_t i = 0; i < filter.entry_count(); ++i) {
    const Value& value = filter.value(i);
    if (!is_selector(filter.key(i), value)) continue;
    const Value& plain = value.type() == wire::amqp::Type::kDescribed ? value.described_value() : value;
    const auto text = plain.as_text();
    if (!text) return fail(std::string("The supplied filter is not a string."));
    return std::optional<std::string>(*text);
  }
  return std::optional<std::string>();
}

}  // namespace

Result<AttachRequest, std::string> read_attach(const wire::amqp::Attach& attach) {
  AttachRequest request;
  if (attach.source) {
    const auto selector = find_selector(attach.source->filter);
    if (!selector) return fail(selector.error());
    if (*selector) {
      const auto position = parse_selector(**selector);
      if (!position) return fail(amqp::printable(position.error()));
      request.position = *position;
    }
  }
  if (const Value* const epoch = attach.properties.find("com.microsoft:epoch")) {
    request.epoch = epoch->as_int64();
    if (!request.epoch) return fail(std::string("The epoch must be a 64-bit integer."));
  }
  if (const Value* const name = attach.properties.find("com.microsoft:receiver-name"))
    request.receiver_name =
        amqp::printable(name->as_text().value_or(std::string_view{}).substr(0, kReceiverNameBytesMax));
  request.wants_metric = attach.desires(kMetric);
  return request;
}

Result<void, std::string> check_position(const hub::EventPosition& position, const hub::PartitionInfo& info) {
  const int64_t slack = position.inclusive ? 1 : 0;  // "from the next one on" is a position a reader can know
  if (position.kind == Kind::kOffset && position.value > info.last_offset + slack)
    return fail("The supplied offset '" + offset_text(position.value) +
                "' is invalid. The last offset in the system is '" + offset_text(info.last_offset) + "'");
  if (position.kind == Kind::kSequence && position.value > info.last_sequence.value() + slack)
    return fail("The supplied sequence number '" + offset_text(position.value) +
                "' is invalid. The last sequence number in the system is '" + offset_text(info.last_sequence.value()) +
                "'");
  return {};
}

}  // namespace nave::front::eventhub
