#include <iostream>
#include <stdexcept>

#include "app/client/amqp_client.h"
#include "app/commands/commands.h"
#include "app/commands/event_text.h"
#include "app/commands/output.h"
#include "wire/amqp/message_writer.h"

namespace nave::app {
namespace {

namespace amqp = wire::amqp;

constexpr uint32_t kRequestHandle = 0;
constexpr uint32_t kReplyHandle = 1;
constexpr uint32_t kFirstPartitionHandle = 2;
constexpr uint32_t kCredit = 500;
constexpr int kReplyTimeoutMs = 30'000;

std::string hub_name(const Target& target) {
  const std::string& host = target.connection.host_name;
  return host.substr(0, host.find('.'));
}

[[noreturn]] void refuse(const AmqpEvent& event) {
  std::string text = "the hub ended the link";
  if (event.error) text += ": " + event.error->description.value_or(event.error->condition);
  throw std::runtime_error(text);
}

// Asks $management for the partitions, as every Event Hubs client does.
std::vector<std::string> partitions(AmqpClient& client, const std::string& event_hub) {
  client.attach_receiver(kReplyHandle, "$management", "", 1);
  client.attach_sender(kRequestHandle, "$management");
  std::string request;
  amqp::MessageWriter writer(request);
  amqp::Properties properties;
  const amqp::Value id = amqp::Value::of_string("partitions");
  properties.message_id = id.view();
  properties.reply_to = "monitor";
  writer.properties(properties);
  amqp::MapWriter application = writer.application_properties();
  application.string("operation", "READ");
  application.string("type", "com.microsoft:eventhub");
  application.string("name", event_hub);
  application.end();
  client.send(kRequestHandle, request);
  const AmqpEvent reply = client.next(kReplyTimeoutMs);
  if (reply.kind != AmqpEvent::Kind::kMessage) refuse(reply);
  const auto view = amqp::MessageView::parse(reply.message);
  if (!view) throw std::runtime_error("the hub's answer about partitions makes no sense");
  std::vector<std::string> out;
  amqp::Elements ids(amqp::find_entry(view->body_value(), "partition_ids"));
  while (!ids.done()) out.push_back(ids.next().to_text().value_or(""));
  if (out.empty()) throw std::runtime_error("the hub refused to name its partitions");
  return out;
}

void print(const ShownEvent& event, const std::string& output) {
  if (output == "text") {
    std::cout << event.device << ": " << event.payload << '\n' << std::flush;
  } else {
    std::cout << indented(event.document) << std::flush;
  }
}

}  // namespace

void monitor(const MonitorOptions& options) {
  const Target target = resolve_target(options.target);
  const std::string hub = hub_name(target);
  AmqpClient client(target.amqp, target.connection.policy + "@sas.root." + hub, service_token(target));
  const std::string filter = options.enqueued_after_ms < 0 ? "amqp.annotation.x-opt-offset > '@latest'"
                                                           : "amqp.annotation.x-opt-enqueued-time > '" +
                                                                 std::to_string(options.enqueued_after_ms) + "'";
  uint32_t handle = kFirstPartitionHandle;
  for (const std::string& partition : partitions(client, hub)) {
    client.attach_receiver(handle++, hub + "/ConsumerGroups/" + options.consumer_group + "/Partitions/" + partition,
                           filter, kCredit);
  }
  std::cerr << "Watching " << (options.device.empty() ? "all devices" : options.device) << ", stop with Ctrl-C\n";
  const int timeout_ms = options.timeout_s == 0 ? -1 : static_cast<int>(options.timeout_s) * 1000;
  for (unsigned shown = 0; options.count == 0 || shown < options.count;) {
    const AmqpEvent event = client.next(timeout_ms);
    if (event.kind == AmqpEvent::Kind::kTimeout) return;
    if (event.kind != AmqpEvent::Kind::kMessage) refuse(event);
    const auto text = show_event(event.message, options.properties);
    if (!text || (!options.device.empty() && text->device != options.device)) continue;
    print(*text, options.output);
    ++shown;
  }
}

}  // namespace nave::app
