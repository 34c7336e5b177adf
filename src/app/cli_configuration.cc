// nave configuration, nave edge: flags and verbs are named after those of `az iot`.
#include "app/cli_verbs.h"

namespace nave::app {
namespace {

using Run = void (*)(const ConfigurationOptions&);

CLI::App* add_verb(CLI::App* noun, const char* name, const char* help, ConfigurationOptions& o, Run run) {
  CLI::App* verb = noun->add_subcommand(name, help);
  add_target(verb, o.target);
  add_output(verb, o.output);
  verb->callback([&o, run] { run(o); });
  return verb;
}

// The flags that name one, and those that say what it is to be.
struct Names {
  const char* id;
  const char* help;
};
constexpr Names kConfiguration = {"-c,--config-id,config", "Id of the configuration"};
constexpr Names kDeployment = {"-d,--deployment-id,deployment", "Id of the deployment"};

void add_id(CLI::App* verb, const Names& names, ConfigurationOptions& o) {
  verb->add_option(names.id, o.id, names.help)->required();
}

void add_settings(CLI::App* verb, ConfigurationOptions& o) {
  verb->add_option("--target-condition,--tc", o.condition, "Whom it is for: over deviceId, tags, properties.reported");
  verb->add_option("--priority,--pri", o.priority, "Of several the higher one counts");
  verb->add_option("--labels,--lab", o.labels, "JSON object of strings, or @file");
  verb->add_option("--metrics,-m", o.metrics, "JSON object {\"queries\": {name: query}}, or @file");
}

void add_create(CLI::App* noun, const Names& names, ConfigurationOptions& o, Run run) {
  CLI::App* create = add_verb(noun, "create", "Create one", o, run);
  add_id(create, names, o);
  create->add_option("--content,-k", o.content, "JSON object, or @file")->required();
  add_settings(create, o);
  if (run == deployment_create) create->add_flag("--layered", o.layered, "On top of another deployment");
}

void add_update(CLI::App* noun, const Names& names, ConfigurationOptions& o) {
  CLI::App* update = noun->add_subcommand("update", "Change target condition, priority, labels or metrics");
  add_target(update, o.target);
  add_id(update, names, o);
  add_settings(update, o);
  update->add_option("-e,--etag", o.etag, "Only if it still has this ETag");
  add_output(update, o.output);
  update->callback([update, &o] {
    o.has_condition = update->count("--target-condition") > 0;
    o.has_priority = update->count("--priority") > 0;
    configuration_update(o);
  });
}

void add_all(CLI::App* noun, const Names& names, ConfigurationOptions& o, Run create, Run list) {
  noun->require_subcommand(1);
  add_create(noun, names, o, create);
  add_id(add_verb(noun, "show", "Show one, with the results of its metrics", o, configuration_show), names, o);
  add_verb(noun, "list", "List all", o, list)->add_option("--top", o.top, "At most so many");
  add_update(noun, names, o);
  CLI::App* remove = add_verb(noun, "delete", "Delete one; what it made of twins stays", o, configuration_delete);
  add_id(remove, names, o);
  remove->add_option("-e,--etag", o.etag, "Only if it still has this ETag");
  CLI::App* metric =
      add_verb(noun, "show-metric", "Run the query of a metric and print its rows", o, configuration_show_metric);
  add_id(metric, names, o);
  metric->add_option("--metric-id,-m", o.metric, "Name of the metric")->required();
  metric->add_option("--metric-type,--mt", o.metric_type, "user or system")->check(CLI::IsMember({"user", "system"}));
}

}  // namespace

void add_configuration(CLI::App& app, ConfigurationOptions& o) {
  CLI::App* noun = app.add_subcommand("configuration", "Automatic configurations of devices and modules");
  add_all(noun, kConfiguration, o, configuration_create, configuration_list);
}

void add_edge(CLI::App& app, ConfigurationOptions& o) {
  CLI::App* edge = app.add_subcommand("edge", "IoT Edge devices")->require_subcommand(1);
  add_all(edge->add_subcommand("deployment", "Automatic deployments to IoT Edge devices"), kDeployment, o,
          deployment_create, deployment_list);
  CLI::App* modules =
      add_verb(edge, "set-modules", "Make the modules of one device what a manifest says", o, edge_set_modules);
  modules->add_option("-d,--device-id,device", o.device, "Device id")->required();
  modules->add_option("--content,-k", o.content, "JSON object with modulesContent, or @file")->required();
}

}  // namespace nave::app
