// nave device, nave module: flags and verbs are named after those of `az iot`.
#include "app/cli_verbs.h"

namespace nave::app {

void add_output(CLI::App* verb, std::string& output) {
  verb->add_option("-o,--output", output, "json, table or yaml")->check(CLI::IsMember({"json", "table", "yaml"}));
}

namespace {

void add_authentication(CLI::App* create, DeviceOptions& o) {
  create->add_option("--auth-method,--am", o.auth_method, "shared_private_key, x509_thumbprint or x509_ca")
      ->check(CLI::IsMember({"shared_private_key", "x509_thumbprint", "x509_ca"}));
  create->add_option("--primary-key,--pk", o.primary_key, "Base64 of 16 to 64 bytes; generated when missing");
  create->add_option("--secondary-key,--sk", o.secondary_key, "As the primary key; both or neither");
  create->add_option("--primary-thumbprint,--ptp", o.primary_thumbprint, "SHA-1 or SHA-256 of the certificate, in hex");
  create->add_option("--secondary-thumbprint,--stp", o.secondary_thumbprint, "As the primary thumbprint");
}

void add_renew_key(CLI::App* of, RenewKeyOptions& o, bool modules) {
  CLI::App* verb = of->add_subcommand("renew-key", "Give identities new keys, or swap the two they have");
  add_target(verb, o.target);
  verb->add_option("-d,--device-id", o.devices, "Device id, or several")->required();
  if (modules) verb->add_option("-m,--module-id", o.modules, "Module id, or several, of each device")->required();
  verb->add_option("--key-type,--kt", o.key_type, "primary, secondary, both or swap")
      ->required()
      ->check(CLI::IsMember({"primary", "secondary", "both", "swap"}));
  add_output(verb, o.output);
  verb->callback([&o] { renew_key(o); });
}

CLI::App* add_family_verb(CLI::App* of, const char* name, const char* help, FamilyOptions& o,
                          void (*run)(const FamilyOptions&)) {
  CLI::App* verb = of->add_subcommand(name, help);
  add_target(verb, o.target);
  verb->add_option("-d,--device-id,device", o.device, "Device id")->required();
  add_output(verb, o.output);
  verb->callback([&o, run] { run(o); });
  return verb;
}

void add_family(CLI::App* device, FamilyOptions& o) {
  CLI::App* parent = device->add_subcommand("parent", "The edge device above a device")->require_subcommand(1);
  CLI::App* set = add_family_verb(parent, "set", "Give a device a parent", o, parent_set);
  set->add_option("--parent-device-id,--pd", o.parent, "Id of an edge device")->required();
  add_family_verb(parent, "show", "Show the parent of a device", o, parent_show);
  CLI::App* children = device->add_subcommand("children", "The devices below an edge device")->require_subcommand(1);
  CLI::App* add = add_family_verb(children, "add", "Make devices its children", o, children_add);
  add->add_option("--child-list,--cl", o.children, "Device ids")->required();
  for (CLI::App* v : {set, add}) v->add_flag("--force,-f", o.force, "Although a device has another parent");
  CLI::App* remove = add_family_verb(children, "remove", "Let children go", o, children_remove);
  remove->add_option("--child-list,--cl", o.children, "Device ids");
  remove->add_flag("--remove-all,-a", o.all, "All of them");
  add_family_verb(children, "list", "List its children", o, children_list);
}

}  // namespace

CLI::App& add_device(CLI::App& app, RegistryOptions& all) {
  DeviceOptions& o = all.device;
  CLI::App* device = app.add_subcommand("device", "Manage device identities")->require_subcommand(1);
  const auto verb = [&](const char* name, const char* help, void (*run)(const DeviceOptions&), bool needs_id) {
    CLI::App* v = device->add_subcommand(name, help);
    add_target(v, o.target);
    if (needs_id) v->add_option("-d,--device-id,device", o.device, "Device id")->required();
    add_output(v, o.output);
    v->callback([&o, run] { run(o); });
    return v;
  };
  CLI::App* create = verb("create", "Create a device", device_create, true);
  add_authentication(create, o);
  create->add_option("--status,--sta", o.status, "enabled or disabled")->check(CLI::IsMember({"enabled", "disabled"}));
  create->add_option("--status-reason,--star", o.status_reason, "Why");
  create->add_flag("--edge-enabled,--ee", o.edge, "An IoT Edge device");
  verb("show", "Show a device", device_show, true);
  CLI::App* list = verb("list", "List devices", device_list, false);
  list->add_option("--top", o.top, "At most so many, 1 to 1000")->check(CLI::Range(1, 1000));
  verb("delete", "Delete a device, its modules and its sessions", device_delete, true);
  verb("connection-string", "Print a device's connection string", device_connection_string_command, true);
  add_renew_key(device, all.renew_key, false);
  add_family(device, all.family);
  return *device;
}

void add_module(CLI::App& app, RegistryOptions& all) {
  DeviceOptions& o = all.module;
  CLI::App* module = app.add_subcommand("module", "Manage module identities")->require_subcommand(1);
  const auto verb = [&](const char* name, const char* help, void (*run)(const DeviceOptions&), bool needs_id) {
    CLI::App* v = module->add_subcommand(name, help);
    add_target(v, o.target);
    v->add_option("-d,--device-id,device", o.device, "Device id")->required();
    if (needs_id) v->add_option("-m,--module-id", o.module, "Module id")->required();
    add_output(v, o.output);
    v->callback([&o, run] { run(o); });
    return v;
  };
  CLI::App* create = verb("create", "Create a module", module_create, true);
  add_authentication(create, o);
  create->add_option("--managed-by", o.managed_by, "Who manages the module");
  verb("show", "Show a module", module_show, true);
  verb("list", "List the modules of a device", module_list, false);
  verb("delete", "Delete a module", module_delete, true);
  verb("connection-string", "Print a module's connection string", module_connection_string_command, true);
  add_renew_key(module, all.renew_key, true);
}

void add_state(CLI::App& app, StateOptions& o) {
  CLI::App* state = app.add_subcommand("state", "A whole hub in one file")->require_subcommand(1);
  const auto verb = [&](const char* name, const char* help, void (*run)(const StateOptions&)) {
    CLI::App* v = state->add_subcommand(name, help);
    add_target(v, o.target);
    v->add_option("-f,--state-file,file", o.file, "The file; - for standard output or input")->required();
    v->callback([&o, run] { run(o); });
    return v;
  };
  verb("export", "Write policies, identities and twins to a file; it holds every key", state_export);
  add_output(verb("import", "Write what a file holds into a hub, over what is there", state_import), o.output);
}

}  // namespace nave::app
