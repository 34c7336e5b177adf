// Random operations on one queue, compared with a model that is a list. The seed is printed when it fails.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "unit/hub/c2d/c2d_rig.h"

namespace nave::hub {
namespace {

// What the queue should be. Times are those of the rig's clock, in milliseconds.
struct Model {
  struct Message {
    std::string body;
    int64_t expires;
    uint32_t count = 0;
    std::optional<LockToken> lock;
    int64_t lock_end = 0;
  };
  std::vector<Message> messages;
  std::vector<std::string> ends;  // of messages, as feedback has them

  void end(size_t i, FeedbackStatus status) {
    ends.push_back(messages[i].body + ":" + std::string(name_of(status)));
    messages.erase(messages.begin() + static_cast<std::ptrdiff_t>(i));
  }
  // What on_tick() does.
  void tick(int64_t now) {
    for (Message& m : messages) {
      if (m.lock && m.lock_end <= now) m.lock.reset();
    }
    for (size_t i = messages.size(); i-- > 0;) {
      if (!messages[i].lock && messages[i].expires <= now) end(i, FeedbackStatus::kExpired);
    }
  }
  Message* next(int64_t now) {
    const auto it = std::ranges::find_if(messages, [now](const Message& m) { return !m.lock && m.expires > now; });
    return it == messages.end() ? nullptr : &*it;
  }
};

class C2dModelTest : public C2dRig {
 protected:
  static constexpr size_t kDepth = 6;
  static constexpr uint32_t kDeliveries = 3;

  C2dModelTest() {
    options.queue_depth = kDepth;
    options.max_delivery_count = kDeliveries;
    start();
  }
  int64_t now() const { return unix_ms(shard.clock.utc()); }
  size_t below(size_t n) { return random() % n; }

  void step_send() {
    const std::string body = "m" + std::to_string(++sent);
    const int64_t expires = now() + 1 + static_cast<int64_t>(below(30'000));
    const std::string text = std::to_string(expires);
    EventView view = message(body, "full");
    view.system.push_back({SystemProperty::kAbsoluteExpiry, text});
    // What expired in a receiver's hands and came back takes no room until the tick.
    const auto gone = static_cast<size_t>(
        std::ranges::count_if(model.messages, [&](const Model::Message& m) { return !m.lock && m.expires <= now(); }));
    const bool room = model.messages.size() - gone < kDepth;
    ASSERT_EQ(send(view), room ? "" : "DeviceMaximumQueueDepthExceeded");
    if (room) model.messages.push_back({body, expires, 0, {}, 0});
  }
  void step_receive() {
    const int64_t lock_ms = 1 + static_cast<int64_t>(below(10'000));
    const auto got = receive({"d", ""}, lock_ms);
    Model::Message* expected = model.next(now());
    ASSERT_EQ(body_of(got), expected == nullptr ? "-" : expected->body);
    if (expected == nullptr) return;
    ASSERT_EQ(got->delivery_count, expected->count);
    expected->lock = got->lock;
    expected->lock_end = now() + lock_ms;
    known.push_back(got->lock);
  }
  void step_settle() {
    if (known.empty()) return;
    const LockToken lock = known[below(known.size())];
    const auto outcome = static_cast<C2dOutcome>(below(3));
    const auto it = std::ranges::find_if(model.messages, [&](const Model::Message& m) { return m.lock == lock; });
    const bool held = it != model.messages.end() && it->lock_end > now();
    ASSERT_EQ(settle(lock, outcome), held ? "" : "DeviceMessageLockLost");
    if (!held) return;
    const auto i = static_cast<size_t>(it - model.messages.begin());
    if (outcome == C2dOutcome::kComplete) return model.end(i, FeedbackStatus::kSuccess);
    if (outcome == C2dOutcome::kReject) return model.end(i, FeedbackStatus::kRejected);
    if (++it->count == kDeliveries) return model.end(i, FeedbackStatus::kDeliveryCountExceeded);
    it->lock.reset();
  }
  void step_release() {
    if (known.empty()) return;
    const LockToken lock = known[below(known.size())];
    service->release({"d", ""}, std::vector{lock});
    for (Model::Message& m : model.messages) {
      if (m.lock == lock) m.lock.reset();
    }
  }
  void step_purge() {
    ASSERT_EQ(purge(), std::to_string(model.messages.size()));
    while (!model.messages.empty()) model.end(0, FeedbackStatus::kPurged);
  }
  void step_restart() {
    start();
    for (Model::Message& m : model.messages) m.lock.reset();
  }
  void step_time() {
    advance(static_cast<int64_t>(below(5000)));
    model.tick(now());
  }
  void step() {
    switch (below(32)) {
      case 0:
        return step_purge();
      case 1:
        return step_restart();
      case 2:
      case 3:
        return step_release();
      case 4:
      case 5:
      case 6:
        return step_time();
      default:
        break;
    }
    switch (below(3)) {
      case 0:
        return step_send();
      case 1:
        return step_receive();
      default:
        return step_settle();
    }
  }
  std::string ends_now() {
    std::vector<std::string> out;
    for (const StoredFeedback& f : store.load_feedback(0, kNever, 100'000)) {
      out.push_back(f.feedback.message_id + ":" + std::string(name_of(f.feedback.status)));
    }
    return joined(out);
  }
  // In one order: messages that end at the same moment end in any.
  static std::string joined(std::vector<std::string> items) {
    std::ranges::sort(items);
    std::string out;
    for (const std::string& s : items) out += s + " ";
    return out;
  }

  std::mt19937 random;
  Model model;
  std::vector<LockToken> known;  // every lock there ever was
  int sent = 0;
};

TEST_F(C2dModelTest, RandomOperationsAgreeWithAList) {
  const auto seed = std::random_device{}();
  random.seed(seed);
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (int i = 0; i < 3000 && !HasFatalFailure(); ++i) {
    step();
    ASSERT_EQ(depth(), model.messages.size()) << "after step " << i;
  }
  EXPECT_EQ(ends_now(), joined(model.ends));
  EXPECT_GT(model.ends.size(), 100U);
}

}  // namespace
}  // namespace nave::hub
