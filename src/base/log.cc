#include "base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <chrono>
#include <map>
#include <mutex>

namespace nave::log {
namespace {

constexpr std::array<std::string_view, 16> kCategoryNames = {"Connections",
                                                             "DeviceTelemetry",
                                                             "C2DCommands",
                                                             "DeviceIdentityOperations",
                                                             "FileUploadOperations",
                                                             "Routes",
                                                             "D2CTwinOperations",
                                                             "C2DTwinOperations",
                                                             "TwinQueries",
                                                             "JobsOperations",
                                                             "DirectMethods",
                                                             "Configurations",
                                                             "DistributedTracing",
                                                             "DeviceStreams",
                                                             "Server",
                                                             "Storage"};

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      break;
  }
  return spdlog::level::err;
}

// Process-wide like standard error itself: the one exception to "no singletons".
std::shared_ptr<spdlog::logger>& logger() {
  static std::shared_ptr<spdlog::logger> instance = [] {
    auto made = std::make_shared<spdlog::logger>("nave", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %L %v", spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::warn);
    return made;
  }();
  return instance;
}

void append_escaped(std::string& out, std::string_view value) {
  static constexpr char kHex[] = "0123456789abcdef";
  constexpr size_t kValueBytesMax = 256;
  out += '"';
  for (const char c : value.substr(0, kValueBytesMax)) {
    const auto b = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (b < 0x20 || b >= 0x7f) {
      out += "\\x";
      out += kHex[b >> 4];
      out += kHex[b & 15];
    } else {
      out += c;
    }
  }
  out += value.size() > kValueBytesMax ? "...\"" : "\"";
}

std::string line(Category category, std::string_view message, std::initializer_list<Field> fields) {
  std::string out(kCategoryNames[static_cast<size_t>(category)]);
  out += ": ";
  out += message;
  for (const Field& f : fields) {
    out += ' ';
    out += f.key;
    out += '=';
    append_escaped(out, f.value);
  }
  return out;
}

struct Site {
  std::chrono::steady_clock::time_point next;
  uint64_t held_back = 0;
};

}  // namespace

void write(Level level, Category category, std::string_view message, std::initializer_list<Field> fields) {
  if (!logger()->should_log(to_spdlog(level))) return;
  logger()->log(to_spdlog(level), line(category, message, fields));
}

void write_limited(Level level, Category category, std::string_view site, std::string_view message,
                   std::initializer_list<Field> fields) {
  if (!logger()->should_log(to_spdlog(level))) return;
  static std::mutex mutex;
  static std::map<std::string, Site, std::less<>> sites;
  uint64_t held_back = 0;
  {
    const std::lock_guard lock(mutex);
    auto it = sites.find(site);
    if (it == sites.end()) it = sites.emplace(std::string(site), Site{}).first;
    const auto now = std::chrono::steady_clock::now();
    if (now < it->second.next) {
      ++it->second.held_back;
      return;
    }
    it->second.next = now + std::chrono::seconds(1);
    held_back = std::exchange(it->second.held_back, 0);
  }
  std::string text = line(category, message, fields);
  if (held_back > 0) text += " heldBack=\"" + std::to_string(held_back) + "\"";
  logger()->log(to_spdlog(level), text);
}

void set_level(Level level) {
  logger()->set_level(to_spdlog(level));
}

void set_file(const std::string& path) {
  auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
  sink->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %L %v");
  logger()->sinks() = {sink};
}

}  // namespace nave::log
