// A hub's clients, for suites that start hubs of their own: REST with the owner's token, devices on raw MQTT.
'use strict';

const https = require('node:https');
const { parse_connection_string, sas } = require('./sas');
const { RawMqtt } = require('./mqtt_raw');

const API = '?api-version=2021-04-12';

function rest_of({ info, ca, agent }) {
  const { HostName, SharedAccessKey, SharedAccessKeyName } = parse_connection_string(info.connectionStrings.iothubowner);
  // `text` is the body where its spelling matters.
  return (method, path, body, headers = {}, text = body === undefined ? '' : JSON.stringify(body)) => {
    const options = {
      host: info.hostName, port: info.ports.https, method, ca, agent,
      path: `${path}${path.includes('?') ? '&' : '?'}api-version=2021-04-12`,
      headers: {
        Authorization: sas(HostName, SharedAccessKey, { policy: SharedAccessKeyName }),
        'Content-Type': 'application/json; charset=utf-8', 'Content-Length': Buffer.byteLength(text), ...headers,
      },
    };
    return new Promise((resolve, reject) => {
      const request = https.request(options, (response) => {
        let answer = '';
        response.on('data', (chunk) => (answer += chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text: answer,
          get body() { return answer ? JSON.parse(answer) : null; } }));
      });
      request.on('error', reject);
      request.end(text);
    });
  };
}

function described(host, identity) {
  const key = identity.authentication.symmetricKey.primaryKey;
  const module = identity.moduleId ? `;ModuleId=${identity.moduleId}` : '';
  return {
    id: identity.deviceId, module_id: identity.moduleId, key, identity,
    secondary_key: identity.authentication.symmetricKey.secondaryKey,
    connection_string: `HostName=${host};DeviceId=${identity.deviceId}${module};SharedAccessKey=${key}`,
  };
}

async function make_device(hub, id) {
  const answer = await rest_of(hub)('PUT', `/devices/${encodeURIComponent(id)}`, { deviceId: id });
  if (answer.status !== 200) throw new Error(`create ${id}: ${answer.status} ${answer.text}`);
  return described(hub.info.hostName, answer.body);
}

function resource_at(host, device) {
  return `${host}/devices/${device.id}${device.module_id ? `/modules/${device.module_id}` : ''}`;
}

// What CONNECT carries (reference/device-mqtt-https.md §2.2); every part can be replaced.
function credentials_at(host, device, changes = {}) {
  const own = device.module_id ? `${device.id}/${device.module_id}` : device.id;
  return { client_id: own, user: `${host}/${own}/${API}`, password: sas(resource_at(host, device), device.key), ...changes };
}

function events_topic(device, bag = '') {
  const module = device.module_id ? `/modules/${device.module_id}` : '';
  return `devices/${device.id}${module}/messages/events/${bag}`;
}

// A connected device; throws unless CONNACK is 0.
async function device_on(hub, device, changes, options) {
  const client = await RawMqtt.open({ host: hub.info.hostName, port: hub.info.ports.mqtt, ca: hub.ca, ...options });
  const code = await client.connect(credentials_at(hub.info.hostName, device, changes));
  if (code !== 0) {
    client.abort();
    throw new Error(`CONNACK ${code}`);
  }
  return client;
}

module.exports = { API, rest_of, described, make_device, resource_at, credentials_at, events_topic, device_on };
