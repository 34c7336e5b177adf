#include "sim/actors/back_end.h"

#include <algorithm>
#include <charconv>

namespace nave::sim {
namespace {

// The service's error code in a body, nested as it may be.
int error_code(std::string_view body) {
  const size_t name = body.find("errorCode");
  const size_t digits = name == std::string_view::npos ? name : body.find_first_of("0123456789", name);
  int out = -1;
  if (digits != std::string_view::npos) std::from_chars(body.data() + digits, body.data() + body.size(), out);
  return out;
}

std::string twin_path(const IdentityKey& key) {
  return "/twins" + path_of(key).substr(std::string_view("/devices").size());
}

}  // namespace

void BackEnd::act() {
  client_.check_time();
  if (client_.busy()) {
    if (!calm() && rng().one_in(150)) client_.vanish();
    return;
  }
  if (calm()) return;
  if (rng().one_in(40)) client_.drop();
  switch (rng().below(8)) {
    case 0:
    case 1:
      return write_twin(rng().pick(stable_), "", 0);
    case 2:
      return read_twin(rng().pick(stable_));
    case 3:
    case 4:
      return invoke_method(rng().pick(rng().one_in(3) && !own_.empty() ? own_ : stable_));
    default:
      break;
  }
  if (own_.empty() || !rng().one_in(3)) return;
  const IdentityKey& key = rng().pick(own_);
  if (!rows_.find(key)) return put_identity(key, true, true);
  if (rng().one_in(3)) return delete_identity(key);
  put_identity(key, false, !rng().one_in(3));
}

void BackEnd::call(const std::string& method, const std::string& path, const std::string& body,
                   HttpClient::Headers headers, OnAnswer reply) {
  client_.request(method, path + "?api-version=2021-04-12", stage_.policy_token(), body, std::move(headers),
                  [reply = std::move(reply)](const std::optional<HttpAnswer>& answer) mutable {
                    if (answer) reply(*answer);
                  });
}

void BackEnd::read_twin(const IdentityKey& key) {
  using Part = TwinLedger::Part;
  const uint64_t desired_floor = stage_.twins.floor(key, Part::kDesired);
  const uint64_t reported_floor = stage_.twins.floor(key, Part::kReported);
  call("GET", twin_path(key), "", {}, [=, this](const HttpAnswer& answer) {
    if (answer.status != 200) return;
    const std::string_view desired = json_member(answer.body, "desired");
    const std::string_view reported = json_member(answer.body, "reported");
    const uint64_t version = json_number(desired, "$version").value_or(0);
    stage_.twins.on_read(key, Part::kDesired, version, desired_floor, desired);
    stage_.twins.on_read(key, Part::kReported, json_number(reported, "$version").value_or(0), reported_floor, reported);
    // What a careful service does: it changes only what it has seen.
    if (!calm() && rng().one_in(2))
      after(rng().between(0, 100) * kMs, [this, key, etag = answer.etag, version] {
        if (!client_.busy()) write_twin(key, etag, version);
      });
  });
}

void BackEnd::write_twin(const IdentityKey& key, const std::string& etag, uint64_t version) {
  const uint64_t write = stage_.twins.begin_write();
  const bool replace = rng().one_in(4);
  const std::string text = replace ? TwinLedger::replacement_text(write) : TwinLedger::patch_text(write);
  HttpClient::Headers headers;
  if (!etag.empty()) headers.emplace_back("If-Match", etag);
  call(replace ? "PUT" : "PATCH", twin_path(key), "{\"properties\":{\"desired\":" + text + "}}", std::move(headers),
       [this, key, write, etag, version](const HttpAnswer& answer) {
         if (answer.status != 200) return;
         const uint64_t now = json_number(json_member(answer.body, "desired"), "$version").value_or(0);
         stage_.twins.on_acknowledged(key, TwinLedger::Part::kDesired, now, write);
         if (!etag.empty() && now != version + 1) fail("a twin was changed that its writer had not seen");
       });
}

void BackEnd::invoke_method(const IdentityKey& key) {
  const uint64_t number = stage_.methods.begin(key.text());
  const std::string body = "{\"methodName\":\"m\",\"payload\":{\"call\":" + std::to_string(number) +
                           "},\"responseTimeoutInSeconds\":" + std::to_string(rng().between(5, 9)) +
                           ",\"connectTimeoutInSeconds\":" + std::to_string(rng().between(0, 4)) + "}";
  client_.request("POST", twin_path(key) + "/methods?api-version=2021-04-12", stage_.policy_token(), body, {},
                  [this, number](const std::optional<HttpAnswer>& answer) {
                    if (!answer) return stage_.methods.on_lost(number);
                    stage_.methods.on_ended(number, answer->status == 200 ? 0 : error_code(answer->body), answer->body);
                  });
}

// Everybody else leaves these identities alone, so that the disk must show what was answered.
void BackEnd::put_identity(const IdentityKey& key, bool create, bool enabled) {
  const std::string primary = stage_.keys.make_key();
  stage_.keys.add(key, primary);
  HttpClient::Headers headers;
  if (!create) headers.emplace_back("If-Match", "\"*\"");
  const std::string body = "{\"deviceId\":\"" + key.device + "\",\"status\":\"" + (enabled ? "enabled" : "disabled") +
                           R"(","authentication":{"type":"sas","symmetricKey":{"primaryKey":")" + primary +
                           R"(","secondaryKey":")" + stage_.keys.make_key() + "\"}}}";
  call("PUT", "/devices/" + key.device, body, std::move(headers),
       [this, key, primary, enabled](const HttpAnswer& answer) {
         if (answer.status != 200) return;
         const auto row = rows_.find(key);
         if (!row || row->authentication.primary_key != primary || row->enabled != enabled) {
           return fail("an identity was acknowledged before it was durable");
         }
         stage_.keys.set(key, primary);
         if (!enabled) stage_.sessions.on_forbidden(key);
       });
}

void BackEnd::delete_identity(const IdentityKey& key) {
  call("DELETE", "/devices/" + key.device, "", {{"If-Match", "\"*\""}}, [this, key](const HttpAnswer& answer) {
    if (answer.status != 204) return;
    stage_.scheduler.expect(!rows_.find(key), "a deletion was acknowledged before it was durable");
    stage_.sessions.on_forbidden(key);
  });
}

}  // namespace nave::sim
