// What a TlsContext holds; seen only by the files that talk to OpenSSL.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "net/tls_context.h"

namespace nave::net {

struct TlsContext::Impl {
  struct Free {
    void operator()(SSL_CTX* c) const { SSL_CTX_free(c); }
  };
  std::unique_ptr<SSL_CTX, Free> ctx;
};

// The first error of the calling thread's OpenSSL queue as text, and the queue is empty afterwards.
[[nodiscard]] std::string take_openssl_error();

}  // namespace nave::net
