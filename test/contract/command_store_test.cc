// The contract of the CommandStore, on every store.
#include <gtest/gtest.h>

#include "contract/device_store_contract.h"

namespace nave::hub::contract {
namespace {

const std::string kGeneration = "637375045610235418";  // of identity()

UtcTime at(int64_t seconds) {
  return from_unix_ms(1'786'784'856'000 + seconds * 1000);
}

class CommandStoreContract : public DeviceStoreContract {
 protected:
  CommandStore& commands() { return dynamic_cast<CommandStore&>(*store); }

  Result<uint64_t, StoreError> put(const IdentityKey& key, int64_t expires = 3600, const std::string& record = "record",
                                   const std::string& generation = kGeneration) {
    CommandWrite write{key, generation, {0, at(0), at(expires), 0, AckRequest::kFull, "id"}, record};
    Result<uint64_t, StoreError> out = fail(StoreError::kUnavailable);
    WaitingExecutor executor;
    commands().put_command(std::move(write), executor, [&](Result<uint64_t, StoreError> r) { out = r; });
    executor.run_one();
    return out;
  }
  Outcome remove(const IdentityKey& key, const std::vector<CommandRemoval>& removals) {
    return wait_for([&](Executor& e, StoreReply r) { commands().remove_commands(key, removals, e, std::move(r)); });
  }
  Outcome count(const IdentityKey& key, uint64_t sequence, uint32_t n) {
    return wait_for(
        [&](Executor& e, StoreReply r) { commands().set_delivery_count(key, sequence, n, e, std::move(r)); });
  }
  void feedback_op(void (CommandStore::*op)(std::vector<uint64_t>, Executor&, StoreReply),
                   const std::vector<uint64_t>& sequences) {
    ASSERT_TRUE(wait_for([&](Executor& e, StoreReply r) { (commands().*op)(sequences, e, std::move(r)); }));
  }
  static Feedback feedback(const std::string& id, int64_t expires = 3600) {
    return {at(1), at(expires), FeedbackStatus::kRejected, id, "d", kGeneration};
  }
  // "1 2 3"
  std::string sequences(const IdentityKey& key) {
    std::string out;
    const auto heads = commands().load_commands(key).value();
    for (const CommandHead& h : heads) {
      out += (out.empty() ? "" : " ") + std::to_string(h.sequence);
    }
    return out;
  }
  std::string feedback_ids(uint64_t from, int64_t now, size_t top = 100) {
    std::string out;
    for (const StoredFeedback& f : commands().load_feedback(from, at(now), top)) {
      out += (out.empty() ? "" : " ") + f.feedback.message_id;
    }
    return out;
  }
  std::string expired(int64_t now, int64_t after = -1'000'000'000, uint64_t after_sequence = 0, size_t top = 100) {
    std::string out;
    for (const ExpiredCommand& e : commands().load_expired_commands(at(now), at(after), after_sequence, top)) {
      out += (out.empty() ? "" : " ") + e.key.text() + ":" + std::to_string(e.sequence);
    }
    return out;
  }

  const IdentityKey d{"d", ""};
  const IdentityKey m{"d", "m"};
};

TEST_P(CommandStoreContract, WhatWasPutIsThereInOrder) {
  must({create(identity("d")), create(identity("d", "m"))});
  EXPECT_EQ(sequences(d), "");
  const std::string bytes(std::string("\0\xff\x80 any bytes \0", 14));
  EXPECT_EQ(put(d, 10, bytes).value(), 1U);
  EXPECT_EQ(put(m).value(), 2U) << "one numbering for the hub";
  EXPECT_EQ(put(d, 20, "").value(), 3U);
  for (int i = 0; i < 2; ++i, reopen()) {
    EXPECT_EQ(sequences(d), "1 3");
    EXPECT_EQ(sequences(m), "2");
    const CommandHead first = commands().load_commands(d).value().front();
    EXPECT_EQ(first, (CommandHead{1, at(0), at(10), 0, AckRequest::kFull, "id"}));
    EXPECT_EQ(commands().load_command_record(d, 1).value(), bytes);
    EXPECT_EQ(commands().load_command_record(d, 3).value(), "");
    EXPECT_EQ(commands().load_command_record(m, 1).error(), StoreError::kNotFound);
    EXPECT_EQ(commands().load_command_record(d, 4).error(), StoreError::kNotFound);
  }
}

TEST_P(CommandStoreContract, OnlyForTheIdentityThatIsThere) {
  EXPECT_EQ(put(d).error(), StoreError::kNotFound);
  must({create(identity("d"))});
  EXPECT_EQ(put(d, 10, "r", "637375045610235419").error(), StoreError::kNotFound);
  EXPECT_EQ(put(m).error(), StoreError::kNotFound);
  EXPECT_EQ(sequences(d), "");
}

TEST_P(CommandStoreContract, NumbersAreNeverGivenAgain) {
  must({create(identity("d"))});
  ASSERT_TRUE(put(d));
  const uint64_t last = put(d).value();
  ASSERT_TRUE(remove(d, {{last, {}}, {last - 1, {}}}));
  reopen();
  EXPECT_GT(put(d).value(), last);
}

TEST_P(CommandStoreContract, CountsOfEveryQueueThatHoldsMessages) {
  must({create(identity("d")), create(identity("d", "m")), create(identity("empty"))});
  ASSERT_TRUE(put(d) && put(d) && put(m));
  for (int i = 0; i < 2; ++i, reopen()) {
    const auto counts = commands().count_commands();
    ASSERT_EQ(counts.size(), 2U);
    size_t sum = 0;
    for (const CommandCount& c : counts) {
      EXPECT_EQ(c.generation_id, kGeneration);
      EXPECT_EQ(c.messages, c.key == d ? 2U : 1U);
      sum += c.messages;
    }
    EXPECT_EQ(sum, 3U);
  }
}

TEST_P(CommandStoreContract, EndsAndTheirFeedbackTogether) {
  must({create(identity("d"))});
  ASSERT_TRUE(put(d) && put(d) && put(d));
  ASSERT_TRUE(remove(d, {{1, feedback("a")}, {2, {}}}));
  EXPECT_EQ(sequences(d), "3");
  EXPECT_EQ(feedback_ids(0, 0), "a");
  for (const auto& removals : {std::vector<CommandRemoval>{{3, feedback("b")}, {2, feedback("c")}},
                               std::vector<CommandRemoval>{{2, feedback("c")}, {3, feedback("b")}}}) {
    const Outcome outcome = remove(d, removals);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error(), StoreError::kNotFound) << "all or nothing";
  }
  EXPECT_EQ(remove(m, {{3, {}}}).error(), StoreError::kNotFound) << "another's";
  reopen();
  EXPECT_EQ(sequences(d), "3");
  EXPECT_EQ(feedback_ids(0, 0), "a");
}

TEST_P(CommandStoreContract, TheDeliveryCount) {
  must({create(identity("d"))});
  ASSERT_TRUE(put(d));
  ASSERT_TRUE(count(d, 1, 7));
  EXPECT_EQ(count(d, 2, 1).error(), StoreError::kNotFound);
  EXPECT_EQ(count(m, 1, 1).error(), StoreError::kNotFound);
  reopen();
  EXPECT_EQ(commands().load_commands(d).value().front().delivery_count, 7U);
}

TEST_P(CommandStoreContract, ExpiredOnesInOrderFromAnywhere) {
  must({create(identity("d")), create(identity("d", "m"))});
  for (const int64_t expires : {30, 10, 20}) ASSERT_TRUE(put(d, expires));
  for (const int64_t expires : {20, 10}) ASSERT_TRUE(put(m, expires));
  EXPECT_EQ(expired(9), "");
  EXPECT_EQ(expired(10), "d:2 d/m:5");
  EXPECT_EQ(expired(29), "d:2 d/m:5 d:3 d/m:4");
  EXPECT_EQ(expired(30), "d:2 d/m:5 d:3 d/m:4 d:1");
  EXPECT_EQ(expired(30, 10, 2), "d/m:5 d:3 d/m:4 d:1");
  EXPECT_EQ(expired(30, 20, 3), "d/m:4 d:1");
  EXPECT_EQ(expired(30, 20, 4, 1), "d:1");
  EXPECT_EQ(expired(30, -1'000'000'000, 0, 3), "d:2 d/m:5 d:3");
  ASSERT_TRUE(remove(d, {{2, {}}}));
  must({erase(m)});
  EXPECT_EQ(expired(30), "d:3 d:1");
}

TEST_P(CommandStoreContract, MessagesGoWithTheirIdentityAndNotWithAChangeOfIt) {
  must({create(identity("d")), create(identity("d", "m")), create(identity("d", "n")), create(identity("e"))});
  const IdentityKey n{"d", "n"};
  const IdentityKey e{"e", ""};
  for (const IdentityKey& key : {d, m, n, e}) ASSERT_TRUE(put(key));
  must({contract::put(identity("d", "", 2), Expect::kPresent)});
  EXPECT_EQ(sequences(d), "1");
  must({erase(m), create(identity("d", "m"))});
  EXPECT_EQ(sequences(m), "");
  EXPECT_EQ(sequences(n), "3");
  expect_error({erase(d), create(identity("d")), create(identity("d"))}, StoreError::kAlreadyExists);
  EXPECT_EQ(sequences(d) + sequences(n), "13") << "an erasure that fails keeps them";
  EXPECT_EQ(expired(3600), "d:1 d/n:3 e:4");
  must({erase(d), create(identity("d")), create(identity("d", "n"))});
  EXPECT_EQ(sequences(d) + sequences(n), "");
  EXPECT_EQ(sequences(e), "4");
  EXPECT_EQ(expired(3600), "e:4");
}

TEST_P(CommandStoreContract, Feedback) {
  must({create(identity("d"))});
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(put(d));
  ASSERT_TRUE(remove(d, {{1, feedback("a", 10)}, {2, feedback("b", 30)}, {3, feedback("c", 20)}}));
  ASSERT_TRUE(remove(d, {{4, feedback("d", 40)}}));
  must({erase(d)});
  reopen();
  EXPECT_EQ(feedback_ids(0, 0), "a b c d") << "it stays when the identity goes";
  EXPECT_EQ(feedback_ids(2, 0, 2), "b c");
  EXPECT_EQ(feedback_ids(0, 10), "b c d") << "expired at its time";
  EXPECT_EQ(commands().count_feedback(at(9)), 4U);
  EXPECT_EQ(commands().count_feedback(at(20)), 2U);
  feedback_op(&CommandStore::count_feedback_delivery, {1, 2, 2, 99});
  feedback_op(&CommandStore::remove_feedback, {3, 99});
  ASSERT_TRUE(wait_for([&](Executor& e, StoreReply r) { commands().expire_feedback(at(10), e, std::move(r)); }));
  reopen();
  EXPECT_EQ(feedback_ids(0, -100), "b d");
  const StoredFeedback b = commands().load_feedback(0, at(0), 1).front();
  EXPECT_EQ(b.feedback, feedback("b", 30));
  EXPECT_EQ(b.sequence, 2U);
  EXPECT_EQ(b.delivery_count, 2U);
}

INSTANTIATE_TEST_SUITE_P(Stores, CommandStoreContract, ::testing::Values("memory", "sqlite"),
                         [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace nave::hub::contract
