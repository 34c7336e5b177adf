// The client verbs. Each prints to standard output, throws std::runtime_error when the hub refuses, and returns nothing
// else: the command line turns that into an exit code.
#pragma once

#include <string>

#include "app/commands/target.h"

namespace nave::app {

// ---- nave connection-string
struct ConnectionStringOptions {
  std::string data;
  std::string name;  // empty: the whole JSON
};
void print_connection_string(const ConnectionStringOptions& options);

// ---- nave device
struct DeviceOptions {
  TargetOptions target;
  std::string device;
  std::string auth_method = "shared_private_key";  // or x509_thumbprint, x509_ca
  std::string primary_key, secondary_key, primary_thumbprint, secondary_thumbprint;
  std::string status = "enabled";
  std::string status_reason;
  bool edge = false;
  unsigned top = 1000;
  std::string output = "json";  // or table
};
void device_create(const DeviceOptions& options);
void device_show(const DeviceOptions& options);
void device_list(const DeviceOptions& options);
void device_delete(const DeviceOptions& options);
void device_connection_string_command(const DeviceOptions& options);

// ---- nave twin
struct TwinOptions {
  TargetOptions target;
  std::string device, module;  // empty module: the device's twin
  std::string tags, desired;   // JSON objects to merge, for update
  std::string document;        // JSON object, or @file, for replace
  std::string etag;            // what the twin must have; empty: anything
  std::string output = "json";
};
void twin_show(const TwinOptions& options);
void twin_update(const TwinOptions& options);
void twin_replace(const TwinOptions& options);

// ---- nave method
struct MethodOptions {
  TargetOptions target;
  std::string device, module;  // empty module: a method of the device
  std::string name;
  std::string payload = "null";  // JSON, or @file
  unsigned timeout_s = 30;
  unsigned connect_timeout_s = 0;
  std::string output = "json";
};
void method_invoke(const MethodOptions& options);

// ---- nave sas
struct SasOptions {
  TargetOptions target;
  std::string device, module;  // empty device: a token for the target's policy
  int64_t ttl_seconds = 3600;
};
void print_sas(const SasOptions& options);

// ---- nave monitor
struct MonitorOptions {
  TargetOptions target;
  std::string device;  // empty: all
  std::string consumer_group = "$Default";
  int64_t enqueued_after_ms = -1;  // −1: from now on
  unsigned timeout_s = 0;          // stop after so long without an event; 0: never
  unsigned count = 0;              // stop after so many events; 0: never
  bool properties = false;
  std::string output = "json";  // or text
};
void monitor(const MonitorOptions& options);

}  // namespace nave::app
