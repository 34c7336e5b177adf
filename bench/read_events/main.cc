// Reads events as fast as the hub gives them and says what each cost the hub (docs/benchmarks.md).
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>

#include "auth/sas_token.h"
#include "bench/load/server_meter.h"
#include "bench/read_events/frames.h"

namespace nave::bench {
namespace {

constexpr uint32_t kCredit = 20'000;

struct ReadOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 5671;
  std::string policy = "iothubowner";
  std::string key;
  std::string entity;
  unsigned partitions = 4;
  uint64_t count = 100'000;
  std::vector<int> server_pids;
};

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "read_events: %s\n", what);
  std::exit(1);
}

class Reader {
 public:
  explicit Reader(const ReadOptions& options) : options_(options), delivered_(options.partitions) { connect_tls(); }
  ~Reader() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    ::close(fd_);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void run() {
    log_in();
    const ServerMeter meter(options_.server_pids);
    const int64_t cpu_ns = meter.cpu_ns();
    const int64_t began_ns = now_ns();
    attach();
    while (received_ < options_.count) step();
    const double seconds = static_cast<double>(now_ns() - began_ns) / 1e9;
    const double count = static_cast<double>(received_);
    const double cpu_us = static_cast<double>(meter.cpu_ns() - cpu_ns) / 1e3 / count;
    std::printf("%lu events in %.2f s: %.0f events/s, server CPU %.2f us/event\n", received_, seconds, count / seconds,
                cpu_us);
    std::printf(R"({"events":%lu,"rate":%.1f,"cpu_us":%.4f})"
                "\n",
                received_, count / seconds, cpu_us);
  }

 private:
  void connect_tls() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    if (inet_pton(AF_INET, options_.host.c_str(), &address.sin_addr) != 1) fail("not an IPv4 address");
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connection refused");
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    context_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_read_ahead(context_, 1);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, fd_);
    if (SSL_connect(ssl_) != 1) fail("TLS handshake failed");
  }

  void send(const std::string& bytes) {
    if (SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) <= 0) fail("write failed");
  }

  void receive() {
    std::array<char, 65536> buffer;
    const int got = SSL_read(ssl_, buffer.data(), static_cast<int>(buffer.size()));
    if (got <= 0) fail("closed by the hub");
    in_.append(buffer.data(), static_cast<size_t>(got));
  }

  void expect(std::string_view header) {
    while (in_.size() < header.size()) receive();
    if (!in_.starts_with(header)) fail("not an AMQP server");
    in_.erase(0, header.size());
  }

  void log_in() {
    const std::string token =
        auth::make_sas(options_.host + "/messages/events", options_.key, std::time(nullptr) + 3600, options_.policy);
    const std::string hub = options_.host.substr(0, options_.host.find('.'));
    send(std::string(kSaslHeader) + sasl_plain(options_.policy + "@sas.root." + hub, token));
    expect(kSaslHeader);
    for (Frame frame; frame.performative != kSaslOutcome;) {
      const size_t size = take_frame(in_, frame);
      if (size == 0) {
        receive();
        continue;
      }
      if (frame.performative == kSaslOutcome && leading_number(frame.fields) != 0) fail("login refused");
      in_.erase(0, size);
    }
    send(std::string(kAmqpHeader) + open_frame(options_.host) + begin_frame());
    expect(kAmqpHeader);
  }

  void attach() {
    std::string out;
    for (uint32_t p = 0; p < options_.partitions; ++p) {
      out += attach_frame(p, options_.entity + "/ConsumerGroups/$Default/Partitions/" + std::to_string(p));
      out += flow_frame(0, p, 0, kCredit);
    }
    send(out);
  }

  // Everything that one read brings; credit is renewed when half is used.
  void step() {
    receive();
    std::string out;
    size_t at = 0;
    Frame frame;
    while (const size_t size = take_frame(std::string_view(in_).substr(at), frame)) {
      at += size;
      if (frame.performative == kDetach || frame.performative == kEnd || frame.performative == kClose) {
        fail("the hub ended the link");
      }
      if (frame.performative != kTransfer) continue;
      ++received_;
      const uint32_t handle = leading_number(frame.fields);
      if (handle >= delivered_.size()) fail("unknown handle");
      if (++delivered_[handle] % (kCredit / 2) == 0) {
        out += flow_frame(static_cast<uint32_t>(received_), handle, delivered_[handle], kCredit);
      }
    }
    in_.erase(0, at);
    if (!out.empty()) send(out);
  }

  const ReadOptions& options_;
  int fd_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  std::string in_;
  uint64_t received_ = 0;
  std::vector<uint32_t> delivered_;
};

}  // namespace
}  // namespace nave::bench

int main(int argc, char** argv) {
  nave::bench::ReadOptions options;
  CLI::App app{"Reads events from the start of every partition"};
  app.add_option("--host", options.host, "Address and host name of the hub");
  app.add_option("--port", options.port, "AMQP port");
  app.add_option("--policy", options.policy, "Access policy");
  app.add_option("--key", options.key, "Its key")->required();
  app.add_option("--entity", options.entity, "Event-Hubs-compatible name")->required();
  app.add_option("--partitions", options.partitions, "How many there are");
  app.add_option("--count", options.count, "Events to read");
  app.add_option("--pid", options.server_pids, "Process of the hub")->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  nave::bench::Reader(options).run();
}
