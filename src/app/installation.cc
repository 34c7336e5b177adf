#include "app/installation.h"

#include <algorithm>
#include <random>

#include "app/blocking.h"
#include "app/data_folder.h"
#include "base/base64.h"
#include "base/log.h"
#include "base/random.h"
#include "hub/blob/account.h"

namespace nave::app {
namespace {

void save_setting(hub::DeviceStore& store, const std::string& name, const std::string& value) {
  must_store("the setting " + name, [&](Executor& executor, hub::StoreReply reply) {
    store.save_setting(name, value, executor, std::move(reply));
  });
}

CertificateAndKey load_or_make_ca(const DataFolder& folder, UtcTime now) {
  if (file_exists(folder.ca_certificate()) && file_exists(folder.ca_key())) {
    return {read_file(folder.ca_certificate()), read_file(folder.ca_key())};
  }
  CertificateAndKey ca = make_ca(now);
  write_file_atomic(folder.ca_key(), ca.key_pem, 0600);
  write_file_atomic(folder.ca_certificate(), ca.certificate_pem, 0644);
  log::write(log::Level::kInfo, log::Category::kServer, "made a certificate authority",
             {{"file", folder.ca_certificate()}});
  return ca;
}

bool must_issue(const DataFolder& folder, const CertificateAndKey& ca, const std::vector<std::string>& names,
                UtcTime now) {
  if (!file_exists(folder.server_certificate()) || !file_exists(folder.server_key())) return true;
  const PkiFiles files{ca.certificate_pem, ca.key_pem, read_file(folder.server_certificate()),
                       read_file(folder.server_key())};
  return needs_reissue(files, names, now);
}

}  // namespace

std::string establish_host_name(const Config& config, hub::DeviceStore& store) {
  const auto stored = store.load_setting("hostName");
  std::string name = !config.host_name.empty() ? config.host_name : stored.value_or(kDefaultHostName);
  if (stored != name) save_setting(store, "hostName", name);
  return name;
}

std::vector<auth::Policy> establish_policies(hub::DeviceStore& store) {
  std::vector<auth::Policy> policies = store.load_policies();
  if (!policies.empty()) return policies;
  policies = auth::make_default_policies();
  must_store("the access policies", [&](Executor& executor, hub::StoreReply reply) {
    store.save_policies(policies, executor, std::move(reply));
  });
  return policies;
}

auth::BlobAccount establish_blob_account(hub::DeviceStore& store) {
  std::string key = store.load_setting("blobAccountKey").value_or("");
  if (key.empty()) {
    key = base64_encode(random_bytes(64));
    save_setting(store, "blobAccountKey", key);
  }
  return {std::string(hub::kBlobAccountName), std::move(key)};
}

void establish_first_device(hub::DeviceStore& store, const Clock& clock) {
  if (store.load_setting("firstDevice")) return;
  hub::IdentityWrite write;
  write.expect = hub::IdentityWrite::Expect::kAbsent;
  write.identity.key.device = kFirstDeviceId;
  write.identity.generation_id = std::to_string(dotnet_ticks(clock.utc()));
  write.identity.etag = 100'000'000 + random_u64() % 900'000'000;
  write.identity.authentication.primary_key = base64_encode(random_bytes(32));
  write.identity.authentication.secondary_key = base64_encode(random_bytes(32));
  if (!store.find(write.identity.key)) {
    must_store("the first device",
               [&](Executor& executor, hub::StoreReply reply) { store.apply({write}, executor, std::move(reply)); });
  }
  save_setting(store, "firstDevice", kFirstDeviceId);
}

std::vector<std::string> certificate_names(const hub::HubInfo& hub) {
  std::vector<std::string> names = server_names(hub.host_name);
  for (const std::string& alias : hub.aliases) {
    if (std::find(names.begin(), names.end(), alias) == names.end()) names.push_back(alias);
  }
  return names;
}

Certificates establish_certificates(const DataFolder& folder, const hub::HubInfo& hub, const Clock& clock) {
  const UtcTime now = clock.utc();
  const CertificateAndKey ca = load_or_make_ca(folder, now);
  const std::vector<std::string> names = certificate_names(hub);
  if (must_issue(folder, ca, names, now)) {
    const CertificateAndKey made = make_server_certificate(ca, names, now);
    write_file_atomic(folder.server_key(), made.key_pem, 0600);
    write_file_atomic(folder.server_certificate(), made.certificate_pem, 0644);
    log::write(log::Level::kInfo, log::Category::kServer, "issued a server certificate", {{"hostName", hub.host_name}});
  }
  return {read_file(folder.server_certificate()), read_file(folder.server_key()), folder.ca_certificate()};
}

Certificates make_temporary_certificates(const std::string& ca_file, const hub::HubInfo& hub, const Clock& clock) {
  const PkiFiles made = make_pki(certificate_names(hub), clock.utc());
  write_file_atomic(ca_file, made.ca_cert_pem, 0644);
  return {made.server_chain_pem, made.server_key_pem, ca_file};
}

}  // namespace nave::app
