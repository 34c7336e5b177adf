// What the frames of a connection do: headers, SASL, open, begin, end, close; the rest goes to a session.
#include <algorithm>

#include "wire/amqp/connection_machine.h"
#include "wire/amqp/frame.h"
#include "wire/amqp/reader.h"
#include "wire/amqp/session.h"

namespace nave::wire::amqp {

namespace {

constexpr size_t kHeaderBytes = 8;
constexpr ByteView kAmqpHeader("AMQP\x00\x01\x00\x00", kHeaderBytes);
constexpr ByteView kSaslHeader("AMQP\x03\x01\x00\x00", kHeaderBytes);

constexpr uint8_t kSaslOk = 0;
constexpr uint8_t kSaslAuth = 1;
constexpr uint32_t kPeerFrameBytesMin = 512;

}  // namespace

size_t ConnectionMachine::take_header(ByteView bytes) {
  needed_ = kHeaderBytes;
  if (bytes.size() < kHeaderBytes) return 0;
  const ByteView header = bytes.substr(0, kHeaderBytes);
  if (header == kAmqpHeader) {
    output_.raw(kAmqpHeader);
    phase_ = Phase::kAwaitOpen;
  } else if (header == kSaslHeader && phase_ == Phase::kHeader) {
    output_.raw(kSaslHeader);
    encode_sasl_mechanisms(options_.mechanisms, output_.begin_frame(Output::kSaslFrame, 0));
    output_.end_frame();
    phase_ = Phase::kSasl;
  } else {
    // Says what we speak, then closes (§2).
    output_.raw(header.starts_with("AMQP\x03") ? kSaslHeader : kAmqpHeader);
    fail(condition::kFramingError, "unknown protocol header");
  }
  return kHeaderBytes;
}

void ConnectionMachine::on_sasl_frame(const Frame& frame) {
  Reader reader(frame.body);
  const auto performative = reader.next_described();
  if (!performative || performative->code != static_cast<uint64_t>(Code::kSaslInit)) {
    return fail(condition::kFramingError, "expected sasl-init");
  }
  on_sasl_init(performative->value);
}

void ConnectionMachine::on_sasl_init(const Item& fields) {
  SaslInit init;
  if (!decode(fields, init)) return fail(condition::kDecodeError, "malformed sasl-init");
  const auto& offered = options_.mechanisms;
  const bool known = std::find(offered.begin(), offered.end(), init.mechanism) != offered.end();
  const bool in = known && listener_.on_sasl(init.mechanism, init.initial_response.value_or(ByteView{}));
  if (finished() || phase_ == Phase::kCloseSent) return;
  std::string& body = output_.begin_frame(Output::kSaslFrame, 0);
  // Two fields in both cases: some peers format the second without looking (§2.1).
  encode_sasl_outcome(in ? kSaslOk : kSaslAuth, in ? "Welcome!" : "Unauthorized", body);
  output_.end_frame();
  if (!in) return fail(condition::kUnauthorizedAccess, "SASL failed");
  sasl_mechanism_ = std::string(init.mechanism);
  phase_ = Phase::kHeaderAfterSasl;
}

void ConnectionMachine::on_amqp_frame(const Frame& frame) {
  if (frame.body.empty()) return;  // heartbeat
  Reader reader(frame.body);
  const auto performative = reader.next_described();
  if (!performative || !performative->code) return fail(condition::kDecodeError, "frame without a performative");
  on_performative(frame, *performative->code, performative->value, reader.rest());
}

void ConnectionMachine::on_performative(const Frame& frame, uint64_t code, const Item& fields, ByteView payload) {
  if (code == static_cast<uint64_t>(Code::kClose)) return on_peer_close(fields);
  if (phase_ == Phase::kCloseSent) return;
  if (code == static_cast<uint64_t>(Code::kOpen)) return on_open(fields);
  if (phase_ != Phase::kOpen) return fail(condition::kNotAllowed, "expected open");
  if (frame.channel > options_.channel_max) return fail(condition::kFramingError, "channel above channel-max");
  if (code == static_cast<uint64_t>(Code::kBegin)) return on_begin(frame.channel, fields);
  const auto found = sessions_.find(frame.channel);
  if (found == sessions_.end()) {
    if (is_afterthought(frame.channel, code)) return;
    return fail(condition::kNotAllowed, "frame on a channel without a session");
  }
  if (code == static_cast<uint64_t>(Code::kEnd)) return on_end(frame.channel);
  if (!found->second->ended()) on_session_frame(*found->second, code, fields, payload);
}

// rhea answers transfers that crossed its end with a flow or a disposition on the channel that it has just given up.
bool ConnectionMachine::is_afterthought(uint16_t channel, uint64_t code) const {
  if (!given_up_channels_.contains(channel)) return false;
  return code == static_cast<uint64_t>(Code::kFlow) || code == static_cast<uint64_t>(Code::kDisposition) ||
         code == static_cast<uint64_t>(Code::kTransfer) || code == static_cast<uint64_t>(Code::kDetach);
}

void ConnectionMachine::on_session_frame(Session& session, uint64_t code, const Item& fields, ByteView payload) {
  switch (static_cast<Code>(code)) {
    case Code::kTransfer:
      return session.on_transfer(fields, payload);
    case Code::kDisposition:
      return session.on_disposition(fields);
    case Code::kFlow:
      return session.on_flow(fields);
    case Code::kAttach:
      return session.on_attach(fields);
    case Code::kDetach:
      return session.on_detach(fields);
    default:
      return fail(condition::kNotImplemented, "unknown performative");
  }
}

OpenReply ConnectionMachine::default_reply() const {
  return OpenReply{options_.hostname, options_.handle_max};
}

void ConnectionMachine::write_open(const OpenReply& reply) {
  Open open;
  open.container_id = options_.container_id;
  open.hostname = reply.hostname;
  open.max_frame_size = options_.max_frame_size;
  open.channel_max = options_.channel_max;
  if (options_.idle_timeout_ms > 0) open.idle_timeout_ms = options_.idle_timeout_ms;
  encode(open, output_.begin_frame(Output::kAmqpFrame, 0));
  output_.end_frame();
}

void ConnectionMachine::write_close(const std::optional<Error>& error) {
  encode_close(error, output_.begin_frame(Output::kAmqpFrame, 0));
  output_.end_frame();
}

void ConnectionMachine::on_open(const Item& fields) {
  Open open;
  if (phase_ != Phase::kAwaitOpen) return fail(condition::kNotAllowed, "second open");
  if (!decode(fields, open)) return fail(condition::kDecodeError, "malformed open");
  peer_max_frame_ = std::clamp(open.max_frame_size, kPeerFrameBytesMin, options_.max_frame_size);
  peer_idle_ms_ = open.idle_timeout_ms.value_or(0);
  last_sent_ms_ = now_ms_;
  OpenReply reply = default_reply();
  listener_.on_open(open, reply);
  if (phase_ != Phase::kAwaitOpen) return;  // closed from inside the callback
  handle_max_ = reply.handle_max;
  write_open(reply);
  phase_ = Phase::kOpen;
}

void ConnectionMachine::on_begin(uint16_t channel, const Item& fields) {
  Begin begin;
  if (!decode(fields, begin)) return fail(condition::kDecodeError, "malformed begin");
  if (sessions_.contains(channel)) return fail(condition::kNotAllowed, "the channel has a session already");
  auto owned = std::make_unique<Session>(*this, next_id_++, channel, begin);
  Session& session = *owned;
  sessions_.emplace(channel, std::move(owned));
  given_up_channels_.erase(channel);
  session.write_begin();
  listener_.on_session_begin(session.id());
}

void ConnectionMachine::on_end(uint16_t channel) {
  const auto found = sessions_.find(channel);
  Session& session = *found->second;
  buried_sessions_.push_back(std::move(found->second));
  sessions_.erase(found);
  given_up_channels_.insert(channel);
  if (session.ended()) return;
  encode_end(std::nullopt, output_.begin_frame(Output::kAmqpFrame, channel));
  output_.end_frame();
  report_session_end(session, DetachInfo::Cause::kSession, std::nullopt);
}

void ConnectionMachine::on_peer_close(const Item& fields) {
  if (phase_ == Phase::kCloseSent) return finish(CloseInfo{CloseInfo::Cause::kLocal, close_error_});
  if (phase_ != Phase::kOpen) return fail(condition::kNotAllowed, "close before open");
  Elements elements(fields);
  CloseInfo info{CloseInfo::Cause::kPeer, decode_error(elements.next())};
  write_close(std::nullopt);
  output_.seal();
  finish(info);
}

}  // namespace nave::wire::amqp
