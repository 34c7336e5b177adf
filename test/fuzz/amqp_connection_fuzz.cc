// A whole connection with a listener that accepts everything, answers every delivery and echoes it to the receivers.
// The first byte says into which pieces the rest is cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "wire/amqp/connection_machine.h"
#include "wire/amqp/frame.h"

namespace {

using namespace nave::wire::amqp;

class Listener : public ConnectionListener {
 public:
  bool on_sasl(std::string_view mechanism, nave::ByteView) override { return mechanism != "PLAIN"; }
  void on_open(const Open&, OpenReply&) override {}
  void on_session_begin(SessionId) override { ++sessions; }
  void on_session_end(SessionId) override { --sessions; }
  void on_attach(Link& link) override {
    ++links;
    if (link.name() == "refuse") {
      --links;
      return link.refuse(Error{"amqp:not-found", std::nullopt, Value()});
    }
    AttachReply reply = link.make_reply();
    reply.credit = 10;
    link.accept(std::move(reply));
  }
  void on_delivery(Link& link, const Delivery& delivery) override {
    if (!delivery.settled) link.settle(delivery.id, Accepted{});
    machine->for_each_link(
        [&](Link& other) { other.send(delivery.payload, {.tag = "t", .settled = delivery.payload.size() % 2 == 0}); });
    if (delivery.payload == "detach") {
      link.detach(true, std::nullopt);
      --links;
    }
    if (delivery.payload == "close") machine->close(std::nullopt);
  }
  void on_sendable(Link& link) override { link.send("event", {.tag = "e"}); }
  void on_outcome(Link& link, const SentOutcome& outcome) override {
    if (!outcome.settled) link.confirm(outcome.wire_id, Accepted{});
  }
  void on_detach(Link& link, const DetachInfo&) override {
    NAVE_CHECK(!link.live(), "a detached link is dead");
    --links;
  }
  void on_closed(const CloseInfo&) override { ++closed; }

  ConnectionMachine* machine = nullptr;
  int links = 0;
  int sessions = 0;
  int closed = 0;
};

void check_output(nave::ByteView out, bool& header) {
  while (!out.empty()) {
    if (out.starts_with("AMQP")) {
      out.remove_prefix(8);
      header = true;
      continue;
    }
    Frame frame;
    size_t size = 0;
    NAVE_CHECK(header && read_frame(out, UINT32_MAX, frame, size) == FrameStatus::kWhole, "we write whole frames");
    out.remove_prefix(size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ConnectionOptions options{.container_id = "fuzz"};
  Listener listener;
  ConnectionMachine machine(listener, options);
  listener.machine = &machine;
  const size_t piece = data[0] == 0 ? size : data[0];
  nave::ByteView bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  bool header = false;
  int64_t now = 0;
  while (!bytes.empty()) {
    const size_t n = std::min(piece, bytes.size());
    machine.feed(bytes.substr(0, n), now += 100);
    bytes.remove_prefix(n);
    check_output(machine.output(), header);
    machine.output_sent();
    machine.on_time(now);
  }
  machine.abandon();
  NAVE_CHECK(listener.closed == 1 && listener.links == 0 && listener.sessions == 0, "what began has ended");
  NAVE_CHECK(machine.link_count() == 0, "no link is left");
  return 0;
}
