#include "bench/load/loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "bench/load/server_meter.h"
#include "bench/load/stream.h"

namespace nave::bench {
namespace {

constexpr size_t kOpeningAtOnceMax = 64;
constexpr int64_t kOpenNsMax = 300'000'000'000;

}  // namespace

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)), tls_(SSL_CTX_new(TLS_client_method())) {
  SSL_CTX_set_mode(tls_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_read_ahead(tls_.get(), 1);
}

Loop::~Loop() {
  ::close(epoll_);
}

void Loop::flush() {
  for (Stream* stream : std::exchange(unflushed_, {})) stream->flush();
}

void Loop::turn(int64_t deadline_ns) {
  flush();
  std::array<epoll_event, 512> ready;
  const int64_t left_ns = std::max<int64_t>(0, deadline_ns - now_ns());
  const timespec timeout{left_ns / 1'000'000'000, left_ns % 1'000'000'000};
  const int count = epoll_pwait2(epoll_, ready.data(), static_cast<int>(ready.size()), &timeout, nullptr);
  for (int i = 0; i < count; ++i) {
    static_cast<Stream*>(ready[static_cast<size_t>(i)].data.ptr)->on_ready(ready[static_cast<size_t>(i)].events);
  }
  flush();
}

void Loop::open_all(const std::vector<Stream*>& streams) {
  const int64_t give_up_ns = now_ns() + kOpenNsMax;
  size_t opened = 0;
  size_t running = 0;
  while (running < streams.size()) {
    running = 0;
    for (size_t i = 0; i < opened; ++i) running += streams[i]->running() ? 1 : 0;
    while (opened < streams.size() && opened - running < kOpeningAtOnceMax) streams[opened++]->open();
    if (running < streams.size()) turn(now_ns() + 100'000'000);
    if (now_ns() > give_up_ns) {
      std::fprintf(stderr, "load: only %zu of %zu connections came up\n", running, streams.size());
      std::exit(1);
    }
  }
}

}  // namespace nave::bench
