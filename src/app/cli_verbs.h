// The verbs of the command line that have a file of their own; cli.cc puts all of them together.
#pragma once

#include <CLI/CLI.hpp>

#include "app/commands/commands.h"

namespace nave::app {

// The flags that say which hub a client verb talks to.
void add_target(CLI::App* verb, TargetOptions& target);
// -o json, table or yaml.
void add_output(CLI::App* verb, std::string& output);

// cli_registry.cc: identities.
struct RegistryOptions {
  DeviceOptions device;
  DeviceOptions module;
  RenewKeyOptions renew_key;
  FamilyOptions family;
};
// Gives the verb "device", to which others add.
CLI::App& add_device(CLI::App& app, RegistryOptions& o);
void add_module(CLI::App& app, RegistryOptions& o);
void add_state(CLI::App& app, StateOptions& o);

// cli_job.cc
void add_job(CLI::App& app, JobOptions& o);

// cli_messages.cc: what has to do with messages. cli_storage.cc: blobs, and what goes through them.
void add_monitor(CLI::App& app, MonitorOptions& events, FeedbackOptions& feedback);
void add_storage(CLI::App& app, StorageOptions& o);
void add_transfer(CLI::App& device, TransferOptions& o);
void add_c2d(CLI::App& app, C2dOptions& o);
void add_simulate(CLI::App& device, SimulateOptions& o);

// cli_configuration.cc: automatic configurations and Edge deployments.
void add_configuration(CLI::App& app, ConfigurationOptions& o);
void add_edge(CLI::App& app, ConfigurationOptions& o);

}  // namespace nave::app
