// Limits of digital-twin patches; what they do is told in test/golden/digital_twin.
#include "hub/pnp/patch.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "hub/pnp/conventions.h"

namespace nave::hub {
namespace {

json::Value operation(const std::string& path, json::Value value) {
  json::Object out;
  out.append("op", "add");
  out.append("path", path);
  out.append("value", std::move(value));
  return out;
}

ErrorCode refused(const json::Array& operations) {
  const auto patch = read_digital_twin_patch(operations);
  EXPECT_FALSE(patch);
  return patch ? ErrorCode::kServerError : patch.error().code;
}

TEST(DtdlName, Rules) {
  const std::string longest(limits::kDigitalTwinNameCharsMax, 'a');
  for (const std::string& name : {std::string("a"), std::string("Z"), std::string("a1"), std::string("a_b"), longest}) {
    EXPECT_TRUE(is_dtdl_name(name)) << name;
  }
  for (const std::string& name : {std::string(), std::string("1a"), std::string("_a"), std::string("a_"),
                                  std::string("a-b"), std::string("a b"), std::string("ä"), longest + "a"}) {
    EXPECT_FALSE(is_dtdl_name(name)) << name;
  }
}

TEST(DigitalTwinPatch, OperationsAreCounted) {
  json::Array operations(limits::kDigitalTwinOperationsMax, operation("/a", 1));
  EXPECT_TRUE(read_digital_twin_patch(operations));
  operations.push_back(operation("/a", 1));
  EXPECT_EQ(refused(operations), ErrorCode::kInvalidDigitalTwinJsonPatch);
}

// The size of a value is known before anything is looked up in it.
TEST(DigitalTwinPatch, ALargeValueIsRefusedEarly) {
  json::Object large;
  for (int i = 0; i < 4000; ++i) large.append("p" + std::to_string(i), 1);
  EXPECT_EQ(refused({operation("/a", large)}), ErrorCode::kArgumentInvalid);
  large.append("$metadata", json::Object());
  EXPECT_EQ(refused({operation("/c", std::move(large))}), ErrorCode::kArgumentInvalid);
}

TEST(DigitalTwinPatch, ADamagedTwinIsAnErrorOfTheServer) {
  Twin twin;
  twin.reported.values = "[";
  const auto patch = read_digital_twin_patch(json::Array{operation("/a", 1)});
  ASSERT_TRUE(patch);
  const auto input = apply_digital_twin_patch(*patch, twin);
  ASSERT_FALSE(input);
  EXPECT_EQ(input.error().code, ErrorCode::kServerError);
}

}  // namespace
}  // namespace nave::hub
