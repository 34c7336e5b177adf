#include "app/serve.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <stdexcept>

#include "app/data_folder.h"
#include "app/hub_server.h"
#include "base/log.h"

namespace nave::app {
namespace {

constexpr int kExitStorageFailed = 70;

log::Level level_of(const std::string& name) {
  if (name == "debug") return log::Level::kDebug;
  if (name == "warning") return log::Level::kWarning;
  if (name == "error") return log::Level::kError;
  return log::Level::kInfo;
}

// As many descriptors as the system lets us have: one per connection.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
  }
}

// Signals and the storage's cry for help as file descriptors that main can wait for.
class Wakeups {
 public:
  Wakeups() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
    // Blocked before any thread is made, so that all of them inherit it.
    if (pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) throw std::runtime_error("cannot block signals");
    signals_ = signalfd(-1, &set, SFD_CLOEXEC);
    failure_ = eventfd(0, EFD_CLOEXEC);
    if (signals_ < 0 || failure_ < 0) throw std::runtime_error("cannot make the descriptors for signals");
    std::signal(SIGPIPE, SIG_IGN);
  }
  ~Wakeups() {
    close(signals_);
    close(failure_);
  }
  Wakeups(const Wakeups&) = delete;
  Wakeups& operator=(const Wakeups&) = delete;

  // Any thread.
  void report_storage_failure() const {
    const uint64_t one = 1;
    (void)!write(failure_, &one, sizeof one);
  }

  // A signal number, or 0 when storage failed.
  [[nodiscard]] int wait() const {
    for (;;) {
      pollfd fds[] = {{failure_, POLLIN, 0}, {signals_, POLLIN, 0}};
      if (poll(fds, 2, -1) < 0) continue;
      if ((fds[0].revents & POLLIN) != 0) return 0;
      signalfd_siginfo info{};
      if (read(signals_, &info, sizeof info) == sizeof info) return static_cast<int>(info.ssi_signo);
    }
  }

 private:
  int signals_ = -1;
  int failure_ = -1;
};

// What SIGHUP can change while the hub runs.
void reload(HubServer& server, const Config& started_with, const std::string& config_file) {
  try {
    Config config = started_with;
    if (!config_file.empty()) load_toml(config_file, config);
    finish(config);
    log::set_level(level_of(config.log_level));
    server.reload();
    log::write(log::Level::kInfo, log::Category::kServer, "reloaded log level and certificates");
  } catch (const std::exception& e) {
    log::write(log::Level::kError, log::Category::kServer, "reload failed, nothing changed", {{"reason", e.what()}});
  }
}

}  // namespace

int serve(Config config, const std::string& config_file) {
  finish(config);
  log::set_level(level_of(config.log_level));
  if (!config.log_file.empty()) log::set_file(config.log_file);
  raise_descriptor_limit();
  const Wakeups wakeups;
  HubServer server(config, [&wakeups] { wakeups.report_storage_failure(); });
  server.start();
  if (!config.ready_file.empty()) {
    write_file_atomic(config.ready_file, to_json(server.connection_info()), 0600);
  }
  std::error_code ignored;
  const std::string command = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const bool default_folder = config.data == default_data_folder();
  std::cout << banner(server.connection_info(), command.empty() ? "nave" : command, default_folder ? "" : config.data)
            << std::flush;

  for (;;) {
    const int signal = wakeups.wait();
    if (signal == SIGHUP) {
      reload(server, config, config_file);
      continue;
    }
    log::write(signal == 0 ? log::Level::kError : log::Level::kInfo, log::Category::kServer,
               signal == 0 ? "storage failed, stopping" : "stopping");
    server.stop();
    return signal == 0 ? kExitStorageFailed : 0;
  }
}

}  // namespace nave::app
