// The server side of TLS: certificate, versions, ciphers, the optional request for a client certificate.
// reference/device-mqtt-https.md §1.2, §1.6.
#pragma once

#include <memory>
#include <string>

namespace nave::net {

// Thread-safe. Connections that are already open keep the certificate they began with.
class TlsContext {
 public:
  // PEM texts. `certificate_chain` is leaf first, without the root. Throws std::runtime_error with OpenSSL's reason.
  TlsContext(const std::string& certificate_chain, const std::string& private_key);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // Replaces certificate and key for handshakes that begin afterwards; on failure throws and keeps the old ones.
  void reload(const std::string& certificate_chain, const std::string& private_key);

  struct Impl;
  [[nodiscard]] std::shared_ptr<Impl> current() const;

 private:
  std::shared_ptr<Impl> impl_;  // accessed with std::atomic_load/atomic_store
};

}  // namespace nave::net
