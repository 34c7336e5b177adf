// The least MQTT sink: answers CONNECT without a check, acknowledges PUBLISH when the log says it is durable (at once
// without a log). One thread.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bench/floor/group_log.h"

namespace nave::bench {

struct SinkOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  std::string certificate, key;  // both empty: no TLS
  std::string log;               // empty: nothing is written
};

class Sink {
 public:
  explicit Sink(const SinkOptions& options);
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  [[nodiscard]] uint16_t port() const { return port_; }
  // Serves until the process ends.
  void run();

 private:
  struct Peer;

  void listen(const SinkOptions& options);
  void use_tls(const SinkOptions& options);
  void accept_all();
  void serve(Peer& peer);
  bool handshaken(Peer& peer);
  // False when the peer is gone.
  bool read_all(Peer& peer);
  bool take_packets(Peer& peer);
  void take_publish(Peer& peer, std::string_view body, unsigned qos);
  void flush(Peer& peer);
  void drop(Peer& peer);
  void acknowledge_durable();

  int listener_ = -1;
  int epoll_ = -1;
  int durable_event_ = -1;
  uint16_t port_ = 0;
  SSL_CTX* tls_ = nullptr;
  uint64_t next_peer_ = 1;
  bool appended_ = false;
  std::unordered_map<uint64_t, std::unique_ptr<Peer>> peers_;
  std::mutex mutex_;
  std::vector<Acknowledgement> durable_;  // guarded by mutex_
  std::unique_ptr<GroupLog> log_;
};

}  // namespace nave::bench
