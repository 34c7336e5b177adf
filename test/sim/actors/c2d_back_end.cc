#include "sim/actors/c2d_back_end.h"

#include "base/time.h"

namespace nave::sim {

std::string C2dBackEnd::waits_for() const {
  if (const size_t n = stage_.commands.waiting(); n > 0) return std::to_string(n) + " cloud-to-device messages";
  if (const size_t n = stage_.feedback.waiting(); n > 0) return std::to_string(n) + " feedback records";
  return client_.busy() ? "an answer to " + client_.what() : "";
}

void C2dBackEnd::check() {
  stage_.commands.check_end();
  stage_.feedback.check_end();
}

void C2dBackEnd::act() {
  client_.check_time();
  if (client_.busy()) {
    if (!calm() && rng().one_in(80)) client_.vanish();
    return;
  }
  if (!calm() && rng().one_in(60)) client_.drop();
  if (!held_.empty()) {
    const Held held = std::move(held_.back());
    held_.pop_back();
    return settle_feedback(held);
  }
  if (calm()) {
    for (const IdentityKey& key : changing_) {
      if (stage_.commands.waiting(key) > 0 && rng().one_in(10)) return purge(key);
    }
    if (rng().one_in(5)) receive_feedback();
    return;
  }
  if (rng().one_in(20)) return receive_feedback();
  if (rng().one_in(150)) return purge(rng().pick(keys_));
  if (rng().one_in(2)) send(rng().pick(keys_));
}

void C2dBackEnd::call(const std::string& method, const std::string& path, const std::string& body,
                      HttpClient::Headers headers, HttpClient::Reply reply) {
  client_.request(method, path + (path.find('?') == std::string::npos ? "?" : "&") + "api-version=2021-04-12",
                  stage_.policy_token(), body, std::move(headers), std::move(reply));
}

void C2dBackEnd::send(const IdentityKey& to) {
  const C2dLedger::Order order = stage_.commands.next(to);
  HttpClient::Headers headers{{"iothub-messageid", order.body}, {"iothub-ack", std::string(name_of(order.ack))}};
  if (order.expires != kNever) headers.emplace_back("iothub-expiry", format_iso8601_fixed(order.expires));
  call("POST", path_of(to) + "/messages/devicebound", order.body, std::move(headers),
       [this, body = order.body](const std::optional<HttpAnswer>& answer) {
         if (answer && answer->status == 204) stage_.commands.on_accepted(body);
       });
}

void C2dBackEnd::purge(const IdentityKey& key) {
  stage_.commands.begin_purge(key);
  call("DELETE", path_of(key) + "/commands", "", {}, [this, key](const std::optional<HttpAnswer>& answer) {
    // Without an answer it may still be on its way.
    constexpr int64_t kOnItsWay = 10 * kS;
    stage_.commands.end_purge(key, answer ? now() : now() + kOnItsWay);
  });
}

void C2dBackEnd::receive_feedback() {
  // A lock of a minute that began later than this.
  const int64_t until_us = now() + 60 * kS - kMs;
  call("GET", "/messages/servicebound/feedback", "", {}, [this, until_us](const std::optional<HttpAnswer>& answer) {
    if (!answer || answer->status != 200) return;
    auto batch = stage_.feedback.on_received(answer->body, {until_us, {}});
    if (answer->etag.size() < 2) return fail("feedback without a lock");
    if (!calm() && rng().one_in(10)) return;  // forgotten
    held_.push_back({std::move(batch), answer->etag.substr(1, answer->etag.size() - 2)});
  });
}

void C2dBackEnd::settle_feedback(const Held& held) {
  const std::string path = "/messages/servicebound/feedback/" + held.lock;
  const auto lost = [this, batch = held.batch](const std::optional<HttpAnswer>& answer) {
    if (answer && answer->status != 204 && answer->status != 503) stage_.feedback.on_released(batch);
  };
  if (!calm() && rng().one_in(4)) {
    stage_.feedback.begin_abandon(held.batch);
    return call("POST", path + "/abandon", "", {}, lost);
  }
  stage_.feedback.begin_removal(held.batch);
  call("DELETE", path + (rng().one_in(4) ? "?reject" : ""), "", {}, lost);
}

}  // namespace nave::sim
