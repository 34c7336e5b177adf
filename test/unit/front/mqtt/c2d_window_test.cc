#include "front/mqtt/c2d_window.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace nave::front::mqtt {
namespace {

hub::LockToken lock(uint8_t n) {
  hub::LockToken out;
  out.bytes[0] = n;
  return out;
}

TEST(C2dWindow, PacketIdsGoRoundWithoutZeroAndSpareThoseInUse) {
  C2dWindow window;
  window.add(1, lock(1), 1000);
  window.add(65'535, lock(2), 1000);
  EXPECT_EQ(window.free_id_after(0), 2);
  EXPECT_EQ(window.free_id_after(65'533), 65'534);
  EXPECT_EQ(window.free_id_after(65'534), 2);
  EXPECT_EQ(packet_id_after(65'535), 1);
}

TEST(C2dWindow, EachIdIsTakenOnce) {
  C2dWindow window;
  window.add(7, lock(1), 1000);
  window.add(8, lock(2), 2000);
  EXPECT_FALSE(window.take(9));
  EXPECT_EQ(window.take(8), lock(2));
  EXPECT_FALSE(window.take(8));
  EXPECT_EQ(window.locks(), std::vector{lock(1)});
}

TEST(C2dWindow, EndedLocksAreDroppedAtTheirTime) {
  C2dWindow window;
  EXPECT_FALSE(window.next_end_ms());
  window.add(1, lock(1), 2000);
  window.add(2, lock(2), 1000);
  EXPECT_EQ(window.next_end_ms(), 1000);
  window.drop_ended(999);
  EXPECT_EQ(window.locks().size(), 2U);
  window.drop_ended(1000);
  EXPECT_EQ(window.locks(), std::vector{lock(1)});
}

TEST(C2dWindow, FullAtItsLimit) {
  C2dWindow window;
  for (uint16_t i = 1; i < limits::kMqttOutboundWindow; ++i) window.add(i, lock(0), 1000);
  EXPECT_FALSE(window.full());
  window.add(100, lock(0), 1000);
  EXPECT_TRUE(window.full());
}

}  // namespace
}  // namespace nave::front::mqtt
