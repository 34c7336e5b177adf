#include "front/http/key_renewal_json.h"

#include <unordered_set>
#include <utility>

#include "base/url.h"
#include "hub/device/bulk_json.h"

namespace nave::front::http {
namespace {

using hub::Error;
using hub::ErrorCode;
using hub::RenewalOutcome;

constexpr std::string_view kPrimary = "primaryKey";
constexpr std::string_view kSecondary = "secondaryKey";
constexpr std::string_view kBoth = "both";

json::Object named(const IdentityKey& key) {
  json::Object out;
  out.append("id", key.device);
  if (key.is_module()) out.append("moduleId", key.module);
  return out;
}

json::Object error_document(const IdentityKey& key, const Error& error) {
  json::Object out = named(key);
  out.append("errorCode", row(error.code).name);
  out.append("errorStatus", error.message);
  return out;
}

json::Object keys_document(const std::string& policy_key, const IdentityKey& key, const hub::Authentication& a) {
  json::Object out = named(key);
  if (policy_key != kSecondary) out.append("primaryKey", a.primary_key);
  if (policy_key != kPrimary) out.append("secondaryKey", a.secondary_key);
  return out;
}

json::Object document(json::Value policy_key, json::Array errors, json::Array rotated) {
  json::Object out;
  out.append("policyKey", std::move(policy_key));
  out.append("errors", std::move(errors));
  out.append("rotatedKeys", std::move(rotated));
  return out;
}

}  // namespace

std::optional<RenewalRequest> read_renewal_request(const json::Object& body) {
  const json::Value* const value = body.find("policyKey");
  const std::string* const text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr) return {};
  for (const std::string_view name : {kPrimary, kSecondary, kBoth}) {
    if (equals_ignore_case(*text, name))
      return RenewalRequest{std::string(name), {name != kSecondary, name != kPrimary}};
  }
  return {};
}

hub::HubResult<std::vector<IdentityKey>> read_renewal_keys(const json::Array& devices) {
  if (devices.empty()) return fail(Error(ErrorCode::kArgumentNull, "The request names no devices"));
  std::vector<IdentityKey> out;
  std::unordered_set<IdentityKey> seen;
  for (const json::Value& item : devices) {
    auto key = hub::read_bulk_key(item);
    if (!key) return fail(std::move(key.error()));
    if (!seen.insert(*key).second) {
      return fail(Error(ErrorCode::kDeviceDefinedMultipleTimes, "DeviceDefinedMultipleTimes, " + key->text()));
    }
    out.push_back(*std::move(key));
  }
  return out;
}

json::Object renewal_document(const std::string& policy_key, const std::vector<RenewalOutcome>& outcomes) {
  json::Array errors;
  json::Array rotated;
  for (const RenewalOutcome& o : outcomes) {
    if (o.authentication) {
      rotated.emplace_back(keys_document(policy_key, o.key, *o.authentication));
    } else {
      errors.emplace_back(error_document(o.key, o.authentication.error()));
    }
  }
  return document(policy_key, std::move(errors), std::move(rotated));
}

json::Object refused_renewal_document(const json::Object& request, const std::vector<IdentityKey>& keys,
                                      const Error& error) {
  json::Array errors;
  for (const IdentityKey& key : keys) errors.emplace_back(error_document(key, error));
  const json::Value* const policy_key = request.find("policyKey");
  json::Object out = document(policy_key == nullptr ? json::Value() : *policy_key, std::move(errors), {});
  out.append("Message", "ErrorCode:" + std::string(row(error.code).name) + ";" + error.message);
  return out;
}

}  // namespace nave::front::http
