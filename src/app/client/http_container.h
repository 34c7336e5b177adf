// Blob containers elsewhere, over HTTPS with the signature of their address: Azure's, Azurite's, another hub's.
#pragma once

#include "hub/transfer/container.h"

namespace nave::app {

class HttpContainers final : public hub::ContainerOpener {
 public:
  // Trusts the system's certificates, and those in `ca_file` unless it is empty.
  explicit HttpContainers(std::string ca_file) : ca_file_(std::move(ca_file)) {}
  [[nodiscard]] hub::ContainerResult<std::unique_ptr<hub::Container>> open(const std::string& uri) override;

 private:
  const std::string ca_file_;
};

}  // namespace nave::app
