#include "hub/device/authenticator.h"

#include <algorithm>

#include "base/url.h"

namespace nave::hub {
namespace {

using auth::SasToken;

// Far enough for every token, near enough that adding to it, or turning it into ticks, cannot overflow.
constexpr int64_t kFarFutureUnixSeconds = 253'402'300'799;  // the end of year 9999

int64_t saturated(double unix_seconds) {
  return unix_seconds >= static_cast<double>(kFarFutureUnixSeconds) ? kFarFutureUnixSeconds
                                                                    : static_cast<int64_t>(unix_seconds);
}

auto refused(const char* why) {
  return fail(Error(ErrorCode::kIotHubUnauthorizedAccess, why));
}

const char* describe(auth::SasError error) {
  switch (error) {
    case auth::SasError::kTooLong:
      return "the token is too long";
    case auth::SasError::kNotASas:
      return "the credential is not a shared access signature";
    case auth::SasError::kDuplicateField:
      return "a field of the token is given twice";
    case auth::SasError::kMissingField:
      return "sr, sig or se is missing in the token";
    case auth::SasError::kBadExpiry:
      return "the expiry of the token is not a number";
  }
  return "the token is malformed";
}

// The one of the two keys that signed the token; nullptr if neither did.
const std::string* signing_key(const SasToken& token, const std::string& primary, const std::string& secondary) {
  if (auth::signature_matches(token, primary)) return &primary;
  if (auth::signature_matches(token, secondary)) return &secondary;
  return nullptr;
}

// As above for the Event Hubs SDKs, which take the key as text. They only know policies, never devices.
const std::string* signing_key_text(const SasToken& token, const std::string& primary, const std::string& secondary) {
  if (auth::signature_matches_key_text(token, primary)) return &primary;
  if (auth::signature_matches_key_text(token, secondary)) return &secondary;
  return nullptr;
}

std::vector<std::string_view> resource_of(const HubInfo& hub, const IdentityKey& key) {
  std::vector<std::string_view> out{hub.host_name, "devices", key.device};
  if (key.is_module()) out.insert(out.end(), {"modules", key.module});
  return out;
}

bool is_own_host(std::string_view host, const void* hub) {
  return static_cast<const HubInfo*>(hub)->is_own_host(host);
}

// The identity that a spelling of a resource names; nullopt if it is of another shape.
std::optional<IdentityKey> identity_in(const std::vector<std::string>& spelling) {
  if (spelling.size() < 3 || !equals_ignore_case(spelling[1], "devices")) return {};
  if (spelling.size() >= 5 && equals_ignore_case(spelling[3], "modules")) return IdentityKey{spelling[2], spelling[4]};
  return IdentityKey{spelling[2], ""};
}

bool is_registry_root(std::string_view segment) {
  return equals_ignore_case(segment, "devices") || equals_ignore_case(segment, "twins") ||
         equals_ignore_case(segment, "digitaltwins");
}

// Ids compare exactly, at decode depth 1 and 2; everything else ignores case.
bool same_segment(std::string_view granted, std::string_view wanted, bool is_id) {
  return is_id ? granted == wanted || percent_decode(granted) == wanted : equals_ignore_case(granted, wanted);
}

bool scope_covers(const std::vector<std::string>& scope, const std::vector<std::string_view>& resource) {
  if (scope.size() > resource.size()) return false;
  for (size_t i = 0; i < scope.size(); ++i) {
    const bool is_id = i % 2 == 1 && is_registry_root(scope[0]);
    if (!same_segment(scope[i], resource[i], is_id)) return false;
  }
  return true;
}

AuthScope scope_of(const IdentityKey& key) {
  return key.is_module() ? AuthScope::kModule : AuthScope::kDevice;
}

// Exists and is enabled; a module needs its device enabled.
HubResult<Identity> usable(const DeviceStore& store, const IdentityKey& key) {
  std::optional<Identity> identity = store.find(key);
  if (!identity) return refused(key.is_module() ? "the module is unknown" : "the device is unknown");
  if (!key.is_module()) {
    if (!identity->enabled) return refused("the device is disabled");
    return *std::move(identity);
  }
  const std::optional<Identity> parent = store.find({key.device, ""});
  if (!parent || !parent->enabled) return refused("the device of the module is disabled");
  return *std::move(identity);
}

// A policy token whose scope could name several existing identities, depending on how often one decodes it, is not
// accepted for any of them (§2.4, audience check 4).
bool names_another_identity(const DeviceStore& store, std::string_view resource, const IdentityKey& key) {
  for (const auto& spelling : auth::resource_spellings(resource)) {
    const std::optional<IdentityKey> other = identity_in(spelling);
    if (other && *other != key && *other != IdentityKey{key.device, ""} && store.find(*other)) return true;
  }
  return false;
}

struct SignedPolicy {
  const auth::Policy* policy;
  const std::string* key;
};

HubResult<SignedPolicy> check_policy(const auth::PolicySet& set, const SasToken& token) {
  const auth::Policy* const policy = set.find(token.policy);
  if (policy == nullptr) return refused("the policy is unknown");
  const std::string* key = signing_key(token, policy->primary_key, policy->secondary_key);
  if (key == nullptr) key = signing_key_text(token, policy->primary_key, policy->secondary_key);
  if (key == nullptr) return refused("the signature matches neither key of the policy");
  return SignedPolicy{policy, key};
}

}  // namespace

TelemetryOrigin telemetry_origin(const DeviceGrant& grant, PartitionId partition) {
  return {.identity = grant.identity.key,
          .generation_id = grant.identity.generation_id,
          .auth_method = auth_method_json(grant.credential.scope, "sas"),
          .model_id = {},
          .partition = partition};
}

bool ServiceGrant::allows(auth::Right right, const std::vector<std::string_view>& resource) const {
  return rights.has(right) && scope_covers(scope, resource);
}

Authenticator::Authenticator(const DeviceStore& store, const auth::Policies& policies, const HubInfo& hub,
                             const Clock& clock)
    : store_(store), policies_(policies), hub_(hub), clock_(clock) {}

HubResult<DeviceGrant> Authenticator::device(const IdentityKey& key, std::string_view token_text) const {
  const auto token = auth::parse_sas(token_text);
  if (!token) return refused(describe(token.error()));
  auto identity = usable(store_, key);
  if (!identity) return fail(std::move(identity.error()));

  Credential credential{.scope = scope_of(key),
                        .policy = token->policy,
                        .key = {},
                        .expires_unix_seconds = saturated(token->expiry_unix_seconds)};
  if (token->policy.empty()) {
    const Authentication& a = identity->authentication;
    if (a.type != AuthType::kSas) return refused("the identity does not authenticate with keys");
    const std::string* const matched = signing_key(*token, a.primary_key, a.secondary_key);
    if (matched == nullptr) return refused("the signature matches neither key of the identity");
    credential.key = *matched;
  } else {
    const auto policies = policies_.current();
    const auto found = check_policy(*policies, *token);
    if (!found) return fail(found.error());
    if (!found->policy->rights.has(auth::Right::kDeviceConnect)) return refused("the policy lacks DeviceConnect");
    if (names_another_identity(store_, token->resource, key)) return refused("the audience of the token is ambiguous");
    credential.scope = AuthScope::kHub;
    credential.key = *found->key;
  }
  if (!auth::resource_covers(token->resource, resource_of(hub_, key), is_own_host, &hub_)) {
    return refused("the audience of the token does not cover the identity");
  }
  if (auth::is_expired(*token, unix_seconds(clock_.utc()))) return refused("the token is expired");
  return DeviceGrant{*std::move(identity), std::move(credential)};
}

HubResult<ServiceGrant> Authenticator::service(std::string_view token_text) const {
  const auto token = auth::parse_sas(token_text);
  if (!token) return refused(describe(token.error()));
  if (token->policy.empty()) return refused("the token names no policy");
  const auto policies = policies_.current();
  const auto found = check_policy(*policies, *token);
  if (!found) return fail(found.error());
  std::vector<std::string> scope = auth::resource_segments(token->resource);
  if (scope.empty() || !hub_.is_own_host(scope.front())) return refused("the audience of the token is another host");
  scope.erase(scope.begin());
  if (auth::is_expired(*token, unix_seconds(clock_.utc()))) return refused("the token is expired");
  return ServiceGrant{.rights = found->policy->rights,
                      .credential = {.scope = AuthScope::kHub,
                                     .policy = token->policy,
                                     .key = *found->key,
                                     .expires_unix_seconds = saturated(token->expiry_unix_seconds)},
                      .scope = std::move(scope)};
}

HubResult<std::variant<DeviceGrant, ServiceGrant>> Authenticator::by_audience(std::string_view token_text) const {
  const auto token = auth::parse_sas(token_text);
  if (!token) return refused(describe(token.error()));
  if (!token->policy.empty()) {
    auto grant = service(token_text);
    if (!grant) return fail(std::move(grant.error()));
    return *std::move(grant);
  }
  // The key that decides is that of the identity itself, so trying every spelling of its id is safe.
  Error last(ErrorCode::kIotHubUnauthorizedAccess, "the audience of the token names no device or module");
  for (const auto& spelling : auth::resource_spellings(token->resource)) {
    const std::optional<IdentityKey> key = identity_in(spelling);
    if (!key) continue;
    auto grant = device(*key, token_text);
    if (grant) return *std::move(grant);
    last = std::move(grant.error());
  }
  return fail(std::move(last));
}

HubResult<DeviceGrant> Authenticator::device_by_policy(const IdentityKey& key, const ServiceGrant& grant) const {
  std::vector<std::string_view> resource = resource_of(hub_, key);
  resource.erase(resource.begin());
  if (!grant.rights.has(auth::Right::kDeviceConnect)) return refused("the policy lacks DeviceConnect");
  if (!scope_covers(grant.scope, resource)) return refused("the audience of the token does not cover the identity");
  if (!still_stands(grant.credential)) return refused("the policy has changed since");
  auto identity = usable(store_, key);
  if (!identity) return fail(std::move(identity.error()));
  return DeviceGrant{*std::move(identity), grant.credential};
}

HubResult<DeviceGrant> Authenticator::renewed(const DeviceGrant& grant) const {
  auto identity = usable(store_, grant.identity.key);
  if (!identity) return fail(std::move(identity.error()));
  // A generation is one life of the identity: a namesake that was created since is somebody else.
  if (identity->generation_id != grant.identity.generation_id) return refused("the identity was created anew since");
  if (!still_stands(grant.credential, *identity)) return refused("the key or the policy has changed since");
  return DeviceGrant{*std::move(identity), grant.credential};
}

bool Authenticator::still_stands(const Credential& credential, const Identity& identity) const {
  if (identity.key.is_module()) {
    const std::optional<Identity> parent = store_.find({identity.key.device, ""});
    if (!parent || !parent->enabled) return false;
  } else if (!identity.enabled) {
    return false;
  }
  if (!credential.policy.empty()) {
    const auto policies = policies_.current();
    const auth::Policy* const policy = policies->find(credential.policy);
    return policy != nullptr && policy->rights.has(auth::Right::kDeviceConnect) && still_stands(credential);
  }
  const Authentication& a = identity.authentication;
  return a.type == AuthType::kSas && !credential.key.empty() &&
         (credential.key == a.primary_key || credential.key == a.secondary_key);
}

bool Authenticator::still_stands(const Credential& policy_credential) const {
  const auto policies = policies_.current();
  const auth::Policy* const policy = policies->find(policy_credential.policy);
  return policy != nullptr && !policy_credential.key.empty() &&
         (policy_credential.key == policy->primary_key || policy_credential.key == policy->secondary_key);
}

}  // namespace nave::hub
