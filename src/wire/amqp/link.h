// One end of a link: what a front sees of it. Made by the machine when the peer attaches, answered by the listener with
// accept() or refuse(), and used from then on to receive (credit, settle) or to send.
//
// Lifetime. A Link is *live* from on_attach() until one of: the listener calls refuse() or detach(); on_detach(link)
// was called. After that its members do nothing and ConnectionMachine::find(id) no longer knows it, but the object and
// its context stay valid until the next feed(), on_time() or output_sent() that is called from outside every callback
// (or until the machine is destroyed). So a callback may detach its own link and go on using it; what waits for
// something asynchronous keeps the LinkId, never the pointer.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/limits.h"
#include "wire/amqp/performatives.h"

namespace nave::wire::amqp {

class Session;

using LinkId = uint64_t;     // unique and never reused within a connection
using SessionId = uint64_t;  // likewise

// What a front keeps with a link; destroyed with it.
class LinkContext {
 public:
  virtual ~LinkContext() = default;
};

// A whole message that the peer sent. Views are valid during on_delivery() only.
struct Delivery {
  uint32_t id = 0;              // for Link::settle()
  ByteView tag;                 // may have zero length
  uint32_t message_format = 0;  // 0, or kBatchFormat
  bool settled = false;         // settled by the peer: must not be settled again
  ByteView payload;
};

// The peer's word on a delivery that we sent unsettled.
struct SentOutcome {
  uint64_t delivery = 0;  // what send() returned
  uint32_t wire_id = 0;   // for Link::confirm()
  Outcome outcome;        // std::monostate: settled without saying how
  bool settled = false;   // false: the peer waits for confirm() (rcv-settle-mode second, reference/amqp.md §4.2)
};

// The answer to an attach; Link::make_reply() fills in the echo that suits every SDK (§1 R5).
struct AttachReply {
  std::optional<SndSettleMode> snd_settle_mode;
  std::optional<RcvSettleMode> rcv_settle_mode;
  Terminus source;
  Terminus target;
  uint64_t max_message_size = limits::kAmqpMessageBytesMax;
  Value offered_capabilities;
  Value properties;
  uint32_t credit = 0;  // links we receive on: the credit window, as set_credit_window()
};

struct SendOptions {
  ByteView tag;  // at most 32 bytes, any content
  uint32_t message_format = 0;
  bool settled = false;
};

class Link {
 public:
  Link(Session& session, LinkId id, Attach attach);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  [[nodiscard]] LinkId id() const { return id_; }
  [[nodiscard]] SessionId session() const;
  [[nodiscard]] const Attach& attach() const { return attach_; }  // as the peer sent it
  [[nodiscard]] const std::string& name() const { return attach_.name; }
  // Our own role: kSender when the peer attached as receiver.
  [[nodiscard]] Role role() const { return attach_.role == Role::kSender ? Role::kReceiver : Role::kSender; }
  // The address that says what the link is for: target of a sending peer, source of a receiving one.
  [[nodiscard]] std::string_view address() const;
  [[nodiscard]] bool live() const { return state_ == State::kAttaching || state_ == State::kAttached; }
  [[nodiscard]] bool attached() const { return state_ == State::kAttached; }

  void set_context(std::unique_ptr<LinkContext> context) { context_ = std::move(context); }
  [[nodiscard]] LinkContext* context() const { return context_.get(); }

  // Answers to on_attach(), from inside it or later; exactly one of them, once. Whoever accepts later looks at
  // can_send() afterwards: credit that came before the answer is not reported again.
  [[nodiscard]] AttachReply make_reply() const;
  void accept(AttachReply reply);
  // Attach with null source and target, then a closing detach with the error (§8). Ends the link. Redirects too.
  void refuse(const Error& error);

  // Ends an attached link: a detach with or without an error. Deliveries not settled are forgotten.
  void detach(bool closed, const std::optional<Error>& error);

  // --- receiving. The peer may have `n` deliveries under way; credit is topped up when half is used, but unsettled
  // deliveries plus credit never exceed limits::kAmqpUnsettledPerLinkMax. 0 stops topping up: what was granted before
  // may still arrive.
  void set_credit_window(uint32_t n);
  // Settles a delivery that was not settled by the peer, each exactly once, in any order. Accepts of consecutive
  // deliveries leave as one range, at the latest with output(), and before any other frame written after them (R15).
  void settle(uint32_t delivery_id, const Outcome& outcome);
  [[nodiscard]] uint32_t unsettled() const { return unsettled_; }  // received or sent, not settled yet

  // --- sending.
  // Deliveries that send() takes now and puts on the wire at once as far as the session's window goes.
  [[nodiscard]] uint32_t credit() const;
  // There is credit, nothing waits for the session window, and not too much is unsettled. on_sendable() tells when it
  // may have become true.
  [[nodiscard]] bool can_send() const;
  // Sends, or queues until credit and window allow it: messages of a link leave in the order of the calls. Returns a
  // number for on_outcome(), unique within the connection; nullopt if the link is not attached, the queue is full
  // (limits::kAmqpQueuedPerLinkMax, kAmqpQueuedBytesPerLinkMax) or too many deliveries are unsettled. The message is
  // copied only if it cannot leave at once.
  std::optional<uint64_t> send(ByteView message, const SendOptions& options);
  // Second step of a two-step settlement: settles what on_outcome() reported with settled == false. Nothing happens if
  // the delivery is settled already.
  void confirm(uint32_t wire_id, const Outcome& outcome);
  [[nodiscard]] size_t queued() const { return queue_.size(); }

 private:
  friend class Session;
  friend class UnsettledMap;

  enum class State : uint8_t {
    kAttaching,   // the peer attached, the listener has not answered
    kAttached,    // both did
    kDetachSent,  // we detached first; what still comes is dropped until the peer detaches too
    kGone,
  };
  // A message, or what is left of one, that waits for credit or window.
  struct Outgoing {
    uint64_t number = 0;
    std::string message;
    std::string tag;
    uint32_t message_format = 0;
    bool settled = false;
    bool started = false;  // its first frame is on the wire
    size_t sent = 0;       // bytes
  };
  // The part of a multi-frame delivery that has arrived.
  struct Partial {
    uint32_t id = 0;
    std::string tag;
    uint32_t message_format = 0;
    bool settled = false;
    std::string payload;
  };

  void write_attach(const AttachReply& reply, bool refused);
  void write_detach(bool closed, const std::optional<Error>& error);
  void top_up();
  void enqueue(ByteView rest, uint64_t number, const SendOptions& options, bool started);
  void drop_partial();

  Session& session_;
  LinkId id_;
  Attach attach_;
  std::unique_ptr<LinkContext> context_;
  State state_ = State::kAttaching;
  bool drain_ = false;
  bool waiting_ = false;  // in the session's list of links that wait for its window

  uint64_t max_message_size_ = limits::kAmqpMessageBytesMax;
  uint32_t delivery_count_ = 0;
  uint32_t link_credit_ = 0;    // receiving: granted and not used; sending: given by the peer and not used
  uint32_t credit_window_ = 0;  // receiving
  uint32_t unsettled_ = 0;
  uint32_t unsettled_head_ = 0;  // sending: newest entry in the session's UnsettledMap, valid if unsettled_ > 0
  size_t queued_bytes_ = 0;
  std::unique_ptr<Partial> partial_;
  std::list<Outgoing> queue_;
};

}  // namespace nave::wire::amqp
