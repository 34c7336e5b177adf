#include "bench/load/amqp_sender.h"

#include <utility>

#include "wire/amqp/performatives.h"
#include "wire/amqp/reader.h"
#include "wire/amqp/writer.h"

namespace nave::bench {
namespace {

using namespace wire::amqp;

constexpr std::string_view kSaslHeader{"AMQP\x03\x01\x00\x00", 8};
constexpr std::string_view kAmqpHeader{"AMQP\x00\x01\x00\x00", 8};
constexpr uint32_t kFrameBytesMax = 65536;

void encode_sasl_init(std::string_view response, std::string& out) {
  Writer writer(out);
  writer.descriptor(Code::kSaslInit);
  const Writer::Mark list = writer.begin_list();
  writer.symbol("PLAIN");
  writer.binary(response);
  writer.end(list, 2);
}

Terminus terminus(std::string_view address) {
  Terminus made;
  made.address = Value::of_string(address);
  return made;
}

}  // namespace

AmqpSender::AmqpSender(Loop& loop, const Options& options, uint16_t port, unsigned number, Login login,
                       std::string target, Accepted accepted)
    : Stream(loop, options, port, number),
      options_(options),
      login_(std::move(login)),
      target_(std::move(target)),
      accepted_(std::move(accepted)) {}

void AmqpSender::queue_output() {
  output_.flush();
  queue(output_.bytes());
  output_.clear();
}

void AmqpSender::on_secure() {
  std::string response(1, '\0');
  response.append(login_.user).push_back('\0');
  response.append(login_.token);
  output_.raw(kSaslHeader);
  encode_sasl_init(response, output_.begin_frame(Output::kSaslFrame, 0));
  output_.end_frame();
  queue_output();
}

void AmqpSender::attach() {
  output_.raw(kAmqpHeader);
  Open open;
  open.container_id = "load" + std::to_string(number());
  open.hostname = options_.hub;
  open.max_frame_size = kFrameBytesMax;
  encode(open, output_.begin_frame(Output::kAmqpFrame, 0));
  output_.end_frame();
  Begin begin;
  begin.incoming_window = 5000;
  begin.outgoing_window = 5000;
  encode(begin, output_.begin_frame(Output::kAmqpFrame, 0));
  output_.end_frame();
  Attach link;
  link.name = "load" + std::to_string(number());
  link.snd_settle_mode = SndSettleMode::kUnsettled;
  link.rcv_settle_mode = RcvSettleMode::kFirst;
  link.source = terminus("load");
  link.target = terminus(target_);
  link.initial_delivery_count = 0;
  encode(link, output_.begin_frame(Output::kAmqpFrame, 0));
  output_.end_frame();
  queue_output();
}

void AmqpSender::on_bytes(std::string& in) {
  size_t at = 0;
  for (;;) {
    const std::string_view rest = std::string_view(in).substr(at);
    if (rest.starts_with("AMQP")) {
      if (rest.size() < kAmqpHeader.size()) break;
      at += kAmqpHeader.size();
      continue;
    }
    Frame frame;
    size_t size = 0;
    const FrameStatus status = read_frame(rest, kFrameBytesMax, frame, size);
    if (status == FrameStatus::kBad) lose("not an AMQP frame");
    if (status == FrameStatus::kPartial) break;
    at += size;
    if (!frame.body.empty()) on_frame(frame);
  }
  in.erase(0, at);
  for (; !waiting_.empty() && sent_ < limit(); waiting_.pop_front()) transfer(waiting_.front());
}

void AmqpSender::on_frame(const Frame& frame) {
  const auto performative = Reader(frame.body).next_described();
  if (!performative || !performative->code) lose("not a performative");
  Begin begin;
  Flow flow;
  Disposition disposition;
  switch (static_cast<Code>(*performative->code)) {
    case Code::kSaslOutcome:
      if (Elements(performative->value).next().as_uint64() != 0) lose("login refused");
      return attach();
    case Code::kBegin:
      if (decode(performative->value, begin)) window_end_ = begin.incoming_window;
      return;
    case Code::kFlow:
      if (!decode(performative->value, flow)) lose("malformed flow");
      window_end_ = flow.next_incoming_id.value_or(0) + flow.incoming_window;
      if (flow.handle) credit_end_ = flow.delivery_count.value_or(0) + flow.link_credit.value_or(0);
      return;
    case Code::kDisposition:
      if (!decode(performative->value, disposition)) lose("malformed disposition");
      if (!std::holds_alternative<wire::amqp::Accepted>(decode_outcome(disposition.state))) lose("message refused");
      for (uint32_t d = disposition.first; d <= disposition.last.value_or(disposition.first); ++d) {
        accepted_(number(), d);
      }
      return;
    case Code::kDetach:
    case Code::kEnd:
    case Code::kClose:
      lose("the hub ended the link");
    default:
      return;
  }
}

void AmqpSender::send(std::string message) {
  if (waiting_.empty() && sent_ < limit()) return transfer(message);
  waiting_.push_back(std::move(message));
}

void AmqpSender::transfer(std::string_view message) {
  std::string tag;
  append_be(tag, sent_);
  Transfer transfer;
  transfer.delivery_id = sent_++;
  transfer.delivery_tag = tag;
  transfer.message_format = 0;
  transfer.settled = false;
  std::string& body = output_.begin_frame(Output::kAmqpFrame, 0);
  encode(transfer, body);
  body.append(message);
  output_.end_frame();
  queue_output();
}

}  // namespace nave::bench
