// Bodies of POST /devices/keys/regenerate (reference/service-rest.md §9). Clients parse the answers 200, 207 and 400
// alike, so all have one shape.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hub/device/key_renewal.h"
#include "json/value.h"

namespace nave::front::http {

struct RenewalRequest {
  std::string policy_key;  // as the answer spells it
  hub::KeyRenewal renewal;
};

// nullopt: policyKey is none of primaryKey, secondaryKey and both.
[[nodiscard]] std::optional<RenewalRequest> read_renewal_request(const json::Object& body);
// Of the devices: [{"id","moduleId"?}, …]. An identity that stands there twice would be renewed twice, so it is
// refused.
[[nodiscard]] hub::HubResult<std::vector<IdentityKey>> read_renewal_keys(const json::Array& devices);

// Keys that were not renewed are left out.
[[nodiscard]] json::Object renewal_document(const std::string& policy_key,
                                            const std::vector<hub::RenewalOutcome>& outcomes);
// Nothing was done, for one reason; with the Message that other clients look for.
[[nodiscard]] json::Object refused_renewal_document(const json::Object& request, const std::vector<IdentityKey>& keys,
                                                    const hub::Error& error);

}  // namespace nave::front::http
