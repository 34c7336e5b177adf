// What the first start makes and every later start finds again: host name, policies, a device to try, certificates.
#pragma once

#include <string>
#include <vector>

#include "app/config.h"
#include "app/pki.h"
#include "auth/blob_sas.h"
#include "auth/policy.h"
#include "base/clock.h"
#include "hub/hub_info.h"
#include "hub/ports.h"

namespace nave::app {

class DataFolder;

inline constexpr const char* kFirstDeviceId = "first-device";

struct Certificates {
  std::string server_chain_pem;
  std::string server_key_pem;
  std::string ca_file;  // where clients find the CA certificate
};

// The host name: the configured one, else the stored one, else kDefaultHostName; stored for the next start.
[[nodiscard]] std::string establish_host_name(const Config& config, hub::DeviceStore& store);

// Stored policies, or five new ones on the first start.
[[nodiscard]] std::vector<auth::Policy> establish_policies(hub::DeviceStore& store);

// The account of the Blob service; its key is made on the first start.
[[nodiscard]] auth::BlobAccount establish_blob_account(hub::DeviceStore& store);

// Creates kFirstDeviceId on the very first start only: whoever deletes it does not get it back.
void establish_first_device(hub::DeviceStore& store, const Clock& clock);

// CA and server certificate of the folder, made or reissued as needed: when the names changed or the end is near.
[[nodiscard]] Certificates establish_certificates(const DataFolder& folder, const hub::HubInfo& hub,
                                                  const Clock& clock);
// For --memory: nothing is kept but the CA certificate in `ca_file`, which clients need to read.
[[nodiscard]] Certificates make_temporary_certificates(const std::string& ca_file, const hub::HubInfo& hub,
                                                       const Clock& clock);

// Every name the server certificate carries.
[[nodiscard]] std::vector<std::string> certificate_names(const hub::HubInfo& hub);

}  // namespace nave::app
