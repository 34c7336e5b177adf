#include "sim/actors/http_receiver.h"

#include <algorithm>

namespace nave::sim {

using hub::C2dOutcome;

void HttpReceiver::act() {
  client_.check_time();
  if (client_.busy()) {
    if (!calm() && rng().one_in(60)) client_.vanish();
    return;
  }
  if (!calm() && rng().one_in(60)) client_.drop();
  if (!held_.empty() && (calm() || !rng().one_in(3))) {
    const size_t i = rng().below(held_.size());
    std::swap(held_[i], held_.back());
    const Held held = std::move(held_.back());
    held_.pop_back();
    return settle(held);
  }
  if (calm()) {
    for (const IdentityKey& key : keys_) {
      if (stage_.commands.waiting(key) > 0 && rng().one_in(10)) return receive(key);
    }
  } else if (rng().one_in(2)) {
    // Many of them belong to the one that has no other way.
    receive(rng().one_in(2) ? keys_.back() : rng().pick(keys_));
  }
}

void HttpReceiver::receive(const IdentityKey& key) {
  HttpClient::Headers headers;
  int64_t lock_s = 60;
  if (rng().one_in(3)) {
    lock_s = rng().between(1, 5);
    headers.emplace_back("iothub-messagelocktimeout", std::to_string(lock_s));
  }
  // The hub counts in milliseconds.
  const int64_t until_us = now() + lock_s * kS - kMs;
  client_.request("GET", path_of(key) + "/messages/devicebound?api-version=2021-04-12", stage_.device_token(key), "",
                  std::move(headers), [this, key, until_us](const std::optional<HttpAnswer>& answer) {
                    if (!answer || answer->status != 200) return;
                    stage_.commands.on_received(key, answer->body, {until_us, {}});
                    if (answer->etag.size() < 2) return fail("a message without a lock");
                    if (!calm() && rng().one_in(15)) return;  // forgotten
                    held_.push_back({key, answer->body, answer->etag.substr(1, answer->etag.size() - 2)});
                  });
}

void HttpReceiver::settle(const Held& held) {
  const uint64_t choice = calm() ? 9 : rng().below(10);
  const C2dOutcome outcome = choice == 0  ? C2dOutcome::kReject
                             : choice < 4 ? C2dOutcome::kAbandon
                                          : C2dOutcome::kComplete;
  const bool abandons = outcome == C2dOutcome::kAbandon;
  stage_.commands.begin_settle(held.body, outcome);
  client_.request(abandons ? "POST" : "DELETE",
                  path_of(held.key) + "/messages/devicebound/" + held.lock + (abandons ? "/abandon" : "") +
                      "?api-version=2021-04-12" + (outcome == C2dOutcome::kReject ? "&reject" : ""),
                  stage_.device_token(held.key), "", {},
                  [this, body = held.body, outcome](const std::optional<HttpAnswer>& answer) {
                    if (!answer) return;
                    if (answer->status == 204) return stage_.commands.on_settled(body, outcome);
                    if (answer->status != 503) stage_.commands.on_released(body);
                  });
}

}  // namespace nave::sim
