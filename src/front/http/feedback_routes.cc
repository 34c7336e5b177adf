#include "front/http/feedback_routes.h"

#include <utility>

#include "front/http/c2d_message.h"
#include "front/http/locked_call.h"

namespace nave::front::http {
namespace {

using hub::C2dOutcome;
using hub::FeedbackQueue;

constexpr const char* kFeedbackType = "application/vnd.microsoft.iothub.feedback.json";

void receive(FeedbackQueue& feedback, const hub::HubInfo& hub, Call call) {
  auto batch = feedback.receive();
  if (!batch) return call.reply.empty(204);
  call.reply.text(200, kFeedbackType, std::move(batch->json),
                  {{"ETag", lock_etag(batch->lock)},
                   {"iothub-enqueuedtime", format_iso8601_fixed(batch->enqueued)},
                   {"iothub-userid", hub.name()},
                   {"iothub-deliverycount", std::to_string(batch->delivery_count)}});
}

void settle(FeedbackQueue& feedback, C2dOutcome outcome, Call call) {
  const auto lock = lock_of(call.request, call.ids.back());
  if (!lock) return call.reply.error(lock.error());
  feedback.settle(*lock, outcome, call.shard.executor, settled_reply(std::move(call.reply)));
}

}  // namespace

std::vector<Route> feedback_routes(FeedbackQueue& feedback, const hub::HubInfo& hub) {
  const std::vector<auth::Right> service{auth::Right::kServiceConnect};
  const auto get = [&](Call call) { receive(feedback, hub, std::move(call)); };
  const auto remove = [&feedback](Call call) {
    const C2dOutcome outcome = delete_outcome(call.request);
    settle(feedback, outcome, std::move(call));
  };
  const auto abandon = [&feedback](Call call) { settle(feedback, C2dOutcome::kAbandon, std::move(call)); };
  return {
      {"GET", "messages/servicebound/feedback", service, Body::kRaw, get},
      {"DELETE", "messages/servicebound/feedback/{}", service, Body::kRaw, remove},
      {"POST", "messages/servicebound/feedback/{}/abandon", service, Body::kRaw, abandon},
  };
}

}  // namespace nave::front::http
