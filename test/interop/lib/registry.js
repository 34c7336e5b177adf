// Devices for the suites, made with the official service SDK.
'use strict';

const crypto = require('node:crypto');
const { Registry } = require('azure-iothub');
const context = require('./context');
const { rest_of, described } = require('./client');

function random_key() {
  return crypto.randomBytes(32).toString('base64');
}

// A plain request with the owner's token: works on any port, unlike the SDKs.
const rest = rest_of(context);

async function create_device(prefix = 'dev', extra = {}) {
  const device_id = `${prefix}-${crypto.randomUUID()}`;
  const answer = await rest('PUT', `/devices/${encodeURIComponent(device_id)}`, { deviceId: device_id, ...extra });
  if (answer.status !== 200) throw new Error(`create ${device_id}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return described(context.host, answer.body);
}

async function create_module(device_id, module_id) {
  const body = { deviceId: device_id, moduleId: module_id };
  const answer = await rest('PUT', `/devices/${device_id}/modules/${module_id}`, body);
  if (answer.status !== 200) throw new Error(`create ${module_id}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return described(context.host, answer.body);
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
