#include "app/connection_info.h"

#include "app/config.h"
#include "app/connection_string.h"
#include "app/installation.h"

namespace nave::app {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

bool ports_are_standard(const ConnectionInfo& info) {
  return info.mqtt_port == 8883 && info.amqp_port == 5671 && info.https_port == 443;
}

std::string device_examples(const ConnectionInfo& info, const std::string& command, const std::string& data_option) {
  const std::string& id = info.device_id;
  const std::string cs = "'" + info.device_connection_string + "'";
  std::string out;
  out += "  Node       CS=" + cs + " NODE_EXTRA_CA_CERTS=" + info.ca_file + " node -e \"" +
         "const {Client,Message}=require('azure-iot-device'),{Mqtt}=require('azure-iot-device-mqtt');" +
         "const c=Client.fromConnectionString(process.env.CS,Mqtt);" +
         "c.open().then(()=>c.sendEvent(new Message('hello'))).then(()=>c.close())\"\n";
  out += "  Python     CS=" + cs + " CA=" + info.ca_file + " python3 -c \"" +
         "import os;from azure.iot.device import IoTHubDeviceClient as D;" +
         "c=D.create_from_connection_string(os.environ['CS'],server_verification_cert=open(os.environ['CA']).read());" +
         "c.connect();c.send_message('hello');c.shutdown()\"\n";
  out += "  mosquitto  mosquitto_pub -h " + info.host_name + " -p " + std::to_string(info.mqtt_port) + " --cafile " +
         info.ca_file + " -q 1 -i " + id + " -u '" + info.host_name + "/" + id + "/?api-version=2021-04-12' -P \"$(" +
         command + " sas -d " + id + data_option + ")\" -t devices/" + id + "/messages/events/ -m hello\n";
  out += "\nWatch it arrive\n  " + command + " monitor" + data_option + "\n";
  return out;
}

}  // namespace

void add_connection_strings(ConnectionInfo& info, const hub::HubInfo& hub, const auth::PolicySet& policies,
                            const hub::DeviceStore& store) {
  for (const auth::Policy& p : policies.all()) {
    info.connection_strings.emplace_back(p.name, policy_connection_string(hub.host_name, p));
  }
  if (const auth::Policy* service = policies.find("service")) {
    info.connection_strings.emplace_back("eventHub",
                                         event_hub_connection_string(hub.host_name, *service, hub.event_hub_name()));
  }
  if (const auto device = store.find({kFirstDeviceId, ""})) {
    info.device_id = kFirstDeviceId;
    info.device_connection_string = device_connection_string(hub.host_name, *device);
  }
}

std::string to_json(const ConnectionInfo& info) {
  std::string out = "{\n  \"hostName\": " + quoted(info.host_name) + ",\n  \"pid\": " + std::to_string(info.pid) +
                    ",\n  \"ports\": {\"mqtt\": " + std::to_string(info.mqtt_port) +
                    ", \"amqp\": " + std::to_string(info.amqp_port) + ", \"https\": " + std::to_string(info.https_port);
  if (info.metrics_port >= 0) out += ", \"metrics\": " + std::to_string(info.metrics_port);
  out += "},\n  \"caFile\": " + quoted(info.ca_file) + ",\n  \"connectionStrings\": {";
  const char* separator = "\n    ";
  for (const auto& [name, value] : info.connection_strings) {
    out += separator + quoted(name) + ": " + quoted(value);
    separator = ",\n    ";
  }
  out += "\n  }";
  if (!info.device_id.empty()) {
    out += ",\n  \"device\": {\"id\": " + quoted(info.device_id) +
           ", \"connectionString\": " + quoted(info.device_connection_string) + "}";
  }
  return out + "\n}\n";
}

std::string banner(const ConnectionInfo& info, const std::string& command, const std::string& data) {
  std::string out = "\nNave is running at " + info.host_name + ": MQTT " + std::to_string(info.mqtt_port) + ", AMQP " +
                    std::to_string(info.amqp_port) + ", HTTPS and WebSockets " + std::to_string(info.https_port) + "\n";
  out += "Clients must trust its CA: " + info.ca_file + "\n";
  if (!ports_are_standard(info)) {
    out += "Azure SDKs have the ports 8883, 5671 and 443 built in: with other ports they need a port redirection.\n";
  }
  if (info.https_port == kHttpsFallbackPort) {
    out +=
        "Port 443 needs a permission: 'sudo setcap cap_net_bind_service=+ep' on the nave program, then start again.\n";
  }
  if (info.fault_injection) {
    out += "Fault injection is on: any device can have its own connection broken. For tests only.\n";
  }
  out += "\nConnection strings\n";
  for (const auto& [name, value] : info.connection_strings) {
    out += "  " + name + std::string(name.size() < 18 ? 18 - name.size() : 1, ' ') + value + "\n";
  }
  if (!info.device_id.empty()) {
    out += "\nA device to try: " + info.device_id + "\n  " + info.device_connection_string + "\n\nSend a message\n" +
           device_examples(info, command, data.empty() ? "" : " --data " + data);
  }
  return out + "\nStop with Ctrl-C.\n";
}

}  // namespace nave::app
