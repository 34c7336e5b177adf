// The names that a device uses on MQTT (reference/device-mqtt-https.md §2.2, §3.1), on top of the raw client.
'use strict';

const context = require('./context');
const { sas } = require('./sas');
const { RawMqtt } = require('./mqtt_raw');

const API = '?api-version=2021-04-12';

function resource_of(device) {
  const module = device.module_id ? `/modules/${device.module_id}` : '';
  return `${context.host}/devices/${device.id}${module}`;
}

// What CONNECT carries; every part can be replaced.
function credentials(device, changes = {}) {
  const own = device.module_id ? `${device.id}/${device.module_id}` : device.id;
  return { client_id: own, user: `${context.host}/${own}/${API}`, password: sas(resource_of(device), device.key), ...changes };
}

function events_topic(device, bag = '') {
  const module = device.module_id ? `/modules/${device.module_id}` : '';
  return `devices/${device.id}${module}/messages/events/${bag}`;
}

function open_raw(options = {}) {
  return RawMqtt.open({ host: context.host, port: context.info.ports.mqtt, ca: context.ca, ...options });
}

// A connected raw client; throws unless CONNACK is 0.
async function connected(device, changes, options) {
  const client = await open_raw(options);
  const code = await client.connect(credentials(device, changes));
  if (code !== 0) throw new Error(`CONNACK ${code}`);
  return client;
}

module.exports = { API, credentials, events_topic, open_raw, connected, resource_of };
