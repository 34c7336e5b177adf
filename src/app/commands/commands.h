// The client verbs. Each prints to standard output, throws std::runtime_error when the hub refuses, and returns nothing
// else: the command line turns that into an exit code.
#pragma once

#include <string>
#include <vector>

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
  std::string device, module;
  std::string auth_method = "shared_private_key";  // or x509_thumbprint, x509_ca
  std::string primary_key, secondary_key, primary_thumbprint, secondary_thumbprint;
  std::string status = "enabled";
  std::string status_reason;
  std::string managed_by;  // of a module
  bool edge = false;
  unsigned top = 1000;
  std::string output = "json";  // table or yaml, yaml
};
void device_create(const DeviceOptions& options);
void device_show(const DeviceOptions& options);
void device_list(const DeviceOptions& options);
void device_delete(const DeviceOptions& options);
void device_connection_string_command(const DeviceOptions& options);

// ---- nave device export, nave device import
struct TransferOptions {
  TargetOptions target;
  std::string file;                     // of this machine; empty: the containers are named
  std::string input_uri, output_uri;    // containers with signatures
  std::string input_blob, output_blob;  // empty: the usual names
  bool include_keys = false;            // of an export
  bool configurations = false;
  bool no_wait = false;  // prints the job at once
};
void device_export(const TransferOptions& options);
// Throws when a line did not take place, after all that did.
void device_import(const TransferOptions& options);

// ---- nave storage
struct StorageOptions {
  std::string data;
  std::string container;
  std::string blob;  // empty: the whole container
  std::string permissions = "racwdl";
  int64_t ttl_seconds = 3600;
};
void storage_connection_string_command(const StorageOptions& options);
void storage_sas(const StorageOptions& options);
// ---- nave module
void module_create(const DeviceOptions& options);
void module_show(const DeviceOptions& options);
void module_list(const DeviceOptions& options);
void module_delete(const DeviceOptions& options);
void module_connection_string_command(const DeviceOptions& options);

// ---- nave device renew-key, nave module renew-key
struct RenewKeyOptions {
  TargetOptions target;
  std::vector<std::string> devices;
  std::vector<std::string> modules;  // of each of them; empty: the devices themselves
  std::string key_type;              // primary, secondary, both or swap
  std::string output = "json";
};
// Throws, too, if an identity could not be given new keys; the others have them, and were printed.
void renew_key(const RenewKeyOptions& options);

// ---- nave device parent, nave device children
struct FamilyOptions {
  TargetOptions target;
  std::string device;
  std::string parent;                 // of parent set
  std::vector<std::string> children;  // of children add and remove
  bool all = false;                   // of children remove
  bool force = false;                 // a child may have another parent
  std::string output = "json";
};
void parent_set(const FamilyOptions& options);
void parent_show(const FamilyOptions& options);
void children_add(const FamilyOptions& options);
void children_remove(const FamilyOptions& options);
void children_list(const FamilyOptions& options);

// ---- nave state
struct StateOptions {
  TargetOptions target;
  std::string file;  // - is standard output or input
  std::string output = "json";
};
void state_export(const StateOptions& options);
// Throws, too, if lines could not be imported; the others were, and the answer printed says which.
void state_import(const StateOptions& options);

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

// ---- nave query
struct QueryOptions {
  TargetOptions target;
  std::string query;  // text, or @file
  unsigned top = 0;   // at most so many rows; 0: all
  bool explain = false;
  std::string output = "json";
};
// Prints all pages as one array.
void run_query(const QueryOptions& options);

// ---- nave configuration, nave edge
struct ConfigurationOptions {
  TargetOptions target;
  std::string id;
  std::string content;    // JSON, or @file
  std::string condition;  // target condition
  std::string labels, metrics;
  int64_t priority = 0;
  bool has_condition = false, has_priority = false;  // of update: was it given?
  bool layered = false;                              // of an Edge deployment
  std::string etag;                                  // what it must have; empty: anything
  std::string metric;                                // of show-metric
  std::string metric_type = "user";                  // or system
  unsigned top = 0;                                  // of list; 0: all
  std::string device;                                // of set-modules
  std::string output = "json";                       // table or yaml
};
void configuration_create(const ConfigurationOptions& options);
void configuration_show(const ConfigurationOptions& options);
void configuration_list(const ConfigurationOptions& options);
void configuration_update(const ConfigurationOptions& options);
void configuration_delete(const ConfigurationOptions& options);
// Runs the query of a metric and prints its rows.
void configuration_show_metric(const ConfigurationOptions& options);
void deployment_create(const ConfigurationOptions& options);
void deployment_list(const ConfigurationOptions& options);
// Prints the modules that the device has afterwards.
void edge_set_modules(const ConfigurationOptions& options);
// ---- nave job
struct JobOptions {
  TargetOptions target;
  std::string job;
  std::string type;    // for create and list
  std::string status;  // for list
  std::string condition;
  std::string twin_patch;  // JSON object, or @file
  std::string method_name, method_payload;
  unsigned method_connect_timeout_s = 0;
  unsigned method_response_timeout_s = 30;
  std::string start;
  unsigned ttl_s = 3600;
  bool wait = false;
  double poll_interval_s = 1;
  unsigned top = 0;             // 0: all
  std::string output = "json";  // table or yaml
};
// With `wait` it fails unless the job is completed.
void job_create(const JobOptions& options);
void job_show(const JobOptions& options);
void job_cancel(const JobOptions& options);
void job_list(const JobOptions& options);

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

// ---- nave c2d
struct C2dOptions {
  TargetOptions target;
  std::string device, module;
  std::string data;        // text, or @file
  std::string properties;  // "name=value;name=value"
  std::string ack, message_id, correlation_id, user_id, content_type, content_encoding;
  std::string expiry;               // ISO 8601, or milliseconds since 1970
  unsigned lock_timeout_s = 0;      // of receive; 0: the hub's
  std::string settle = "complete";  // what receive does with a message: complete, reject, abandon or none
  std::string lock;                 // of complete, reject and abandon
  std::string output = "json";
};
void c2d_send(const C2dOptions& options);
// As the device, over HTTPS: one message, or nothing if none waits.
void c2d_receive(const C2dOptions& options);
void c2d_complete(const C2dOptions& options);
void c2d_reject(const C2dOptions& options);
void c2d_abandon(const C2dOptions& options);
void c2d_purge(const C2dOptions& options);

// ---- nave device simulate
struct SimulateOptions {
  TargetOptions target;
  std::string device, module;
  std::string protocol = "mqtt";  // or amqp
  std::string data;               // text, or @file; empty: a message that counts. "{n}" and "{time}" are filled in.
  std::string properties;         // of every message
  unsigned count = 100;           // 0: until it is stopped
  double interval_s = 3;
  int method_status = 200;
  std::string method_payload;  // JSON; empty: what the method was called with
  std::string reported;        // JSON object to report at first
  std::string receive_settle = "complete";
  std::string output = "text";  // or json
};
void device_simulate(const SimulateOptions& options);

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

// ---- nave monitor feedback
struct FeedbackOptions {
  TargetOptions target;
  std::string device;           // empty: all
  std::string wait_on_message;  // stop after the feedback of this message
  unsigned timeout_s = 0;       // stop after so long without feedback; 0: never
  unsigned count = 0;           // stop after so many records; 0: never
  std::string output = "json";  // or text
};
void monitor_feedback(const FeedbackOptions& options);

}  // namespace nave::app
