#include "app/client/amqp_client.h"

#include <algorithm>
#include <stdexcept>

#include "base/limits.h"
#include "base/random.h"
#include "wire/amqp/reader.h"
#include "wire/amqp/writer.h"

namespace nave::app {
namespace {

namespace amqp = wire::amqp;

constexpr int kHandshakeTimeoutMs = 30'000;
constexpr uint32_t kWindow = 5000;
constexpr uint32_t kHeartbeatMs = 60'000;
constexpr char kSaslHeader[] = "AMQP\x03\x01\x00\x00";
constexpr char kAmqpHeader[] = "AMQP\x00\x01\x00\x00";
constexpr size_t kHeaderBytes = 8;
constexpr size_t kTransferBytesMax = 60'000;  // leaves room in a frame for what precedes a message

amqp::Terminus terminus(const std::string& address) {
  amqp::Terminus out;
  out.address = amqp::Value::of_string(address);
  return out;
}

}  // namespace

AmqpClient::AmqpClient(const ClientTarget& target, const std::string& user, const std::string& token)
    : stream_(target), host_(target.host) {
  authenticate(user, token);
  stream_.write({kAmqpHeader, kHeaderBytes});
  amqp::Open open;
  open.container_id = "nave-" + random_hex(12);
  open.hostname = host_;
  open.max_frame_size = limits::kAmqpFrameBytesMax;
  open.idle_timeout_ms = kHeartbeatMs;
  std::string body;
  encode(open, body);
  send_frame(0, body);
  amqp::Begin begin;
  begin.incoming_window = kWindow;
  begin.outgoing_window = kWindow;
  body.clear();
  encode(begin, body);
  send_frame(0, body);
  expect_header(kAmqpHeader);
}

void AmqpClient::send_frame(uint8_t type, const std::string& body) {
  std::string frame;
  append_be<uint32_t>(frame, static_cast<uint32_t>(body.size() + kHeaderBytes));
  frame += {2, static_cast<char>(type), 0, 0};
  stream_.write(frame + body);
}

bool AmqpClient::fill(size_t enough, int timeout_ms) {
  while (input_.size() < enough) {
    bool timed_out = false;
    const std::string more = stream_.read(64 * 1024, timeout_ms, timed_out);
    if (timed_out) return false;
    if (more.empty()) throw std::runtime_error("the hub closed the connection");
    input_ += more;
  }
  return true;
}

std::string AmqpClient::read_frame(int timeout_ms) {
  for (;;) {
    if (!fill(4, timeout_ms)) return "";
    const auto size = load_be<uint32_t>(input_.data());
    if (size < kHeaderBytes || size > 2 * limits::kAmqpFrameBytesMax) {
      throw std::runtime_error("the hub sent a frame that is not AMQP");
    }
    if (!fill(size, kHandshakeTimeoutMs)) throw std::runtime_error("the hub stopped in the middle of a frame");
    const size_t start = std::min<size_t>(size, size_t{4} * byte_at(input_, 4));
    std::string body = input_.substr(start, size - start);
    input_.erase(0, size);
    if (!body.empty()) return body;
    send_frame(0, "");  // a heartbeat for a heartbeat keeps both sides' idle timers quiet
  }
}

void AmqpClient::expect_header(const char* protocol) {
  if (!fill(kHeaderBytes, kHandshakeTimeoutMs) || input_.compare(0, kHeaderBytes, protocol, kHeaderBytes) != 0) {
    throw std::runtime_error("the other side does not speak AMQP 1.0");
  }
  input_.erase(0, kHeaderBytes);
}

void AmqpClient::authenticate(const std::string& user, const std::string& token) {
  stream_.write({kSaslHeader, kHeaderBytes});
  expect_header(kSaslHeader);
  std::string body;
  amqp::Writer writer(body);
  writer.descriptor(amqp::Code::kSaslInit);
  const auto list = writer.begin_list();
  writer.symbol("PLAIN");
  writer.binary(std::string(1, '\0') + user + std::string(1, '\0') + token);
  writer.string(host_);
  writer.end(list, 3);
  send_frame(1, body);
  for (;;) {
    const std::string answer = read_frame(kHandshakeTimeoutMs);
    if (answer.empty()) throw std::runtime_error("the hub did not answer the sign-in");
    const auto frame = amqp::open_described(amqp::Reader(answer).next());
    if (!frame || frame->code != static_cast<uint64_t>(amqp::Code::kSaslOutcome)) continue;
    amqp::Elements fields(frame->value);
    if (fields.next().as_uint64() == 0U) return;
    throw std::runtime_error("the hub refused the sign-in: is the connection string right?");
  }
}

void AmqpClient::attach_receiver(uint32_t handle, const std::string& address, const std::string& filter,
                                 uint32_t credit, Settling settling) {
  amqp::Attach attach;
  attach.name = "receiver-" + std::to_string(handle) + "-" + random_hex(8);
  attach.handle = handle;
  attach.role = amqp::Role::kReceiver;
  if (settling == Settling::kAtOnce) attach.snd_settle_mode = amqp::SndSettleMode::kSettled;
  attach.source = terminus(address);
  attach.target = terminus(attach.name);
  if (!filter.empty()) {
    constexpr std::string_view kSelector = "apache.org:selector-filter:string";
    attach.source->filter = amqp::Value::map();
    attach.source->filter.add(
        amqp::Value::of_symbol(kSelector),
        amqp::Value::described(amqp::Value::of_symbol(kSelector), amqp::Value::of_string(filter)));
  }
  std::string body;
  encode(attach, body);
  send_frame(0, body);
  Receiver& receiver = receivers_[handle];
  receiver.window = receiver.credit = credit;
  send_flow(handle, receiver);
}

void AmqpClient::attach_sender(uint32_t handle, const std::string& address) {
  amqp::Attach attach;
  attach.name = "sender-" + std::to_string(handle) + "-" + random_hex(8);
  attach.handle = handle;
  attach.role = amqp::Role::kSender;
  attach.source = terminus(attach.name);
  attach.target = terminus(address);
  attach.initial_delivery_count = 0;
  std::string body;
  encode(attach, body);
  send_frame(0, body);
}

void AmqpClient::await_credit(uint32_t handle) {
  while (send_credit_[handle] == 0) {
    const std::string body = read_frame(kHandshakeTimeoutMs);
    if (body.empty()) throw std::runtime_error("the hub gave no credit");
    auto event = take(body);
    if (!event) continue;
    if (event->kind == AmqpEvent::Kind::kDetached || event->kind == AmqpEvent::Kind::kClosed)
      throw std::runtime_error("the hub refused the link" + (event->error ? ": " + event->error->condition : ""));
    early_.push_back(*std::move(event));
  }
}

uint32_t AmqpClient::send(uint32_t handle, const std::string& message, Settling settling) {
  await_credit(handle);
  --send_credit_[handle];
  const uint32_t delivery = deliveries_out_++;
  const std::string tag = std::to_string(delivery);
  size_t at = 0;
  do {
    const size_t size = std::min(message.size() - at, kTransferBytesMax);
    amqp::Transfer transfer;
    transfer.handle = handle;
    if (at == 0) {
      transfer.delivery_id = delivery;
      transfer.delivery_tag = tag;
      transfer.message_format = 0;
    }
    transfer.settled = settling == Settling::kAtOnce;
    transfer.more = at + size < message.size();
    ++transfers_out_;
    std::string body;
    encode(transfer, body);
    send_frame(0, body + message.substr(at, size));
    at += size;
  } while (at < message.size());
  return delivery;
}

void AmqpClient::settle(uint32_t delivery, const amqp::Outcome& outcome) {
  std::string body;
  amqp::encode_disposition(amqp::Role::kReceiver, delivery, {}, true, outcome, body);
  send_frame(0, body);
}

void AmqpClient::close() {
  std::string body;
  amqp::encode_close({}, body);
  send_frame(0, body);
}

void AmqpClient::send_flow(uint32_t handle, const Receiver& receiver) {
  amqp::Flow flow;
  flow.next_incoming_id = transfers_in_;
  flow.incoming_window = kWindow;
  flow.next_outgoing_id = transfers_out_;
  flow.outgoing_window = kWindow;
  flow.handle = handle;
  flow.delivery_count = receiver.delivery_count;
  flow.link_credit = receiver.credit;
  std::string body;
  encode(flow, body);
  send_frame(0, body);
}

std::optional<AmqpEvent> AmqpClient::take_transfer(const amqp::Item& fields, ByteView payload) {
  amqp::Transfer transfer;
  if (!decode(fields, transfer)) throw std::runtime_error("the hub sent a malformed transfer");
  ++transfers_in_;
  Receiver& receiver = receivers_[transfer.handle];
  if (transfer.delivery_id) receiver.delivery = *transfer.delivery_id;
  receiver.partial += payload;
  if (transfer.more) return {};
  AmqpEvent event;
  event.kind = AmqpEvent::Kind::kMessage;
  event.handle = transfer.handle;
  event.message.swap(receiver.partial);
  event.delivery = receiver.delivery;
  ++receiver.delivery_count;
  if (--receiver.credit <= receiver.window / 2) {
    receiver.credit = receiver.window;
    send_flow(transfer.handle, receiver);
  }
  return event;
}

std::optional<AmqpEvent> AmqpClient::take_disposition(const amqp::Item& fields) {
  amqp::Disposition disposition;
  if (!decode(fields, disposition)) throw std::runtime_error("the hub sent a malformed disposition");
  if (disposition.role != amqp::Role::kReceiver) return {};
  AmqpEvent event;
  event.kind = AmqpEvent::Kind::kSettled;
  event.delivery = disposition.last.value_or(disposition.first);
  event.count = event.delivery - disposition.first + 1;
  const amqp::Outcome outcome = amqp::decode_outcome(disposition.state);
  if (const auto* rejected = std::get_if<amqp::Rejected>(&outcome))
    event.error = rejected->error.value_or(amqp::Error{"rejected", {}, {}});
  return event;
}

std::optional<AmqpEvent> AmqpClient::take(const std::string& body) {
  amqp::Reader reader(body);
  const auto frame = amqp::open_described(reader.next());
  if (!frame || !frame->code) throw std::runtime_error("the hub sent a malformed frame");
  AmqpEvent event;
  switch (static_cast<amqp::Code>(*frame->code)) {
    case amqp::Code::kBegin: {
      amqp::Begin begin;
      if (decode(frame->value, begin)) transfers_in_ = begin.next_outgoing_id;
      return {};
    }
    case amqp::Code::kFlow: {
      amqp::Flow flow;
      if (decode(frame->value, flow) && flow.handle) send_credit_[*flow.handle] = flow.link_credit.value_or(0);
      return {};
    }
    case amqp::Code::kTransfer:
      return take_transfer(frame->value, reader.rest());
    case amqp::Code::kDisposition:
      return take_disposition(frame->value);
    case amqp::Code::kDetach: {
      amqp::Detach detach;
      if (!decode(frame->value, detach)) throw std::runtime_error("the hub sent a malformed detach");
      event.kind = AmqpEvent::Kind::kDetached;
      event.handle = detach.handle;
      event.error = detach.error;
      return event;
    }
    case amqp::Code::kEnd:
    case amqp::Code::kClose: {
      amqp::Elements fields(frame->value);
      event.kind = AmqpEvent::Kind::kClosed;
      event.error = amqp::decode_error(fields.next());
      return event;
    }
    default:
      return {};
  }
}

AmqpEvent AmqpClient::next(int timeout_ms) {
  if (!early_.empty()) {
    AmqpEvent event = std::move(early_.front());
    early_.pop_front();
    return event;
  }
  for (;;) {
    const std::string body = read_frame(timeout_ms);
    if (body.empty()) return {};
    if (auto event = take(body)) return *event;
  }
}

}  // namespace nave::app
