// nave monitor, nave c2d, nave device simulate: flags and verbs are named after those of `az iot`.
#include "app/cli_verbs.h"

namespace nave::app {

void add_target(CLI::App* verb, TargetOptions& target) {
  verb->add_option("-l,--login", target.login, "Connection string; else $NAVE_CONNECTION_STRING, else the data folder");
  verb->add_option("--data", target.data, "Data folder of a local hub");
  verb->add_option("--ca", target.ca, "CA file of the hub; else $NAVE_CA_FILE, else the data folder's");
  verb->add_option("--https-port", target.https_port, "HTTPS port of the hub");
  verb->add_option("--amqp-port", target.amqp_port, "AMQP port of the hub");
  verb->add_option("--mqtt-port", target.mqtt_port, "MQTT port of the hub");
}

void add_monitor(CLI::App& app, MonitorOptions& o, FeedbackOptions& f) {
  CLI::App* verb = app.add_subcommand("monitor", "Follow telemetry");
  add_target(verb, o.target);
  verb->add_option("-d,--device-id", o.device, "Of this device only");
  verb->add_option("--consumer-group,--cg", o.consumer_group, "Consumer group");
  verb->add_option("--enqueued-time,--et", o.enqueued_after_ms, "From this time on, in milliseconds since 1970");
  verb->add_option("--timeout,-t", o.timeout_s, "Stop after so many seconds without an event");
  verb->add_option("--count", o.count, "Stop after so many events");
  verb->add_flag("--properties,-p", o.properties, "Show system properties, application properties and annotations");
  verb->add_option("-o,--output", o.output, "json or text")->check(CLI::IsMember({"json", "text"}));
  CLI::App* feedback = verb->add_subcommand("feedback", "Follow what becomes of cloud-to-device messages");
  add_target(feedback, f.target);
  feedback->add_option("-d,--device-id", f.device, "Of messages to this device only");
  feedback->add_option("--wait-on-msg,-w", f.wait_on_message, "Stop after the feedback of this message id");
  feedback->add_option("--timeout,-t", f.timeout_s, "Stop after so many seconds without feedback");
  feedback->add_option("--count", f.count, "Stop after so many records");
  feedback->add_option("-o,--output", f.output, "json or text")->check(CLI::IsMember({"json", "text"}));
  verb->callback([&o, &f, feedback] {
    if (feedback->parsed()) {
      monitor_feedback(f);
    } else {
      monitor(o);
    }
  });
}

namespace {

void add_c2d_identity(CLI::App* verb, C2dOptions& o) {
  add_target(verb, o.target);
  verb->add_option("-d,--device-id,device", o.device, "Device id")->required();
  verb->add_option("-m,--module-id", o.module, "Module id, for the queue of a module");
  add_output(verb, o.output);
}

void add_c2d_send(CLI::App* verb, C2dOptions& o) {
  add_c2d_identity(verb, o);
  verb->add_option("--message,--da", o.data, "Body, or @file");
  verb->add_option("--properties,--props,-p", o.properties, "\"name=value;name=value\"");
  verb->add_option("--ack", o.ack, "Feedback wanted: none, positive, negative or full")
      ->check(CLI::IsMember({"none", "positive", "negative", "full"}));
  verb->add_option("--message-id,--mid", o.message_id, "Message id, which feedback names");
  verb->add_option("--correlation-id,--cid", o.correlation_id, "Correlation id");
  verb->add_option("--user-id,--uid", o.user_id, "User id");
  verb->add_option("--content-type,--ct", o.content_type, "Content type of the body");
  verb->add_option("--content-encoding,--ce", o.content_encoding, "Content encoding of the body");
  verb->add_option("--expiry-time-utc,--expiry", o.expiry, "ISO 8601, or milliseconds since 1970");
  verb->callback([&o] { c2d_send(o); });
}

void add_c2d_receive(CLI::App* verb, C2dOptions& o) {
  add_c2d_identity(verb, o);
  verb->add_option("--lock-timeout,--lt", o.lock_timeout_s, "Seconds that the message stays locked");
  verb->add_option("--settle", o.settle, "complete, reject or abandon it at once; none leaves it locked")
      ->check(CLI::IsMember({"complete", "reject", "abandon", "none"}));
  verb->callback([&o] { c2d_receive(o); });
}

}  // namespace

void add_c2d(CLI::App& app, C2dOptions& o) {
  CLI::App* c2d = app.add_subcommand("c2d", "Send and receive cloud-to-device messages")->require_subcommand(1);
  add_c2d_send(c2d->add_subcommand("send", "Put a message in a device's queue"), o);
  add_c2d_receive(c2d->add_subcommand("receive", "Take the next message, as the device would over HTTPS"), o);
  const auto settle = [&](const char* name, const char* help, void (*run)(const C2dOptions&)) {
    CLI::App* verb = c2d->add_subcommand(name, help);
    add_c2d_identity(verb, o);
    verb->add_option("--etag,-e", o.lock, "The lock of the message, as receive showed it")->required();
    verb->callback([&o, run] { run(o); });
  };
  settle("complete", "The message was dealt with", c2d_complete);
  settle("reject", "The message cannot be dealt with", c2d_reject);
  settle("abandon", "Put the message back into the queue", c2d_abandon);
  CLI::App* purge = c2d->add_subcommand("purge", "Remove all messages from a device's queue");
  add_c2d_identity(purge, o);
  purge->callback([&o] { c2d_purge(o); });
}

void add_simulate(CLI::App& device, SimulateOptions& o) {
  CLI::App* verb = device.add_subcommand("simulate", "Be a device: send telemetry, answer methods, follow the twin");
  add_target(verb, o.target);
  verb->add_option("-d,--device-id,device", o.device, "Device id; not needed with a device's connection string");
  verb->add_option("-m,--module-id", o.module, "Module id, to be a module of the device");
  verb->add_option("--protocol,--proto", o.protocol, "mqtt or amqp")->check(CLI::IsMember({"mqtt", "amqp"}));
  verb->add_option("--message,--da", o.data, "Body, or @file; {n} and {time} are filled in");
  verb->add_option("--properties,--props,-p", o.properties, "\"name=value;name=value\" of every message");
  verb->add_option("--msg-count,--mc", o.count, "Messages to send; 0: until it is stopped");
  verb->add_option("--msg-interval,--mi", o.interval_s, "Seconds between them, 0.01 for a hundred a second");
  verb->add_option("--method-response-code,--mrc", o.method_status, "Status that methods are answered with");
  verb->add_option("--method-response-payload,--mrp", o.method_payload, "JSON, or @file; else the call's payload");
  verb->add_option("--init-reported-properties,--irp", o.reported, "JSON object, or @file, to report at first");
  verb->add_option("--receive-settle,--rs", o.receive_settle, "What is done with cloud-to-device messages")
      ->check(CLI::IsMember({"complete", "abandon", "reject"}));
  verb->add_option("-o,--output", o.output, "text or json lines")->check(CLI::IsMember({"json", "text"}));
  verb->callback([&o] { device_simulate(o); });
}

}  // namespace nave::app
