// Direct methods: the service SDK calls, the device SDK (devices and modules, MQTT and WebSocket) answers; raw clients
// show what other SDKs do differently.
'use strict';

const { test, describe } = require('node:test');
const assert = require('node:assert/strict');
const { Client: ServiceClient } = require('azure-iothub');
const { Mqtt, MqttWs } = require('azure-iot-device-mqtt');
const context = require('./lib/context');
const { create_device, create_module, update_device, rest } = require('./lib/registry');
const { connected } = require('./lib/mqtt_device');
const { define_method_tests, call } = require('./lib/methods');
const { TYPE, publish_packet } = require('./lib/mqtt_raw');

const FILTER = '$iothub/methods/POST/#';
async function with_raw(device, use) {
  const client = await connected(device);
  await client.subscribe(1, [[FILTER, 0]]);
  try {
    await use(client);
  } finally {
    client.abort();
  }
}

// The next method request: { name, rid, payload }.
async function next_request(client) {
  const { body, flags } = await client.expect(TYPE.PUBLISH, 'method request');
  assert.equal(flags, 0, 'QoS 0, neither DUP nor RETAIN');
  const length = body.readUInt16BE(0);
  const topic = body.subarray(2, 2 + length).toString();
  const [, name, rid] = /^\$iothub\/methods\/POST\/([^/]+)\/\?\$rid=([^&]+)$/.exec(topic);
  return { name, rid, payload: body.subarray(2 + length).toString() };
}

const respond = (client, status, rid, payload = '', more = {}) =>
  client.send(publish_packet({ topic: `$iothub/methods/res/${status}/?$rid=${rid}`, payload, qos: 0, ...more }));

define_method_tests([['MQTT', Mqtt, false], ['MQTT over WebSocket', MqttWs, context.skip_443]]);

describe('the service SDK', { skip: context.skip_443 }, () => {
  const service = () => ServiceClient.fromConnectionString(context.strings.service);

  test('answers and errors as it gives and throws them', async () => {
    const device = await create_device('method');
    const module = await create_module(device.id, 'mod');
    const offline = { methodName: 'm', responseTimeoutInSeconds: 10 };
    await assert.rejects(service().invokeDeviceMethod(device.id, offline), (error) => {
      assert.equal(error.response.statusCode, 404);
      assert.match(error.responseBody, /404103/);
      return true;
    });
    await assert.rejects(service().invokeDeviceMethod('nobody-at-all', offline), /./);
    await with_raw(device, async (client) => {
      const invoked = service().invokeDeviceMethod(device.id, { methodName: 'go', payload: { fast: true } });
      const request = await next_request(client);
      assert.deepEqual([request.name, request.payload], ['go', '{"fast":true}']);
      respond(client, 201, request.rid, '{"done":1}');
      assert.deepEqual((await invoked).result, { status: 201, payload: { done: 1 } });

      await assert.rejects(service().invokeDeviceMethod(device.id, { methodName: 'slow', responseTimeoutInSeconds: 5 }),
        (error) => {
          assert.equal(error.response.statusCode, 504);
          assert.match(error.responseBody, /504101/);
          return true;
        });
    });
    await with_raw(module, async (client) => {
      const invoked = service().invokeDeviceMethod(device.id, 'mod', { methodName: 'go' });
      respond(client, 200, (await next_request(client)).rid);
      assert.deepEqual((await invoked).result, { status: 200, payload: null });
    });
  });
});

describe('raw clients', () => {
  test('a device that connects later gets the call; one that does not, does not', async () => {
    const device = await create_device('method');
    const waiting = call(device, 'late', { responseTimeoutInSeconds: 20, connectTimeoutInSeconds: 15 });
    await with_raw(device, async (client) => {
      const { rid } = await next_request(client);
      assert.equal(rid, '1');
      respond(client, 200, rid, '"here"');
      assert.equal((await waiting).payload, 'here');
    });
    const before = Date.now();
    const absent = await create_device('method');
    const answer = await call(absent, 'late', { responseTimeoutInSeconds: 5, connectTimeoutInSeconds: 1 });
    assert.deepEqual([answer.http, answer.error], [404, 'DeviceNotOnline']);
    assert.ok(Date.now() - before >= 1000);
  });

  test('connected without a subscription is not online', async () => {
    const device = await create_device('method');
    const client = await connected(device);
    assert.equal((await call(device, 'm')).error, 'DeviceNotOnline');
    client.abort();
  });

  test('a device that is killed or taken over in the middle of a call', async () => {
    const device = await create_device('method');
    await with_raw(device, async (client) => {
      const lost = call(device, 'm');
      await next_request(client);
      client.abort();
      const answer = await lost;
      assert.deepEqual([answer.http, answer.error], [404, 'DeviceConnectionClosedRemotely']);
    });
    await with_raw(device, async (client) => {
      const lost = call(device, 'm');
      await next_request(client);
      const newer = await connected(device);
      assert.equal((await lost).error, 'DeviceConnectionClosedRemotely');
      newer.abort();
    });
  });

  test('answers with QoS 1 are acknowledged: in time, twice, late and invented', async () => {
    const device = await create_device('method');
    await with_raw(device, async (client) => {
      const first = call(device, 'm');
      const { rid } = await next_request(client);
      const puback = async (id) => assert.equal((await client.expect(TYPE.PUBACK)).body.readUInt16BE(0), id);
      respond(client, 200, rid, '1', { qos: 1, id: 11 });
      await puback(11);
      assert.equal((await first).payload, 1);
      respond(client, 500, rid, '2', { qos: 1, id: 12 });
      await puback(12);
      const slow = call(device, 'slow', { responseTimeoutInSeconds: 5 });
      const late = await next_request(client);
      const answer = await slow;
      assert.deepEqual([answer.http, answer.error], [504, 'GatewayTimeout']);
      respond(client, 200, late.rid, '3', { qos: 1, id: 13 });
      await puback(13);
      respond(client, 200, 'made-up', '4', { qos: 1, id: 14 });
      await puback(14);
      await client.ping();
    });
  });

  test('payloads that are not JSON, and numbers as they were written', async () => {
    const device = await create_device('method');
    await with_raw(device, async (client) => {
      const bad = call(device, 'm');
      respond(client, 200, (await next_request(client)).rid, 'undefined');
      assert.deepEqual([(await bad).http, (await bad).error], [502, 'InvalidResponseWhileProxying']);
      const good = call(device, 'm');
      respond(client, 200, (await next_request(client)).rid, '{"n":1.500,"big":123456789012345678901}');
      assert.equal((await good).text, '{"status":200,"payload":{"n":1.500,"big":123456789012345678901}}');
    });
  });

  test('what is refused before any device hears of it', async () => {
    const device = await create_device('method');
    assert.equal((await call(device, 'm', { responseTimeoutInSeconds: 4 })).http, 400);
    assert.equal((await call(device, 'm', { responseTimeoutInSeconds: 10, connectTimeoutInSeconds: 11 })).http, 400);
    assert.equal((await call(device, 'a/b')).http, 400);
    assert.equal((await call(device, 'm', { payload: 'x'.repeat(128 * 1024) })).http, 413);
    await update_device(device.identity, { status: 'disabled' });
    const refused = await call(device, 'm');
    assert.deepEqual([refused.http, refused.error], [404, 'DeviceNotFound']);
  });
});
