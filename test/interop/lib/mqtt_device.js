// Devices of the shared hub on raw MQTT.
'use strict';

const context = require('./context');
const { API, credentials_at, device_on, events_topic, resource_at } = require('./client');
const { RawMqtt } = require('./mqtt_raw');

const credentials = (device, changes) => credentials_at(context.host, device, changes);
const resource_of = (device) => resource_at(context.host, device);
const connected = (device, changes, options) => device_on(context, device, changes, options);

function open_raw(options = {}) {
  return RawMqtt.open({ host: context.host, port: context.info.ports.mqtt, ca: context.ca, ...options });
}

module.exports = { API, credentials, events_topic, open_raw, connected, resource_of };
