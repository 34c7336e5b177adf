#include "app/cli.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "app/cli_verbs.h"
#include "app/commands/commands.h"
#include "app/serve.h"

namespace nave::app {
namespace {

struct ServeFlags {
  Config flags;
  std::string config_file;
};

void add_serve(CLI::App& app, ServeFlags& f, int& exit_code) {
  CLI::App* verb = app.add_subcommand("serve", "Run the hub");
  verb->add_option("--data", f.flags.data, "Folder for everything the hub keeps");
  verb->add_option("--host", f.flags.host_name, "HostName of connection strings");
  verb->add_option("--bind", f.flags.bind, "Address to listen on");
  verb->add_option("--config", f.config_file, "TOML configuration file");
  verb->add_option("--mqtt-port", f.flags.mqtt_port, "MQTT over TLS (8883); 0 picks a free port");
  verb->add_option("--amqp-port", f.flags.amqp_port, "AMQP over TLS (5671); 0 picks a free port");
  verb->add_option("--https-port", f.flags.https_port, "HTTPS and WebSockets (443); 0 picks a free port");
  verb->add_option("--metrics-port", f.flags.metrics_port, "Plain HTTP for /metrics and /health on 127.0.0.1");
  verb->add_option("--ready-file", f.flags.ready_file, "Written once every listener accepts");
  verb->add_option("--shards", f.flags.shards, "Event loop threads; 0: processors - 1");
  verb->add_option("--durability", f.flags.durability, "durable, or relaxed: a power cut may lose the last seconds");
  verb->add_option("--log-level", f.flags.log_level, "debug, info, warning or error");
  verb->add_flag("--memory", f.flags.memory, "Keep nothing");
  verb->add_flag("--allow-fault-injection", f.flags.fault_injection, "Break connections of devices that ask for it");
  verb->callback([verb, &f, &exit_code] {
    Config config;
    if (!f.config_file.empty()) load_toml(f.config_file, config);
    // A flag that was given wins over the file; one that was not leaves it alone.
    const auto given = [verb](const char* flag) { return verb->count(flag) > 0; };
    if (given("--data")) config.data = f.flags.data;
    if (given("--host")) config.host_name = f.flags.host_name;
    if (given("--bind")) config.bind = f.flags.bind;
    if (given("--mqtt-port")) config.mqtt_port = f.flags.mqtt_port;
    if (given("--amqp-port")) config.amqp_port = f.flags.amqp_port;
    if (given("--https-port")) {
      config.https_port = f.flags.https_port;
      config.https_port_given = true;
    }
    if (given("--metrics-port")) config.metrics_port = f.flags.metrics_port;
    if (given("--ready-file")) config.ready_file = f.flags.ready_file;
    if (given("--shards")) config.shards = f.flags.shards;
    if (given("--durability")) config.durability = f.flags.durability;
    if (given("--log-level")) config.log_level = f.flags.log_level;
    if (given("--memory")) config.memory = f.flags.memory;
    if (given("--allow-fault-injection")) config.fault_injection = f.flags.fault_injection;
    exit_code = serve(std::move(config), f.config_file);
  });
}

void add_connection_string(CLI::App& app, ConnectionStringOptions& o) {
  CLI::App* verb = app.add_subcommand("connection-string", "Print how to reach the hub of a data folder");
  verb->add_option("--data", o.data, "Data folder of the hub");
  verb->add_option("--name", o.name, "One string only: a policy's name, eventHub or device-to-try");
  verb->callback([&o] { print_connection_string(o); });
}

void add_twin(CLI::App& app, TwinOptions& o) {
  CLI::App* twin = app.add_subcommand("twin", "Read and write device and module twins")->require_subcommand(1);
  const auto verb = [&](const char* name, const char* help, void (*run)(const TwinOptions&)) {
    CLI::App* v = twin->add_subcommand(name, help);
    add_target(v, o.target);
    v->add_option("-d,--device-id,device", o.device, "Device id")->required();
    v->add_option("-m,--module-id", o.module, "Module id, for the twin of a module");
    add_output(v, o.output);
    v->callback([&o, run] { run(o); });
    return v;
  };
  verb("show", "Show a twin", twin_show);
  CLI::App* update = verb("update", "Merge tags and desired properties into a twin; null removes", twin_update);
  update->add_option("--tags", o.tags, "JSON object, or @file");
  update->add_option("--desired", o.desired, "JSON object, or @file");
  CLI::App* replace = verb("replace", "Replace tags and desired properties of a twin", twin_replace);
  replace->add_option("-j,--json", o.document, "JSON object with tags and properties.desired, or @file")->required();
  for (CLI::App* v : {update, replace}) v->add_option("-e,--etag", o.etag, "Only if the twin still has this ETag");
}

void add_query(CLI::App& app, QueryOptions& o) {
  CLI::App* verb = app.add_subcommand("query", "Run a query over the twins of devices and modules");
  add_target(verb, o.target);
  verb->add_option("-q,--query-command,query", o.query, "The query, or @file")->required();
  verb->add_option("--top", o.top, "At most so many rows; all without it");
  verb->add_flag("--explain", o.explain, "Say what the query will read, and do nothing");
  add_output(verb, o.output);
  verb->callback([&o] { run_query(o); });
}

void add_method(CLI::App& app, MethodOptions& o) {
  CLI::App* method = app.add_subcommand("method", "Call direct methods of devices and modules")->require_subcommand(1);
  CLI::App* verb = method->add_subcommand("invoke", "Call a method and print the answer");
  add_target(verb, o.target);
  verb->add_option("-d,--device-id,device", o.device, "Device id")->required();
  verb->add_option("-m,--module-id", o.module, "Module id, for a method of a module");
  verb->add_option("--method-name,--mn", o.name, "Name of the method")->required();
  verb->add_option("--method-payload,--mp", o.payload, "JSON, or @file");
  verb->add_option("--timeout,--to", o.timeout_s, "Seconds for the whole call, 5 to 300")->check(CLI::Range(5, 300));
  verb->add_option("--connect-timeout", o.connect_timeout_s,
                   "Seconds of them to wait for a device that is not connected");
  add_output(verb, o.output);
  verb->callback([&o] { method_invoke(o); });
}

void add_sas(CLI::App& app, SasOptions& o) {
  CLI::App* verb = app.add_subcommand("sas", "Make a shared access signature");
  add_target(verb, o.target);
  verb->add_option("-d,--device-id", o.device, "For this device; without it, for the policy of the connection string");
  verb->add_option("-m,--module-id", o.module, "For this module of the device");
  verb->add_option("--duration,--du", o.ttl_seconds, "Seconds it is valid")->check(CLI::Range(1, 1 << 30));
  verb->callback([&o] { print_sas(o); });
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app{"Nave: a self-hosted IoT hub that speaks Azure IoT Hub's protocols", "nave"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "nave 0.1.0");
  int exit_code = 0;
  ServeFlags serve_flags;
  ConnectionStringOptions connection_string;
  RegistryOptions registry;
  StateOptions state;
  TwinOptions twin;
  QueryOptions query;
  JobOptions job;
  MethodOptions method;
  SasOptions sas;
  MonitorOptions monitor_options;
  FeedbackOptions feedback;
  C2dOptions c2d;
  SimulateOptions simulate;
  ConfigurationOptions configuration, edge;
  TransferOptions transfer;
  StorageOptions storage;
  add_serve(app, serve_flags, exit_code);
  add_connection_string(app, connection_string);
  CLI::App& device_verb = add_device(app, registry);
  add_simulate(device_verb, simulate);
  add_transfer(device_verb, transfer);
  add_storage(app, storage);
  add_module(app, registry);
  add_state(app, state);
  add_twin(app, twin);
  add_query(app, query);
  add_job(app, job);
  add_method(app, method);
  add_sas(app, sas);
  add_monitor(app, monitor_options, feedback);
  add_c2d(app, c2d);
  add_configuration(app, configuration);
  add_edge(app, edge);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  } catch (const std::exception& e) {
    std::cerr << "nave: " << e.what() << '\n';
    return 1;
  }
  return exit_code;
}

}  // namespace nave::app
