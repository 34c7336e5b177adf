// Sessions and links: attach, refuse, detach, end, names and handles (reference/amqp.md §1 R5, R17, §8).
#include <gtest/gtest.h>

#include "harness.h"

namespace nave::wire::amqp {
namespace {

using namespace test;

TEST(Session, BothChannelsHaveTheSameNumber) {
  Harness h;
  h.open();
  const auto seen = h.feed(begin_frame(7));
  ASSERT_EQ(codes(seen), std::vector<Code>{Code::kBegin});
  EXPECT_EQ(seen[0].channel, 7);
  EXPECT_EQ(seen[0].num(0), 7u);
  EXPECT_EQ(h.feed(frame_of(sender("s", 3), 7))[0].channel, 7);
}

// C# and Java pools: a session per device, the same link names in each.
TEST(Session, AThousandWithTheSameLinkNames) {
  Harness h;
  h.open();
  for (uint16_t channel = 1; channel <= 1000; ++channel) {
    const auto seen = h.feed(begin_frame(channel) + frame_of(sender("TelemetrySenderLink", 0), channel));
    ASSERT_EQ(codes(seen), (std::vector<Code>{Code::kBegin, Code::kAttach, Code::kFlow}));
  }
  EXPECT_EQ(h.machine.session_count(), 1001u);
  EXPECT_EQ(h.machine.link_count(), 1000u);
  EXPECT_TRUE(h.listener.detached.empty());
  for (uint16_t channel = 1; channel <= 1000; ++channel) {
    ASSERT_EQ(codes(h.feed(end_frame(channel))), std::vector<Code>{Code::kEnd});
  }
  EXPECT_EQ(h.machine.session_count(), 1u);
  EXPECT_EQ(h.listener.sessions_ended, 1000);
  EXPECT_EQ(h.listener.detached.size(), 1000u);
}

TEST(Session, AChannelCanBeUsedAgainAfterItsEnd) {
  Harness h;
  h.open();
  h.feed(end_frame());
  EXPECT_EQ(codes(h.feed(begin_frame())), std::vector<Code>{Code::kBegin});
  EXPECT_EQ(h.listener.sessions_begun, 2);
}

// rhea: transfers that cross its end make it write a flow on the channel that it has just given up.
TEST(Session, RheaWritesFlowsAfterItsEnd) {
  Harness h;
  h.open();
  h.feed(end_frame());
  EXPECT_TRUE(h.feed(frame_of(session_window(0, 100))).empty());
  EXPECT_FALSE(h.machine.finished());
  EXPECT_EQ(codes(h.feed(begin_frame())), std::vector<Code>{Code::kBegin});
}

TEST(Session, WeEndItWithOrWithoutAnError) {
  for (const bool with_error : {true, false}) {
    Harness h;
    h.open();
    h.feed(begin_frame(7) + frame_of(sender("s", 3), 7));
    const Link* const link = h.link("s");
    ASSERT_NE(link, nullptr);
    const SessionId id = link->session();
    h.machine.end_session(id, with_error ? std::optional(Error{"amqp:internal-error", "why", {}}) : std::nullopt);
    EXPECT_EQ(h.link("s"), nullptr);
    ASSERT_EQ(h.listener.detached.size(), 1u);
    EXPECT_EQ(h.listener.detached[0].second.cause, DetachInfo::Cause::kSession);
    EXPECT_EQ(h.listener.sessions_ended, 1);
    h.machine.end_session(id, std::nullopt);
    EXPECT_EQ(codes(h.output()), std::vector<Code>{Code::kEnd}) << "once";
    // The peer answers; what crossed is dropped; the channel is free again.
    EXPECT_TRUE(h.feed(frame_of(sender("late", 4), 7) + end_frame(7)).empty());
    EXPECT_EQ(codes(h.feed(begin_frame(7))), std::vector<Code>{Code::kBegin});
  }
}

TEST(Session, AnAttachAfterTheEndIsNoAfterthought) {
  Harness h;
  h.open();
  h.feed(end_frame());
  EXPECT_EQ(codes(h.feed(frame_of(sender("s", 0)))), std::vector<Code>{Code::kClose});
}

Value client_properties() {
  Value map;
  map.add(Value::of_symbol("com.microsoft:client-version"), Value::of_string("x"));
  map.add(Value::of_symbol("com.microsoft:timeout"), Value::of_double(1));
  return map;
}

TEST(Attach, ReplyEchoesWhatR5Says) {
  Harness h;
  h.open();
  Attach attach = sender("na\xc3\xafve name", 4, "/devices/d/messages/events");
  attach.source->address = Value::of_string("src");
  attach.snd_settle_mode = SndSettleMode::kMixed;
  attach.rcv_settle_mode = RcvSettleMode::kSecond;
  attach.properties = client_properties();
  const auto seen = h.attach(attach);
  ASSERT_EQ(codes(seen), (std::vector<Code>{Code::kAttach, Code::kFlow}));
  EXPECT_EQ(seen[0].fields[0].as_text(), "na\xc3\xafve name");
  EXPECT_EQ(seen[0].num(1), 4u);
  EXPECT_EQ(seen[0].flag(2), true);
  EXPECT_EQ(seen[0].num(3), 2u);
  EXPECT_EQ(seen[0].num(4), 1u);
  EXPECT_EQ(seen[0].inner(5)[0].as_text(), "src");
  EXPECT_EQ(seen[0].inner(6)[0].as_text(), "/devices/d/messages/events");
  EXPECT_TRUE(seen[0].null(7));
  EXPECT_TRUE(seen[0].null(9));  // we receive: no initial-delivery-count
  EXPECT_EQ(seen[0].fields[10].type(), Type::kUlong);
  EXPECT_EQ(seen[0].num(10), 1048576u);
  EXPECT_EQ(seen[0].fields[13], client_properties());
}

TEST(Attach, ReplyToAReceiver) {
  Harness h;
  h.open();
  Attach attach = receiver("r", 0, "eh/ConsumerGroups/$Default/Partitions/0");
  attach.target.reset();  // C# service: the other terminus is null
  attach.max_message_size = 65536;
  Value filter;
  filter.add(Value::of_symbol("apache.org:selector-filter:string"),
             Value::described(Value::of_ulong(0x468C00000004), Value::of_string("x > '1'")));
  attach.source->filter = filter;
  const auto seen = h.attach(attach);
  ASSERT_EQ(codes(seen), std::vector<Code>{Code::kAttach});
  EXPECT_FALSE(seen[0].flag(2));
  EXPECT_EQ(seen[0].inner(5)[7], filter);
  EXPECT_EQ(seen[0].inner_code(6), 0x29u);  // non-null all the same
  EXPECT_EQ(seen[0].num(9), 0u);
  EXPECT_EQ(seen[0].num(10), 65536u);
  EXPECT_TRUE(seen[0].null(13));  // the client sent none
  EXPECT_EQ(h.link("r")->address(), "eh/ConsumerGroups/$Default/Partitions/0");
}

TEST(Attach, MaxMessageSizeZeroMeansNoLimit) {
  Harness h;
  h.open();
  Attach attach = receiver("r", 0);
  attach.max_message_size = 0;
  EXPECT_EQ(h.attach(attach)[0].num(10), 1048576u);
}

// §8: attach with null termini, then detach.
TEST(Attach, RefusedReceiver) {
  Harness h;
  h.open();
  Value info;
  info.add(Value::of_symbol("hostname"), Value::of_string("h"));
  h.listener.attach_hook = [&](Link& link) {
    link.refuse(Error{std::string(condition::kLinkRedirect), std::nullopt, info});
    EXPECT_FALSE(link.live());
    EXPECT_EQ(h.machine.find(link.id()), nullptr);
    EXPECT_EQ(link.name(), "r");  // still there
  };
  const auto seen = h.attach(receiver("r", 5));
  ASSERT_EQ(codes(seen), (std::vector<Code>{Code::kAttach, Code::kDetach}));
  EXPECT_TRUE(seen[0].null(5));
  EXPECT_TRUE(seen[0].null(6));
  EXPECT_EQ(seen[0].num(9), 0u);
  EXPECT_EQ(seen[1].num(0), 5u);
  EXPECT_TRUE(seen[1].flag(1));
  EXPECT_EQ(seen[1].condition(2), "amqp:link:redirect");
  EXPECT_EQ(seen[1].inner(2)[2], info);
  EXPECT_EQ(h.machine.link_count(), 1u);
  EXPECT_TRUE(h.feed(frame_of(Detach{5, true, {}})).empty());  // the peer's half: no answer
  EXPECT_EQ(h.machine.link_count(), 0u);
  EXPECT_TRUE(h.listener.detached.empty());
}

TEST(Attach, RefusedSenderKeepsItsSource) {
  Harness h;
  h.open();
  h.listener.attach_hook = [](Link& link) { link.refuse(Error{"amqp:not-found", "no", Value()}); };
  const auto seen = h.attach(sender("s", 0));
  EXPECT_FALSE(seen[0].null(5));
  EXPECT_TRUE(seen[0].null(6));
  EXPECT_TRUE(seen[0].null(9));
}

TEST(Attach, MayBeAnsweredLater) {
  Harness h;
  h.open();
  h.listener.attach_hook = [](Link&) {};
  EXPECT_TRUE(h.attach(receiver("r", 0)).empty());
  EXPECT_TRUE(h.feed(frame_of(credit(0, 0, 5))).empty());
  Link& link = *h.link("r");
  EXPECT_FALSE(link.can_send());
  EXPECT_FALSE(link.send("m", {}));
  link.accept(link.make_reply());
  link.accept(link.make_reply());  // once only
  EXPECT_EQ(codes(h.output()), std::vector<Code>{Code::kAttach});
  EXPECT_EQ(link.credit(), 5u);
  EXPECT_TRUE(link.can_send());
}

TEST(Attach, DetachedBeforeItWasAnswered) {
  Harness h;
  h.open();
  h.listener.attach_hook = [](Link&) {};
  h.attach(sender("s", 0));
  const auto seen = h.feed(frame_of(Detach{0, true, {}}));
  EXPECT_EQ(codes(seen), (std::vector<Code>{Code::kAttach, Code::kDetach}));
  EXPECT_EQ(h.listener.detached.size(), 1u);
  EXPECT_EQ(h.machine.link_count(), 0u);
}

TEST(Detach, IsEchoedWithTheSameClosed) {
  for (const bool closed : {true, false}) {
    Harness h;
    h.open();
    h.attach(sender("s", 9));
    const auto seen = h.feed(frame_of(Detach{9, closed, Error{"x:y", "z", Value()}}));
    ASSERT_EQ(codes(seen), std::vector<Code>{Code::kDetach});
    EXPECT_EQ(seen[0].num(0), 9u);
    EXPECT_EQ(seen[0].flag(1), closed);
    EXPECT_TRUE(seen[0].null(2));
    ASSERT_EQ(h.listener.detached.size(), 1u);
    EXPECT_EQ(h.listener.detached[0].second.cause, DetachInfo::Cause::kPeer);
    EXPECT_EQ(h.listener.detached[0].second.closed, closed);
    EXPECT_EQ(h.listener.detached[0].second.error->condition, "x:y");
    EXPECT_EQ(h.attach(sender("s", 9)).size(), 2u);  // a new link on the same handle
  }
}

TEST(Detach, OursIsFinalForTheListener) {
  Harness h;
  h.open();
  h.attach(sender("s", 0));
  Link& link = *h.link("s");
  link.detach(false, Error{"amqp:link:detach-forced", "idle", Value()});
  link.detach(true, std::nullopt);
  link.settle(1, Accepted{});
  link.set_credit_window(5);
  const auto seen = h.output();
  ASSERT_EQ(codes(seen), std::vector<Code>{Code::kDetach});
  EXPECT_FALSE(seen[0].flag(1));
  EXPECT_EQ(seen[0].condition(2), "amqp:link:detach-forced");
  EXPECT_TRUE(h.feed(frame_of(transfer(0, 0), 0, "late")).empty());
  EXPECT_TRUE(h.listener.deliveries.empty());
  EXPECT_TRUE(h.feed(frame_of(Detach{0, false, {}})).empty());
  EXPECT_TRUE(h.listener.detached.empty());
}

class Context : public LinkContext {
 public:
  explicit Context(int& destroyed) : destroyed_(destroyed) {}
  ~Context() override { ++destroyed_; }

 private:
  int& destroyed_;
};

// The lifetime rule of link.h.
TEST(Detach, TheObjectOutlivesTheCallbackThatEndsIt) {
  int destroyed = 0;
  Harness h;
  h.open();
  h.attach(sender("s", 0));
  h.link("s")->set_context(std::make_unique<Context>(destroyed));
  h.listener.delivery_hook = [&](Link& link, const Delivery& d) {
    link.detach(true, std::nullopt);
    link.settle(d.id, Accepted{});
    EXPECT_NE(link.context(), nullptr);
  };
  h.machine.feed(frame_of(transfer(0, 0), 0, "x") + frame_of(Detach{0, true, {}}), 0);
  EXPECT_EQ(destroyed, 0);
  EXPECT_EQ(codes(h.output()), std::vector<Code>{Code::kDetach});
  EXPECT_EQ(destroyed, 1);
}

TEST(Names, ASecondLinkOfTheSameNameAndRoleTakesOver) {
  Harness h;
  h.open();
  h.attach(sender("hub", 0));
  const auto seen = h.attach(sender("hub", 1));
  ASSERT_EQ(codes(seen), (std::vector<Code>{Code::kDetach, Code::kAttach, Code::kFlow}));
  EXPECT_EQ(seen[0].num(0), 0u);
  EXPECT_EQ(seen[0].condition(2), "amqp:link:stolen");
  EXPECT_EQ(seen[1].num(1), 1u);
  ASSERT_EQ(h.listener.detached.size(), 1u);
  EXPECT_EQ(h.listener.detached[0].second.cause, DetachInfo::Cause::kStolen);
}

TEST(Names, TheOtherRoleAndOtherSessionsAreFree) {
  Harness h;
  h.open();
  h.feed(begin_frame(1));
  h.attach(sender("n", 0));
  h.attach(receiver("n", 1));
  h.attach(sender("n", 0), 1);
  EXPECT_TRUE(h.listener.detached.empty());
  EXPECT_EQ(h.machine.link_count(), 3u);
}

TEST(Names, LengthUpToTheLimit) {
  Harness h;
  h.open();
  EXPECT_EQ(h.attach(sender(std::string(limits::kAmqpLinkNameBytesMax, 'n'), 0)).size(), 2u);
  const auto seen = h.attach(sender(std::string(limits::kAmqpLinkNameBytesMax + 1, 'n'), 1));
  ASSERT_EQ(codes(seen), std::vector<Code>{Code::kEnd});
  EXPECT_EQ(seen[0].condition(0), condition::kInvalidField);
}

// Whatever the listener does from inside the callbacks of an end, each live link is reported once.
TEST(Session, EndWhileTheListenerDetachesOtherLinks) {
  Harness h;
  h.open();
  for (uint32_t i = 0; i < 4; ++i) h.attach(sender("s" + std::to_string(i), i));
  h.listener.detach_hook = [&](Link&) {
    h.machine.for_each_link([](Link& link) { EXPECT_TRUE(link.live()); });
    for (const auto& [name, id] : h.listener.links) {
      if (Link* link = h.machine.find(id)) link->detach(true, std::nullopt);
    }
  };
  EXPECT_EQ(codes(h.feed(end_frame())), std::vector<Code>{Code::kEnd});
  EXPECT_EQ(h.listener.detached.size(), 4u);
  EXPECT_EQ(h.listener.detached[0].second.cause, DetachInfo::Cause::kSession);
}

TEST(Session, FlowEcho) {
  Harness h;
  h.open();
  Flow flow = session_window(1, 100);
  flow.echo = true;
  auto seen = h.feed(frame_of(flow));
  ASSERT_EQ(codes(seen), std::vector<Code>{Code::kFlow});
  EXPECT_TRUE(seen[0].null(4));
  EXPECT_EQ(seen[0].num(1), 5000u);
  EXPECT_FALSE(seen[0].flag(9));  // never a question back
  h.attach(sender("s", 0));
  flow.handle = 0;
  seen = h.feed(frame_of(flow));
  ASSERT_EQ(codes(seen), std::vector<Code>{Code::kFlow});
  EXPECT_EQ(seen[0].num(4), 0u);
  EXPECT_EQ(seen[0].num(5), 0u);
  EXPECT_EQ(seen[0].num(6), 100u);
}

TEST(Session, FlowOnALinkThatWeDetachedIsDropped) {
  Harness h;
  h.open();
  h.attach(receiver("r", 0));
  h.link("r")->detach(true, std::nullopt);
  h.output();
  EXPECT_TRUE(h.feed(frame_of(credit(0, 0, 1, true, true))).empty());
}

}  // namespace
}  // namespace nave::wire::amqp
