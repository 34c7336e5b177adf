#include "hub/device/edge_scope.h"

#include <gtest/gtest.h>

namespace nave::hub {
namespace {

TEST(EdgeScope, NamesItsDevice) {
  EXPECT_EQ(make_edge_scope("e1", "637131779299315265"), "ms-azure-iot-edge://e1-637131779299315265");
  EXPECT_EQ(edge_scope_device("ms-azure-iot-edge://e1-637131779299315265"), "e1");
  EXPECT_EQ(edge_scope_device("ms-azure-iot-edge://a-b-c-1"), "a-b-c");
  EXPECT_EQ(edge_scope_device("ms-azure-iot-edge://e1-"), "e1");
  for (const char* bad : {"", "e1", "ms-azure-iot-edge://", "ms-azure-iot-edge://-1", "ms-azure-iot-edge://e1",
                          "ms-azure-iot-edge://e1-x", "https://e1-1"}) {
    EXPECT_EQ(edge_scope_device(bad), std::nullopt) << bad;
  }
}

class EdgeScopeTest : public testing::Test {
 protected:
  HubResult<Scopes> decide(const DeviceInput& input, const Identity* current = nullptr) {
    return decide_scopes({"d", ""}, "7", input, current, [](const std::string& s) { return s == "known"; });
  }
  static Identity current(bool edge, const std::string& scope, std::vector<std::string> parents = {}) {
    Identity out;
    out.iot_edge = edge;
    out.device_scope = scope;
    out.parent_scopes = std::move(parents);
    return out;
  }
};

TEST_F(EdgeScopeTest, ALeafHasOneParentOrNone) {
  DeviceInput input;
  EXPECT_TRUE(decide(input)->device_scope.empty());
  input.device_scope = "known";
  EXPECT_EQ(decide(input)->parent_scopes, std::vector<std::string>{"known"});
  input.device_scope = "unknown";
  EXPECT_EQ(decide(input).error().code, ErrorCode::kInvalidDeviceScope);
  input.device_scope = std::nullopt;
  input.parent_scopes = {"known"};
  EXPECT_TRUE(decide(input)->parent_scopes.empty());
}

TEST_F(EdgeScopeTest, AParentThatIsGoneMayBeSentBack) {
  const Identity now = current(false, "gone", {"gone"});
  DeviceInput input;
  input.device_scope = "gone";
  EXPECT_EQ(decide(input, &now)->device_scope, "gone");
  EXPECT_FALSE(decide(input));
}

TEST_F(EdgeScopeTest, AnEdgeDeviceIsNotItsOwnParentAndHasOneAtMost) {
  const Identity now = current(true, "known");
  DeviceInput input;
  input.iot_edge = true;
  input.parent_scopes = {"known"};
  EXPECT_EQ(decide(input, &now).error().code, ErrorCode::kInvalidDeviceScope);
  input.parent_scopes = {"known", "known"};
  EXPECT_EQ(decide(input).error().code, ErrorCode::kArgumentInvalid);
  input.parent_scopes = {"known"};
  EXPECT_EQ(decide(input)->device_scope, "ms-azure-iot-edge://d-7");
}

}  // namespace
}  // namespace nave::hub
