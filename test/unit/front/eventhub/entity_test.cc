#include "front/eventhub/entity.h"

#include <gtest/gtest.h>

namespace nave::front::eventhub {
namespace {

using Kind = EntityAddress::Kind;

std::optional<EntityAddress> entity(const char* text) {
  const auto address = amqp::parse_address(text);
  return address ? entity_of(*address, "hub") : std::nullopt;
}

TEST(EntityAddress, ReceiversInTheSpellingOfEachSdk) {
  for (const char* text : {
           "hub/ConsumerGroups/$Default/Partitions/3",                      // JavaScript, Java, Go
           "/hub/ConsumerGroups/$Default/Partitions/3",                     // .NET
           "amqps://hub.example/hub/ConsumerGroups/$Default/Partitions/3",  // Python, Azure CLI
           "amqps://hub.example:5671/HUB/consumergroups/%24Default/partitions/3",
       }) {
    const auto e = entity(text);
    ASSERT_TRUE(e) << text;
    EXPECT_EQ(e->kind, Kind::kReceiver) << text;
    EXPECT_FALSE(e->redirect) << text;
    EXPECT_EQ(e->consumer_group, "$Default") << text;
    EXPECT_EQ(e->partition, "3") << text;
  }
}

TEST(EntityAddress, Management) {
  for (const char* text : {"$management", "hub/$management", "/Hub/$Management", "amqps://h:5671/hub/$management"}) {
    const auto e = entity(text);
    ASSERT_TRUE(e) << text;
    EXPECT_EQ(e->kind, Kind::kManagement) << text;
    EXPECT_FALSE(e->redirect) << text;
  }
}

TEST(EntityAddress, TheIotHubSpellingIsARedirect) {
  const auto management = entity("amqps://h.example/messages/events/$management");
  ASSERT_TRUE(management);
  EXPECT_TRUE(management->redirect);
  EXPECT_EQ(management->kind, Kind::kManagement);
  const auto receiver = entity("/messages/events/ConsumerGroups/cg/Partitions/1");
  ASSERT_TRUE(receiver);
  EXPECT_TRUE(receiver->redirect);
  EXPECT_EQ(receiver->kind, Kind::kReceiver);
  EXPECT_EQ(receiver->consumer_group, "cg");
  EXPECT_FALSE(entity("/messages/events"));
}

TEST(EntityAddress, SendersAreKnownSoThatTheyCanBeRefusedInWords) {
  for (const char* text : {"hub", "/hub", "hub/Partitions/0", "hub/Publishers/p"}) {
    const auto e = entity(text);
    ASSERT_TRUE(e) << text;
    EXPECT_EQ(e->kind, Kind::kSender) << text;
  }
}

TEST(EntityAddress, OthersAreNotOurs) {
  for (const char* text : {"", "$cbs", "other/$management", "hub/x", "hub/ConsumerGroups/$Default",
                           "hub/ConsumerGroups/$Default/Partitions/0/x", "/devices/hub/messages/events"}) {
    EXPECT_FALSE(entity(text)) << text;
  }
}

}  // namespace
}  // namespace nave::front::eventhub
