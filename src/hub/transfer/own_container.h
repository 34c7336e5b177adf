// Containers of the hub's own Blob service, without a way over the network; the signature in the address counts as it
// does for everybody.
#pragma once

#include "auth/blob_sas.h"
#include "base/clock.h"
#include "hub/blob/storage.h"
#include "hub/hub_info.h"
#include "hub/transfer/container.h"

namespace nave::hub {

// "https://host[:port]/rest?query", taken apart; nullopt: not one.
struct ContainerUri {
  std::string host;
  uint16_t port = 443;
  std::string path;   // from '/' on, as written
  std::string query;  // without '?'
};
[[nodiscard]] std::optional<ContainerUri> parse_container_uri(std::string_view uri);

class OwnContainers final : public ContainerOpener {
 public:
  // Addresses of other hosts go to `others`. All outlive it.
  OwnContainers(BlobStorage& storage, auth::BlobAccount account, const HubInfo& hub, const Clock& clock,
                ContainerOpener& others)
      : storage_(storage), account_(std::move(account)), hub_(hub), clock_(clock), others_(others) {}

  [[nodiscard]] ContainerResult<std::unique_ptr<Container>> open(const std::string& uri) override;

 private:
  BlobStorage& storage_;
  const auth::BlobAccount account_;
  const HubInfo& hub_;
  const Clock& clock_;
  ContainerOpener& others_;
};

}  // namespace nave::hub
