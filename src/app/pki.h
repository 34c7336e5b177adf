// The hub's own certificates: a CA made at the first start, and a server certificate signed by it that is made again
// when the host name changes or the end comes near. EC keys on P-256; make_key() in pki.cc is the only place that
// decides so.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace nave::app {

// PEM texts.
struct PkiFiles {
  std::string ca_cert_pem;
  std::string ca_key_pem;
  std::string server_chain_pem;  // the leaf alone: clients hold the root
  std::string server_key_pem;
};

struct CertificateAndKey {
  std::string certificate_pem;
  std::string key_pem;
};

// All of these throw std::runtime_error with OpenSSL's reason. `now` is the caller's clock; certificates are valid from
// a day before it, for clients whose clock is behind.

// Valid for 20 years.
[[nodiscard]] CertificateAndKey make_ca(UtcTime now);
// Each name becomes an IP or a DNS entry of the subject alternative names; the first is also the common name. At least
// one name. Valid for 397 days, the most that some clients accept, but never longer than the CA.
[[nodiscard]] CertificateAndKey make_server_certificate(const CertificateAndKey& ca,
                                                        const std::vector<std::string>& names, UtcTime now);
// Both of the above.
[[nodiscard]] PkiFiles make_pki(const std::vector<std::string>& names, UtcTime now);

struct CertificateInfo {
  std::vector<std::string> names;  // subject alternative names, as make_server_certificate() takes them
  UtcTime not_before;
  UtcTime not_after;
};
[[nodiscard]] CertificateInfo describe_certificate(std::string_view certificate_pem);

// The leaf does not cover one of `names`, has fewer than 30 days left, is not valid yet, or was not signed by the CA.
[[nodiscard]] bool needs_reissue(const PkiFiles& files, const std::vector<std::string>& names, UtcTime now);

// The host name, "localhost", the machine's name, 127.0.0.1 and ::1, without repetition.
[[nodiscard]] std::vector<std::string> server_names(const std::string& host_name);

}  // namespace nave::app
