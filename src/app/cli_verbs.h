// The verbs of the command line that have a file of their own; cli.cc puts all of them together.
#pragma once

#include <CLI/CLI.hpp>

#include "app/commands/commands.h"

namespace nave::app {

// The flags that say which hub a client verb talks to.
void add_target(CLI::App* verb, TargetOptions& target);

// cli_job.cc
void add_job(CLI::App& app, JobOptions& o);

// cli_messages.cc: what has to do with messages.
void add_monitor(CLI::App& app, MonitorOptions& events, FeedbackOptions& feedback);
void add_c2d(CLI::App& app, C2dOptions& o);
void add_simulate(CLI::App& device, SimulateOptions& o);

// cli_configuration.cc: automatic configurations and Edge deployments.
void add_configuration(CLI::App& app, ConfigurationOptions& o);
void add_edge(CLI::App& app, ConfigurationOptions& o);

}  // namespace nave::app
