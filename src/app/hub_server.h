// The parts list: every long-lived object of the hub, made in order, each given what it needs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/config.h"
#include "app/connection_info.h"

namespace nave::app {

class HubServer {
 public:
  // Opens storage, makes or loads certificates, binds every listener; nothing is accepted yet. `on_storage_failure` is
  // called at most once, on a storage thread, when the disk refused: the process must end. Throws std::runtime_error or
  // std::system_error with one clear line.
  HubServer(const Config& config, std::function<void()> on_storage_failure);
  ~HubServer();
  HubServer(const HubServer&) = delete;
  HubServer& operator=(const HubServer&) = delete;

  // From here on clients are served.
  void start();
  // Stops accepting, closes connections in order, stops storage. Idempotent.
  void stop();
  // Reads the certificates anew (SIGHUP). Throws when the new ones cannot be used; the old ones stay.
  void reload();

  [[nodiscard]] const ConnectionInfo& connection_info() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace nave::app
