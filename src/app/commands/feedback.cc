// nave monitor feedback: what became of cloud-to-device messages. Each batch is completed once it has been printed.
#include <chrono>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "app/commands/commands.h"
#include "app/commands/output.h"
#include "base/url.h"
#include "json/parse.h"

namespace nave::app {
namespace {

using std::chrono::steady_clock;

constexpr const char* kPath = "/messages/serviceBound/feedback";
constexpr std::chrono::milliseconds kPause{500};

std::string text_of(const json::Object& record, std::string_view name) {
  const json::Value* value = record.find(name);
  return value != nullptr && value->if_string() != nullptr ? *value->if_string() : "";
}

void print(const json::Object& record, const std::string& output) {
  if (output == "text") {
    std::cout << text_of(record, "deviceId") << ": " << text_of(record, "originalMessageId") << ": "
              << text_of(record, "statusCode") << '\n'
              << std::flush;
  } else {
    std::cout << indented(record) << std::flush;
  }
}

// What has been shown, and whether that was enough.
struct Progress {
  const FeedbackOptions& options;
  unsigned shown = 0;
  bool seen_message = false;

  void show(const json::Object& record) {
    if (!options.device.empty() && text_of(record, "deviceId") != options.device) return;
    print(record, options.output);
    ++shown;
    seen_message = seen_message || text_of(record, "originalMessageId") == options.wait_on_message;
  }
  [[nodiscard]] bool done() const {
    return (options.count > 0 && shown >= options.count) || (!options.wait_on_message.empty() && seen_message);
  }
};

}  // namespace

void monitor_feedback(const FeedbackOptions& options) {
  const Target target = resolve_target(options.target);
  const auto patience = std::chrono::seconds(options.timeout_s);
  std::cerr << "Waiting for feedback, stop with Ctrl-C\n";
  Progress progress{options};
  for (auto last = steady_clock::now(); !progress.done();) {
    const ClientResponse batch = call_service(target, "GET", kPath, "", "");
    if (batch.status == 204) {
      if (options.timeout_s > 0 && steady_clock::now() - last >= patience) return;
      std::this_thread::sleep_for(kPause);
      continue;
    }
    const auto records = json::parse(batch.body);
    if (!records || records->if_array() == nullptr) throw std::runtime_error("the hub's feedback is not a JSON array");
    for (const json::Value& record : *records->if_array()) {
      if (record.if_object() != nullptr) progress.show(*record.if_object());
    }
    (void)call_service(target, "DELETE", std::string(kPath) + '/' + percent_encode(etag_of(batch)), "", "");
    last = steady_clock::now();
  }
}

}  // namespace nave::app
