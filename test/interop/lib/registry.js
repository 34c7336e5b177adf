// Devices for the suites, made with the official service SDK.
'use strict';

const crypto = require('node:crypto');
const https = require('node:https');
const { Registry } = require('azure-iothub');
const context = require('./context');
const { sas } = require('./sas');

function random_key() {
  return crypto.randomBytes(32).toString('base64');
}

// A plain request with the owner's token: works on any port, unlike the SDKs.
function rest(method, path, body, headers = {}) {
  const { HostName, SharedAccessKey, SharedAccessKeyName } = context.owner;
  const text = body === undefined ? '' : JSON.stringify(body);
  const options = {
    host: context.host, port: context.info.ports.https, method, ca: context.ca,
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
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: answer ? JSON.parse(answer) : null }));
    });
    request.on('error', reject);
    request.end(text);
  });
}

async function create_device(prefix = 'dev', extra = {}) {
  const device_id = `${prefix}-${crypto.randomUUID()}`;
  const answer = await rest('PUT', `/devices/${encodeURIComponent(device_id)}`, { deviceId: device_id, ...extra });
  if (answer.status !== 200) throw new Error(`create ${device_id}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return described(answer.body);
}

function described(identity) {
  const key = identity.authentication.symmetricKey.primaryKey;
  const module = identity.moduleId ? `;ModuleId=${identity.moduleId}` : '';
  return {
    id: identity.deviceId, module_id: identity.moduleId, key, identity,
    secondary_key: identity.authentication.symmetricKey.secondaryKey,
    connection_string: `HostName=${context.host};DeviceId=${identity.deviceId}${module};SharedAccessKey=${key}`,
  };
}

async function create_module(device_id, module_id) {
  const body = { deviceId: device_id, moduleId: module_id };
  const answer = await rest('PUT', `/devices/${device_id}/modules/${module_id}`, body);
  if (answer.status !== 200) throw new Error(`create ${module_id}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return described(answer.body);
}

// Replaces the identity with `change` laid over it.
async function update_device(identity, change) {
  const answer = await rest('PUT', `/devices/${identity.deviceId}`, { ...identity, ...change }, { 'If-Match': '*' });
  if (answer.status !== 200) throw new Error(`update: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

function registry(policy = 'iothubowner') {
  return Registry.fromConnectionString(context.strings[policy]);
}

module.exports = { rest, create_device, create_module, update_device, registry, random_key };
