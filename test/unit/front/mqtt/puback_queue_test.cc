#include "front/mqtt/puback_queue.h"

#include <gtest/gtest.h>

#include "unit/wire/mqtt/client_packets.h"

namespace nave::front::mqtt {
namespace {

// The packet ids that were acknowledged since the last call.
class Acknowledged {
 public:
  std::string out;
  std::vector<unsigned> take() {
    std::vector<unsigned> ids;
    for (size_t i = 0; i + 4 <= out.size(); i += 4) ids.push_back(load_be<uint16_t>(out.data() + i + 2));
    out.clear();
    return ids;
  }
};
using Ids = std::vector<unsigned>;

TEST(PubackQueue, TelemetryAloneNeedsNone) {
  PubackQueue queue;
  Acknowledged acked;
  queue.add_telemetry(7);
  queue.add_telemetry(0);
  queue.telemetry_done(7, acked.out);
  queue.telemetry_done(0, acked.out);
  EXPECT_EQ(acked.take(), Ids{7});
}

TEST(PubackQueue, ARequestAloneIsAcknowledgedAtOnce) {
  PubackQueue queue;
  Acknowledged acked;
  queue.add_request(3, 0);
  EXPECT_EQ(acked.take(), Ids{});
  queue.request_done(3, acked.out);
  EXPECT_EQ(acked.take(), Ids{3});
}

TEST(PubackQueue, ARequestWaitsForTelemetryBeforeIt) {
  PubackQueue queue;
  Acknowledged acked;
  queue.add_telemetry(1);
  queue.add_telemetry(0);
  queue.add_request(2, 2);
  queue.request_done(2, acked.out);
  EXPECT_EQ(acked.take(), Ids{});
  queue.telemetry_done(1, acked.out);
  EXPECT_EQ(acked.take(), Ids{1});
  queue.telemetry_done(0, acked.out);
  EXPECT_EQ(acked.take(), Ids{2});
}

TEST(PubackQueue, TelemetryWaitsForRequestsBeforeIt) {
  PubackQueue queue;
  Acknowledged acked;
  queue.add_telemetry(1);
  queue.add_request(2, 1);
  queue.add_telemetry(3);
  queue.add_request(4, 2);
  queue.add_telemetry(0);
  queue.add_telemetry(5);
  queue.telemetry_done(1, acked.out);
  queue.telemetry_done(3, acked.out);
  queue.request_done(4, acked.out);
  EXPECT_EQ(acked.take(), Ids{1});
  queue.request_done(2, acked.out);
  EXPECT_EQ(acked.take(), (Ids{2, 3, 4}));
  queue.telemetry_done(0, acked.out);
  queue.telemetry_done(5, acked.out);
  EXPECT_EQ(acked.take(), Ids{5});
  queue.add_telemetry(6);
  queue.telemetry_done(6, acked.out);
  EXPECT_EQ(acked.take(), Ids{6}) << "and then it is as at the beginning";
}

// A client may use an id again while it is not acknowledged; then it gets what it asked for.
TEST(PubackQueue, RepeatedIds) {
  PubackQueue queue;
  Acknowledged acked;
  queue.add_request(1, 0);
  queue.add_request(1, 0);
  queue.request_done(1, acked.out);
  queue.request_done(1, acked.out);
  queue.request_done(1, acked.out);
  EXPECT_EQ(acked.take(), (Ids{1, 1}));
}

}  // namespace
}  // namespace nave::front::mqtt
