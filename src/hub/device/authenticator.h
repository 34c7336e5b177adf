// Who is this, and may they? Device, module and policy credentials against the registry and the policies. The one place
// that knows the rules of reference/device-mqtt-https.md §2.4 and service-rest.md §3; every front asks here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "auth/policy.h"
#include "auth/sas_token.h"
#include "base/clock.h"
#include "hub/errors.h"
#include "hub/hub_info.h"
#include "hub/ports.h"
#include "hub/telemetry/ingest.h"

namespace nave::hub {

// What let somebody in. Kept with the session, so that a change of keys or policies can be held against it.
struct Credential {
  AuthScope scope = AuthScope::kDevice;
  std::string policy;  // policy name; empty for a device or module key
  std::string key;     // the key that matched (base64 text): compared with the registry on change, never logged
  int64_t expires_unix_seconds = 0;  // saturated
};

struct DeviceGrant {
  Identity identity;  // of the device or module, as it was at that moment
  Credential credential;
};

// What the hub stamps on telemetry of the one that was let in; without a model id.
[[nodiscard]] TelemetryOrigin telemetry_origin(const DeviceGrant& grant, PartitionId partition);

// A policy token: what it allows and where.
struct ServiceGrant {
  auth::Rights rights;
  Credential credential;
  std::vector<std::string> scope;  // decoded resource segments after the host; empty: the whole hub
  // A right, on a resource below the scope. `resource` is path segments, e.g. {"devices", "d1"}.
  [[nodiscard]] bool allows(auth::Right right, const std::vector<std::string_view>& resource) const;
};

// Thread-safe; every call takes microseconds.
class Authenticator {
 public:
  Authenticator(const DeviceStore& store, const auth::Policies& policies, const HubInfo& hub, const Clock& clock);

  // A device or module that says who it is and shows a token (MQTT password, Authorization header of the device API).
  // Errors are all IotHubUnauthorizedAccess towards the peer; the message says why, for the log.
  [[nodiscard]] HubResult<DeviceGrant> device(const IdentityKey& key, std::string_view token) const;

  // A policy token on the service API or a service link. Does not check rights: ask the grant.
  [[nodiscard]] HubResult<ServiceGrant> service(std::string_view token) const;

  // A token whose own audience says whom it is for (CBS put-token, reference/amqp.md §3): device or module when it has
  // no policy name, otherwise a policy.
  [[nodiscard]] HubResult<std::variant<DeviceGrant, ServiceGrant>> by_audience(std::string_view token) const;

  // A policy grant with DeviceConnect acts as a device (SasGrouped pools, policy tokens over AMQP).
  [[nodiscard]] HubResult<DeviceGrant> device_by_policy(const IdentityKey& key, const ServiceGrant& grant) const;

  // The grant as it would be given now: for the identity in its present state, unless that is another one of the same
  // name, was disabled, or has other keys. For connections that act for an identity some time after its token came.
  [[nodiscard]] HubResult<DeviceGrant> renewed(const DeviceGrant& grant) const;

  // Would the credential still be accepted for the identity as it now is? (key change, disabling, policy change)
  [[nodiscard]] bool still_stands(const Credential& credential, const Identity& identity) const;
  [[nodiscard]] bool still_stands(const Credential& policy_credential) const;

 private:
  const DeviceStore& store_;
  const auth::Policies& policies_;
  const HubInfo& hub_;
  const Clock& clock_;
};

}  // namespace nave::hub
