#include "net/tls_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/limits.h"
#include "base/url.h"
#include "net/tls_context_impl.h"

namespace nave::net {
namespace {

TlsIo& io_of(BIO* bio) {
  return *static_cast<TlsIo*>(BIO_get_data(bio));
}

int bio_read(BIO* bio, char* out, int size) {
  TlsIo& io = io_of(bio);
  BIO_clear_retry_flags(bio);
  if (io.in.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const size_t n = std::min(io.in.size(), static_cast<size_t>(size));
  std::memcpy(out, io.in.data(), n);
  io.in.remove_prefix(n);
  return static_cast<int>(n);
}

int bio_write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  io_of(bio).out.append(bytes, static_cast<size_t>(size));
  return size;
}

long bio_ctrl(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* make_method() {
  BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "shard memory");
  NAVE_CHECK(method != nullptr, "BIO method");
  BIO_meth_set_read(method, bio_read);
  BIO_meth_set_write(method, bio_write);
  BIO_meth_set_ctrl(method, bio_ctrl);
  return method;
}

BIO* make_bio(TlsIo& io) {
  static BIO_METHOD* const method = make_method();
  BIO* const bio = BIO_new(method);
  NAVE_CHECK(bio != nullptr, "out of memory");
  BIO_set_data(bio, &io);
  BIO_set_init(bio, 1);
  return bio;
}

std::string der(X509* certificate) {
  const int size = i2d_X509(certificate, nullptr);
  if (size <= 0) return {};
  std::string out(static_cast<size_t>(size), '\0');
  auto* at = reinterpret_cast<unsigned char*>(out.data());
  i2d_X509(certificate, &at);
  return out;
}

}  // namespace

void TlsSession::Free::operator()(ssl_st* s) const {
  SSL_free(s);
}

TlsSession::TlsSession(const TlsContext::Impl& context, TlsIo& io) : ssl_(SSL_new(context.ctx.get())) {
  NAVE_CHECK(ssl_ != nullptr, "out of memory");
  BIO* const bio = make_bio(io);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
}

TlsSession::~TlsSession() {
  // A session that was not shut down is searched for in the session cache, under a lock that all shards share.
  SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

TlsSession::Status TlsSession::handshake() {
  ERR_clear_error();
  const int r = SSL_do_handshake(ssl_.get());
  if (r == 1) {
    SSL_set_msg_callback(ssl_.get(), &TlsSession::on_message);
    SSL_set_msg_callback_arg(ssl_.get(), this);
    return Status::kOk;
  }
  return SSL_get_error(ssl_.get(), r) == SSL_ERROR_WANT_READ ? Status::kNeedInput : Status::kFailed;
}

TlsSession::Status TlsSession::read(char* plain, size_t capacity, size_t& size) {
  size = 0;
  ERR_clear_error();
  for (;;) {
    size_t n = 0;
    const int r = SSL_read_ex(ssl_.get(), plain + size, capacity - size, &n);
    if (late_handshake_messages_ > limits::kTlsLateHandshakeMessagesMax) return Status::kFailed;
    if (r == 1) {
      size += n;
      continue;
    }
    switch (SSL_get_error(ssl_.get(), r)) {
      case SSL_ERROR_WANT_READ:
        return Status::kNeedInput;
      case SSL_ERROR_ZERO_RETURN:
        return Status::kClosed;
      default:
        return Status::kFailed;
    }
  }
}

bool TlsSession::write(ByteView plain) {
  size_t n = 0;
  return SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &n) == 1 && n == plain.size();
}

void TlsSession::shutdown() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

void TlsSession::on_message(int write, int /*version*/, int type, const void* /*data*/, size_t /*size*/,
                            ssl_st* /*ssl*/, void* self) {
  if (write == 0 && type == SSL3_RT_HANDSHAKE) ++static_cast<TlsSession*>(self)->late_handshake_messages_;
}

void TlsSession::describe_peer(PeerInfo& peer) const {
  if (const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name)) peer.server_name = to_lower(name);
  X509* const leaf = SSL_get0_peer_certificate(ssl_.get());
  if (leaf == nullptr) return;
  peer.certificate_der = der(leaf);
  // On the server side OpenSSL leaves the leaf out of this list.
  const STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(ssl_.get());
  for (int i = 0; i < sk_X509_num(chain); ++i) peer.chain_der.push_back(der(sk_X509_value(chain, i)));
}

std::string TlsSession::take_error() const {
  if (late_handshake_messages_ > limits::kTlsLateHandshakeMessagesMax) return "too many key updates";
  return take_openssl_error();
}

}  // namespace nave::net
