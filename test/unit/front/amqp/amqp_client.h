// A small AMQP client for tests, built from the codec: writes performatives as the SDKs do and takes the server's
// frames apart. Over a FakeTransport everything happens inside the calls; the simulator has a transport of its own.
#pragma once

#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "support/fake_transport.h"
#include "wire/amqp/message.h"
#include "wire/amqp/message_writer.h"
#include "wire/amqp/performatives.h"
#include "wire/amqp/reader.h"

namespace nave::test {

namespace wamqp = wire::amqp;

// One frame of the server.
struct AmqpFrame {
  uint8_t type = 0;
  uint16_t channel = 0;
  std::string body;  // performative and payload

  [[nodiscard]] std::optional<wamqp::Code> code() const {
    const auto open = described();
    return open && open->code ? std::optional(static_cast<wamqp::Code>(*open->code)) : std::nullopt;
  }
  [[nodiscard]] std::optional<wamqp::DescribedItem> described() const {
    wamqp::Reader reader(body);
    return wamqp::open_described(reader.next());
  }
  [[nodiscard]] ByteView payload() const {
    wamqp::Reader reader(body);
    reader.next();
    return reader.rest();
  }
  template <class Performative>
  [[nodiscard]] Performative as() const {
    Performative out;
    const auto open = described();
    if (!open || !wamqp::decode(open->value, out)) throw std::runtime_error("a frame could not be decoded");
    return out;
  }
};

// A whole message from the server.
struct AmqpMessage {
  uint16_t channel = 0;
  uint32_t handle = 0;
  std::string tag;
  bool settled = false;
  uint32_t format = 0;
  std::string bytes;
  uint32_t delivery = 0;  // the id that a disposition names
  [[nodiscard]] wamqp::MessageView view() const { return wamqp::MessageView::parse(bytes).value(); }
};

// `Transport` has deliver(), which takes bytes to the server, and take_sent(), which gives what came from it.
template <class Transport>
class BasicAmqpClient {
 public:
  explicit BasicAmqpClient(Transport& transport) : transport_(transport) {}

  // --- the start of a connection.
  void bare_header() { transport_.deliver(ByteView("AMQP\x00\x01\x00\x00", 8)); }
  void sasl(std::string_view mechanism, std::optional<std::string> response = {}) {
    transport_.deliver(ByteView("AMQP\x03\x01\x00\x00", 8));
    std::string body;
    wamqp::Writer writer(body);
    writer.descriptor(wamqp::Code::kSaslInit);
    const auto list = writer.begin_list();
    writer.symbol(mechanism);
    writer.optional_binary(response ? std::optional<ByteView>(*response) : std::nullopt);
    writer.null();
    writer.end(list, 3);
    frame(1, 0, body);
  }
  void plain(const std::string& user, const std::string& password) { sasl("PLAIN", '\0' + user + '\0' + password); }
  void open() {
    wamqp::Open v;
    v.container_id = "test";
    v.hostname = "hub.example";
    v.max_frame_size = 65536;
    send(0, v);
  }
  void begin(uint16_t channel) {
    wamqp::Begin v;
    v.next_outgoing_id = 0;
    v.incoming_window = 100000;
    v.outgoing_window = 100000;
    send(channel, v);
  }
  // Header without SASL, open, one session on channel 0.
  void connect() {
    bare_header();
    open();
    begin(0);
  }

  // --- links.
  void attach(uint16_t channel, const wamqp::Attach& v) { send(channel, v); }
  [[nodiscard]] static wamqp::Attach sender(uint32_t handle, std::string name, std::string_view target) {
    wamqp::Attach v = link(handle, std::move(name), wamqp::Role::kSender);
    v.target->address = wamqp::Value::of_string(target);
    v.initial_delivery_count = 0;
    return v;
  }
  [[nodiscard]] static wamqp::Attach receiver(uint32_t handle, std::string name, std::string_view source) {
    wamqp::Attach v = link(handle, std::move(name), wamqp::Role::kReceiver);
    v.source->address = wamqp::Value::of_string(source);
    return v;
  }
  void credit(uint16_t channel, uint32_t handle, uint32_t n, uint32_t delivery_count = 0, bool drain = false) {
    wamqp::Flow v;
    v.next_incoming_id = 1;
    v.incoming_window = 100000;
    v.outgoing_window = 100000;
    v.handle = handle;
    v.delivery_count = delivery_count;
    v.link_credit = n;
    v.drain = drain;
    send(channel, v);
  }
  void transfer(uint16_t channel, uint32_t handle, ByteView message, ByteView tag = "t", bool settled = false,
                uint32_t format = 0) {
    constexpr size_t kPartBytes = 60'000;
    wamqp::Transfer v;
    v.handle = handle;
    v.delivery_id = next_delivery_++;
    v.delivery_tag = tag;
    v.message_format = format;
    v.settled = settled;
    do {
      const ByteView part = message.substr(0, kPartBytes);
      message.remove_prefix(part.size());
      v.more = !message.empty();
      std::string body;
      wamqp::encode(v, body);
      frame(0, channel, body.append(part));
      v.delivery_id.reset();
    } while (!message.empty());
  }
  // The delivery-id of the last transfer.
  [[nodiscard]] uint32_t last_delivery() const { return next_delivery_ - 1; }
  // What became of a message from the server.
  void disposition(uint16_t channel, uint32_t delivery, bool settled, const wamqp::Outcome& outcome) {
    std::string body;
    wamqp::encode_disposition(wamqp::Role::kReceiver, delivery, std::nullopt, settled, outcome, body);
    frame(0, channel, body);
  }
  // As old SDKs for Node reject: the list holds a bare string (reference/amqp.md §11).
  void malformed_rejection(uint16_t channel, uint32_t delivery) {
    std::string body;
    wamqp::Writer writer(body);
    writer.descriptor(wamqp::Code::kDisposition);
    const auto list = writer.begin_list();
    writer.boolean(true);
    writer.uint(delivery);
    writer.uint(delivery);
    writer.boolean(true);
    writer.descriptor(wamqp::Code::kRejected);
    const auto inner = writer.begin_list();
    writer.string("rejected");
    writer.end(inner, 1);
    writer.end(list, 5);
    frame(0, channel, body);
  }
  void detach(uint16_t channel, uint32_t handle) {
    wamqp::Detach v;
    v.handle = handle;
    v.closed = true;
    send(channel, v);
  }

  // --- what came. Each call takes the oldest frame of that kind; empty if there is none.
  [[nodiscard]] std::optional<AmqpFrame> take(wamqp::Code code) {
    poll();
    for (auto it = frames_.begin(); it != frames_.end(); ++it) {
      if (it->code() != code) continue;
      AmqpFrame found = std::move(*it);
      frames_.erase(it);
      return found;
    }
    return std::nullopt;
  }
  // The oldest frame of all.
  [[nodiscard]] std::optional<AmqpFrame> take() {
    poll();
    if (frames_.empty()) return std::nullopt;
    AmqpFrame oldest = std::move(frames_.front());
    frames_.pop_front();
    return oldest;
  }
  // The oldest whole message, put together from its transfers.
  [[nodiscard]] std::optional<AmqpMessage> take_message() {
    std::optional<AmqpMessage> message;
    while (const std::optional<AmqpFrame> f = take(wamqp::Code::kTransfer)) {
      const auto t = f->as<wamqp::Transfer>();
      if (!message) {
        message = AmqpMessage{f->channel,
                              t.handle,
                              std::string(t.delivery_tag.value_or("")),
                              t.settled.value_or(false),
                              t.message_format.value_or(0),
                              {},
                              t.delivery_id.value_or(0)};
      }
      message->bytes.append(f->payload());
      if (!t.more) break;
    }
    return message;
  }
  [[nodiscard]] std::vector<wamqp::Code> codes() {
    poll();
    std::vector<wamqp::Code> out;
    for (const AmqpFrame& f : frames_) {
      if (const auto c = f.code()) out.push_back(*c);
    }
    return out;
  }
  void forget() {
    poll();
    frames_.clear();
  }

  void frame(uint8_t type, uint16_t channel, ByteView body) {
    std::string bytes;
    append_be(bytes, static_cast<uint32_t>(8 + body.size()));
    bytes.push_back(2);
    bytes.push_back(static_cast<char>(type));
    append_be(bytes, channel);
    transport_.deliver(bytes.append(body));
  }

 private:
  template <class Performative>
  void send(uint16_t channel, const Performative& v) {
    std::string body;
    wamqp::encode(v, body);
    frame(0, channel, body);
  }
  [[nodiscard]] static wamqp::Attach link(uint32_t handle, std::string name, wamqp::Role role) {
    wamqp::Attach v;
    v.name = std::move(name);
    v.handle = handle;
    v.role = role;
    v.source.emplace();
    v.target.emplace();
    return v;
  }
  void poll() {
    bytes_ += transport_.take_sent();
    while (bytes_.size() >= 8) {
      if (bytes_.starts_with("AMQP")) {
        bytes_.erase(0, 8);
        continue;
      }
      const auto size = load_be<uint32_t>(bytes_.data());
      if (bytes_.size() < size) return;
      const size_t header = 4u * byte_at(bytes_, 4);
      frames_.push_back(
          {byte_at(bytes_, 5), load_be<uint16_t>(bytes_.data() + 6), bytes_.substr(header, size - header)});
      bytes_.erase(0, size);
    }
  }

  Transport& transport_;
  std::string bytes_;
  std::deque<AmqpFrame> frames_;
  uint32_t next_delivery_ = 0;
};
using AmqpClient = BasicAmqpClient<FakeTransport>;

// A request for $cbs or $management. `id` keeps its type.
inline std::string amqp_request(const wamqp::Value& id, std::string_view reply_to,
                                const std::vector<std::pair<std::string, std::string>>& properties,
                                const wamqp::Value& body) {
  std::string out;
  wamqp::MessageWriter writer(out);
  wamqp::Properties p;
  p.message_id = id.view();
  if (!reply_to.empty()) p.reply_to = reply_to;
  writer.properties(p);
  auto map = writer.application_properties();
  for (const auto& [key, value] : properties) map.string(key, value);
  map.end();
  if (!body.is_null()) writer.value(body);
  return out;
}

}  // namespace nave::test
