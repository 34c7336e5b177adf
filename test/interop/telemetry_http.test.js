// Telemetry over HTTPS: the device SDK, and requests as other SDKs write them (reference/device-mqtt-https.md §8).
'use strict';

const { test, describe } = require('node:test');
const assert = require('node:assert/strict');
const { Client, Message } = require('azure-iot-device');
const { Http } = require('azure-iot-device-http');
const { errors } = require('azure-iot-common');
const context = require('./lib/context');
const { create_device, create_module, update_device, rest, random_key } = require('./lib/registry');
const { watch_device } = require('./lib/events');
const { connected } = require('./lib/mqtt_device');
const { post, events_path, BATCH } = require('./lib/https_device');
const { sas } = require('./lib/sas');

describe('the device SDK over HTTPS', { skip: context.skip_443 }, () => {
  test('single messages with properties', async () => {
    const device = await create_device('http');
    const client = Client.fromConnectionString(device.connection_string, Http);
    const message = new Message(JSON.stringify({ temperature: 21.5 }));
    message.messageId = 'message-1';
    message.correlationId = 'correlation-1';
    message.userId = 'user-1';
    message.contentType = 'application/json';
    message.contentEncoding = 'utf-8';
    message.properties.add('level', 'storm');
    message.properties.add('dt-subject', 'thermostat1');
    await client.sendEvent(message);
    await client.sendEvent(new Message('second'));
    await client.close();
    const reader = await watch_device(device.id);
    const [received, second] = await reader.inbox.take(2, 'events');
    await reader.close();
    assert.deepEqual(received.body, { temperature: 21.5 });
    assert.equal(received.messageId, 'message-1');
    assert.equal(received.correlationId, 'correlation-1');
    assert.equal(received.contentType, 'application/json');
    assert.deepEqual(received.properties, { level: 'storm' });
    assert.equal(received.systemProperties['dt-subject'], 'thermostat1');
    assert.equal(received.systemProperties['iothub-connection-auth-generation-id'], device.identity.generationId);
    assert.equal(second.body.toString(), 'second');
  });

  test('a batch', async () => {
    const device = await create_device('httpbatch');
    const client = Client.fromConnectionString(device.connection_string, Http);
    const messages = Array.from({ length: 100 }, (_, i) => {
      const message = new Message(JSON.stringify({ i }));
      if (i % 2) message.properties.add('odd', 'yes');
      return message;
    });
    await client.sendEventBatch(messages);
    await client.close();
    const reader = await watch_device(device.id);
    const received = await reader.inbox.take(100, 'events');
    await reader.close();
    assert.deepEqual(received.map((e) => e.body.i), Array.from({ length: 100 }, (_, i) => i));
    assert.equal(received[1].properties.odd, 'yes');
    assert.equal(received[0].properties?.odd, undefined);
  });

  test('wrong key, disabled and deleted: unauthorized; too large: so it says', async () => {
    const device = await create_device('httpwrong');
    const send = (connection_string, body = 'x') =>
      Client.fromConnectionString(connection_string, Http).sendEvent(new Message(body));
    await assert.rejects(send(device.connection_string.replace(device.key, random_key())), errors.UnauthorizedError);
    await assert.rejects(send(device.connection_string, Buffer.alloc(256 * 1024 + 1)), errors.MessageTooLargeError);
    await update_device(device.identity, { status: 'disabled' });
    await assert.rejects(send(device.connection_string), errors.UnauthorizedError);
    await rest('DELETE', `/devices/${device.id}`, undefined, { 'If-Match': '*' });
    await assert.rejects(send(device.connection_string), errors.UnauthorizedError);
  });
});

test('every spelling of the path, any api-version or none, chunked or not', async () => {
  const device = await create_device('httppath');
  const path = events_path(device);
  for (const options of [
    { path: `${path}?api-version=2016-11-14` },
    { path },
    { path: `${path}/?api-version=2020-09-30` },
    { path: path.replace('devices', 'Devices').replace('messages/events', 'Messages/Events') },
    { chunked: true },
  ]) {
    const answer = await post(device, 'x', options);
    assert.deepEqual([answer.status, answer.text], [204, ''], JSON.stringify(options));
  }
  assert.equal((await post(device, '', { method: 'GET', path })).status, 405);
});

test('a module, and a policy with DeviceConnect', async () => {
  const device = await create_device('httpmod');
  const module = await create_module(device.id, 'sensor');
  assert.equal((await post(module, 'from the module')).status, 204);
  assert.equal((await post(module, 'x', { token: sas(`${context.host}/devices/${device.id}`, device.key) })).status, 401);
  const policy = require('./lib/sas').parse_connection_string(context.strings.device);
  const token = sas(context.host, policy.SharedAccessKey, { policy: 'device' });
  assert.equal((await post(device, 'from the policy', { token })).status, 204);
  const service = require('./lib/sas').parse_connection_string(context.strings.service);
  const refused = await post(device, 'x', { token: sas(context.host, service.SharedAccessKey, { policy: 'service' }) });
  assert.equal(refused.status, 401);
  assert.equal(refused.headers['iothub-errorcode'], 'IotHubUnauthorizedAccess');
  const reader = await watch_device(device.id);
  const received = await reader.inbox.take(2, 'events');
  await reader.close();
  const scopes = received.map((e) => JSON.parse(e.systemProperties['iothub-connection-auth-method']).scope);
  assert.deepEqual(scopes.sort(), ['hub', 'module']);
});

test('a batch as C and Java write it; all or nothing', async () => {
  const device = await create_device('httpcbatch');
  const items = [
    { body: 'text as it is', base64Encoded: false, properties: { 'iothub-app-a': 'b' } },
    { body: Buffer.from('binary').toString('base64'), base64Encoded: true, properties: { 'iothub-messageid': 'm2' } },
    { body: Buffer.from('no word').toString('base64') },
  ];
  assert.equal((await post(device, JSON.stringify(items), { headers: BATCH })).status, 204);
  for (const [bad, status] of [
    [[...items, { body: 'not base64!' }], 400],
    [[...items, 'text'], 400],
    [{ body: '' }, 400],
    [Array.from({ length: 501 }, () => ({ body: '' })), 413],
    [Array.from({ length: 3 }, () => ({ body: 'x'.repeat(100 * 1024), base64Encoded: false })), 413],
  ]) assert.equal((await post(device, JSON.stringify(bad), { headers: BATCH })).status, status);
  assert.equal((await post(device, '[', { headers: BATCH })).status, 400);
  assert.equal((await post(device, 'the end')).status, 204);
  const reader = await watch_device(device.id, { options: { startPosition: { offset: '-1' }, skipParsingBodyAsJson: true } });
  const received = await reader.inbox.take(4, 'events');
  await reader.close();
  assert.deepEqual(received.map((e) => Buffer.from(e.body).toString()), ['text as it is', 'binary', 'no word', 'the end']);
  assert.equal(received[0].properties.a, 'b');
  assert.equal(received[1].messageId, 'm2');
});

test('a request is no connection: it evicts nobody, and its time is noted', async () => {
  const device = await create_device('httpalive');
  const client = await connected(device);
  assert.equal((await post(device, 'x')).status, 204);
  await client.ping();
  await client.disconnect();
  const other = await create_device('httpactive');
  assert.equal(other.identity.lastActivityTime, '0001-01-01T00:00:00Z');
  assert.equal((await post(other, 'x')).status, 204);
  const { body } = await rest('GET', `/devices/${other.id}`);
  assert.equal(body.connectionState, 'Disconnected');
  assert.notEqual(body.lastActivityTime, '0001-01-01T00:00:00Z');
});
