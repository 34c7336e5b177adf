#include "front/mqtt/durable_session.h"

#include <gtest/gtest.h>

#include "front/mqtt/filters.h"

namespace nave::front::mqtt {
namespace {

using hub::MqttSession;

TEST(DurableSession, NothingWaitsInACleanSession) {
  DurableSession s;
  s.begin_volatile();
  s.subscriptions().filters = 1;
  EXPECT_TRUE(s.may_acknowledge("a"));
  EXPECT_FALSE(s.wants_save());
}

TEST(DurableSession, AChangeWaitsAndARepetitionDoesNot) {
  DurableSession s;
  s.begin_durable(MqttSession{.filters = 1, .qos1 = 1});
  EXPECT_TRUE(s.may_acknowledge("a"));
  EXPECT_FALSE(s.wants_save());
  s.subscriptions().filters |= 2;
  EXPECT_FALSE(s.may_acknowledge("b"));
  ASSERT_TRUE(s.wants_save());
  EXPECT_EQ(s.begin_save(), (MqttSession{.filters = 3, .qos1 = 1}));
  EXPECT_FALSE(s.wants_save()) << "one at a time";
  EXPECT_EQ(s.end_save(), "b");
  EXPECT_EQ(s.waiting_bytes(), 0U);
  EXPECT_FALSE(s.wants_save());
}

TEST(DurableSession, ARepetitionBehindAPendingChangeWaitsWithIt) {
  DurableSession s;
  s.begin_durable({});
  s.subscriptions().filters = 1;
  EXPECT_FALSE(s.may_acknowledge("a"));
  (void)s.begin_save();
  EXPECT_FALSE(s.may_acknowledge("b"));
  EXPECT_EQ(s.end_save(), "ab");
}

TEST(DurableSession, AChangeDuringASaveWaitsForTheNext) {
  DurableSession s;
  s.begin_durable({});
  s.subscriptions().filters = 1;
  EXPECT_FALSE(s.may_acknowledge("a"));
  (void)s.begin_save();
  s.subscriptions().filters = 3;
  EXPECT_FALSE(s.may_acknowledge("b"));
  EXPECT_EQ(s.end_save(), "a");
  EXPECT_EQ(s.waiting_bytes(), 1U);
  ASSERT_TRUE(s.wants_save());
  EXPECT_EQ(s.begin_save(), (MqttSession{.filters = 3}));
  EXPECT_EQ(s.end_save(), "b");
}

TEST(DurableSession, AnEmptySessionIsForgotten) {
  DurableSession s;
  s.begin_durable(MqttSession{.filters = 1});
  unsubscribe(s.subscriptions(), Filter::kDeviceC2d);
  EXPECT_FALSE(s.may_acknowledge("a"));
  EXPECT_EQ(s.begin_save(), std::nullopt);
  EXPECT_EQ(s.end_save(), "a");
}

}  // namespace
}  // namespace nave::front::mqtt
