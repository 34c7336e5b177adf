// The server side of one TLS connection, fed from and writing to memory. The only file, with tls_context.cc, that knows
// OpenSSL's SSL object; another TLS library would replace these two.
//
// Ciphertext passes through a TlsIo that all connections of a shard share: the owner puts what one recv() returned into
// `in`, calls here, and finds what must be sent in `out`. Nothing is kept in between, which is why an idle connection
// owns no buffers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "net/tls_context.h"
#include "net/transport.h"

struct ssl_st;

namespace nave::net {

struct TlsIo {
  ByteView in;      // consumed from the front
  std::string out;  // appended to
};

// One thread: that of the shard whose TlsIo it uses, which outlives it.
class TlsSession {
 public:
  TlsSession(const TlsContext::Impl& context, TlsIo& io);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  enum class Status : uint8_t {
    kOk,
    kNeedInput,  // everything in io.in was consumed
    kClosed,     // the peer's close_notify came
    kFailed,     // an alert for the peer may be in io.out
  };

  // kOk when the handshake is complete; bytes that follow it may be left in io.in.
  [[nodiscard]] Status handshake();
  // Decrypts all of io.in into `plain`, whose capacity is at least io.in.size() + kRecordBytesMax, and sets `size`.
  // Never kOk.
  [[nodiscard]] Status read(char* plain, size_t capacity, size_t& size);
  // Encrypts into io.out. False when the connection cannot be used any more.
  [[nodiscard]] bool write(ByteView plain);
  // close_notify into io.out.
  void shutdown();

  // SNI, and the certificates if the client presented any. After the handshake.
  void describe_peer(PeerInfo& peer) const;
  // Why the last call failed, for the log.
  [[nodiscard]] std::string take_error() const;

  static constexpr size_t kRecordBytesMax = 16 * 1024 + 512;

 private:
  static void on_message(int write, int version, int type, const void* data, size_t size, ssl_st* ssl, void* self);

  struct Free {
    void operator()(ssl_st* s) const;
  };
  std::unique_ptr<ssl_st, Free> ssl_;
  // Handshake messages after the handshake (key updates, renegotiation attempts): each costs us a key derivation.
  uint32_t late_handshake_messages_ = 0;
};

}  // namespace nave::net
