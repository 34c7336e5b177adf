// nave storage, nave device export, nave device import.
#include "app/cli_verbs.h"

namespace nave::app {

void add_storage(CLI::App& app, StorageOptions& o) {
  CLI::App* storage = app.add_subcommand("storage", "Reach the hub's own blobs")->require_subcommand(1);
  CLI::App* string = storage->add_subcommand("connection-string", "Print the connection string for storage SDKs");
  string->add_option("--data", o.data, "Data folder of the hub");
  string->callback([&o] { storage_connection_string_command(o); });
  CLI::App* sas = storage->add_subcommand("sas", "Print the address of a container or blob with a signature");
  sas->add_option("--data", o.data, "Data folder of the hub");
  sas->add_option("-c,--container-name,container", o.container, "Container; it need not exist yet")->required();
  sas->add_option("-n,--name", o.blob, "For this blob only");
  sas->add_option("--permissions", o.permissions, "Some of r, a, c, w, d, l");
  sas->add_option("--duration,--du", o.ttl_seconds, "Seconds it is valid")->check(CLI::Range(1, 1 << 30));
  sas->callback([&o] { storage_sas(o); });
}

void add_transfer(CLI::App& device, TransferOptions& o) {
  const auto common = [&o](CLI::App* verb) {
    add_target(verb, o.target);
    verb->add_flag("--include-configurations", o.configurations, "Configurations too");
    verb->add_flag("--no-wait", o.no_wait, "Print the job and do not wait for its end; with containers only");
  };
  CLI::App* out = device.add_subcommand("export", "Write all devices and modules to a file or a blob container");
  common(out);
  out->add_option("-f,--file", o.file, "File to write");
  out->add_option("--blob-container-uri,--bcu", o.output_uri, "Container with a signature, instead of a file");
  out->add_option("--output-blob-name", o.output_blob, "Blob in the container; devices.txt without it");
  out->add_flag("--include-keys,--ik", o.include_keys, "Keys too");
  out->callback([&o] { device_export(o); });
  CLI::App* in = device.add_subcommand("import", "Create, update or delete devices and modules by the lines of a file");
  common(in);
  in->add_option("-f,--file", o.file, "File to read");
  in->add_option("--input-blob-container-uri,--ibcu", o.input_uri, "Container with a signature, instead of a file");
  in->add_option("--output-blob-container-uri,--obcu", o.output_uri, "Container for the log of errors");
  in->add_option("--input-blob-name", o.input_blob, "Blob in the container; devices.txt without it");
  in->callback([&o] { device_import(o); });
}

}  // namespace nave::app
