// Calling direct methods, and devices that answer them with the official SDK.
'use strict';

const { Client } = require('azure-iot-device');
const { NoRetry } = require('azure-iot-common');
const { rest } = require('./registry');
const { with_deadline } = require('./until');

const path_of = (device) => `/twins/${device.id}${device.module_id ? `/modules/${device.module_id}` : ''}/methods`;

// A call with the same JSON as the SDK's, on any port.
async function call(device, name, more = {}) {
  const answer = await rest('POST', path_of(device), { methodName: name, ...more });
  return { ...answer.body, http: answer.status, error: answer.headers['iothub-errorcode'], text: answer.text };
}

async function opened(kind, device, transport, methods) {
  const client = kind.fromConnectionString(device.connection_string, transport);
  client.setRetryPolicy(new NoRetry());
  client.on('error', () => {});
  await with_deadline(client.open(), 'open');
  const register = kind === Client ? 'onDeviceMethod' : 'onMethod';
  for (const [name, handler] of Object.entries(methods)) client[register](name, handler);
  return client;
}

// Until the device SDK has subscribed, methods are not online: this waits for it.
const ready = (device) => call(device, 'ready', { responseTimeoutInSeconds: 20, connectTimeoutInSeconds: 15 });
const answer_ready = (request, response) => response.send(200, null, () => {});

module.exports = { call, opened, ready, answer_ready };
