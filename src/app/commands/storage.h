// The Blob service of a local hub, for commands that go through it.
#pragma once

#include <string>

#include "auth/blob_sas.h"

namespace nave::app {

struct LocalStorage {
  auth::BlobAccount account;
  std::string endpoint;  // "https://host[:port]/account"
  std::string ca_file;
};

// Of the hub of a data folder (empty: the default one). Throws std::runtime_error.
[[nodiscard]] LocalStorage local_storage(const std::string& data);
[[nodiscard]] std::string container_address(const LocalStorage& storage, const auth::BlobResource& resource,
                                            const std::string& permissions, int64_t ttl_seconds);

}  // namespace nave::app
