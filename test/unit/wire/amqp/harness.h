// A machine with a listener that accepts everything and writes down what it is told.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "client_frames.h"
#include "hex.h"
#include "seen.h"
#include "wire/amqp/connection_machine.h"

namespace nave::wire::amqp::test {

struct Got {
  std::string link;
  uint32_t id;
  std::string tag;
  uint32_t format;
  bool settled;
  std::string payload;
};

class RecordingListener : public ConnectionListener {
 public:
  bool on_sasl(std::string_view m, ByteView response) override {
    mechanism = m;
    initial_response = response;
    return let_in;
  }
  void on_open(const Open& open, OpenReply& reply) override {
    opens.push_back(open);
    if (open_hook) open_hook(reply);
  }
  void on_session_begin(SessionId) override { ++sessions_begun; }
  void on_session_end(SessionId) override { ++sessions_ended; }
  void on_attach(Link& link) override {
    links[link.name()] = link.id();
    if (attach_hook) return attach_hook(link);
    AttachReply reply = link.make_reply();
    reply.credit = credit;
    link.accept(std::move(reply));
  }
  void on_delivery(Link& link, const Delivery& d) override {
    deliveries.push_back({link.name(), d.id, std::string(d.tag), d.message_format, d.settled, std::string(d.payload)});
    if (delivery_hook) return delivery_hook(link, d);
    if (settle && !d.settled) link.settle(d.id, Accepted{});
  }
  void on_sendable(Link& link) override {
    sendable.push_back(link.name());
    if (sendable_hook) sendable_hook(link);
  }
  void on_outcome(Link& link, const SentOutcome& outcome) override {
    outcomes.push_back(outcome);
    if (outcome_hook) outcome_hook(link, outcome);
  }
  void on_detach(Link& link, const DetachInfo& info) override {
    EXPECT_FALSE(link.live());
    detached.emplace_back(link.name(), info);
    if (detach_hook) detach_hook(link);
  }
  void on_closed(const CloseInfo& info) override { closed.push_back(info); }

  bool let_in = true;
  uint32_t credit = 100;
  bool settle = true;  // accept each unsettled delivery at once
  std::function<void(Link&)> attach_hook;
  std::function<void(Link&, const Delivery&)> delivery_hook;
  std::function<void(Link&)> sendable_hook;
  std::function<void(Link&, const SentOutcome&)> outcome_hook;
  std::function<void(Link&)> detach_hook;
  std::function<void(OpenReply&)> open_hook;

  std::string mechanism;
  std::string initial_response;
  std::vector<Open> opens;
  int sessions_begun = 0;
  int sessions_ended = 0;
  std::map<std::string, LinkId> links;  // by name, the latest
  std::vector<Got> deliveries;
  std::vector<std::string> sendable;
  std::vector<SentOutcome> outcomes;
  std::vector<std::pair<std::string, DetachInfo>> detached;
  std::vector<CloseInfo> closed;
};

inline ConnectionOptions default_options() {
  ConnectionOptions options;
  options.container_id = "DeviceGateway_00000000000000000000000000000000";
  return options;
}

class Harness {
 public:
  explicit Harness(ConnectionOptions o = default_options()) : options(std::move(o)) {}

  // What the machine writes in answer.
  std::vector<Seen> feed(ByteView bytes, int64_t now = 1000) {
    machine.feed(bytes, now);
    return output();
  }
  std::vector<Seen> output() { return read_output(raw_output()); }
  std::string raw_output() {
    std::string out(machine.output());
    machine.output_sent();
    return out;
  }
  // Header, open, begin of channel 0.
  void open(uint32_t max_frame = 65536, uint32_t incoming_window = 1'000'000) {
    const auto seen = feed(kAmqpHeader + open_frame(max_frame) + begin_frame(0, incoming_window));
    ASSERT_EQ(codes(seen), (std::vector<Code>{Code::kOpen, Code::kBegin}));
  }
  std::vector<Seen> attach(const Attach& attach, uint16_t channel = 0) { return feed(frame_of(attach, channel)); }
  // An attached receiver of the peer that has given us credit.
  Link& peer_receiver(const std::string& name, uint32_t handle, uint32_t n) {
    attach(receiver(name, handle));
    feed(frame_of(credit(handle, 0, n)));
    return *link(name);
  }
  Link* link(const std::string& name) { return machine.find(listener.links.at(name)); }

  RecordingListener listener;
  ConnectionOptions options;
  ConnectionMachine machine{listener, options};
};

}  // namespace nave::wire::amqp::test
