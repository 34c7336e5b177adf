// Cloud-to-device messages over MQTT: the official device SDK receives and completes; raw clients show windows, sessions
// and acknowledgements that no SDK shows.
'use strict';

const { test, describe } = require('node:test');
const assert = require('node:assert/strict');
const { Client } = require('azure-iot-device');
const { Mqtt, MqttWs } = require('azure-iot-device-mqtt');
const { NoRetry } = require('azure-iot-common');
const context = require('./lib/context');
const { create_device, create_module, rest } = require('./lib/registry');
const { connected } = require('./lib/mqtt_device');
const { packet, text, uint16, TYPE } = require('./lib/mqtt_raw');
const { back_end, filter_of, next_message, acknowledge } = require('./lib/c2d');
const { Inbox, with_deadline } = require('./lib/until');

const { send, waiting } = back_end(rest);

async function until_waiting(device, count) {
  const look = async () => {
    while ((await waiting(device)) !== count) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await with_deadline(look(), `queue of ${count}`);
}

// A device SDK client and an inbox of what it was sent, not settled.
function listener(device, transport) {
  const client = Client.fromConnectionString(device.connection_string, transport);
  client.setRetryPolicy(new NoRetry());
  client.on('error', () => {});
  const inbox = new Inbox();
  client.on('message', (message) => inbox.push(message));
  return { client, inbox };
}

for (const [name, transport, skip] of [['MQTT', Mqtt, false], ['MQTT over WebSocket', MqttWs, context.skip_443]]) {
  describe(`the device SDK over ${name}`, { skip }, () => {
    test('a message with all properties arrives with all properties, and is completed', async () => {
      const device = await create_device('c2d');
      const { client, inbox } = listener(device, transport);
      await with_deadline(client.open(), 'open');
      const expiry = new Date(Date.now() + 3600_000);
      await send(device, '{"go":"ä"}', {
        'iothub-messageid': 'message-1', 'iothub-correlationid': 'c/1', 'iothub-userid': 'user', 'iothub-ack': 'full',
        'iothub-expiry': expiry.toISOString(), 'Content-Type': 'application/json', 'Content-Encoding': 'utf-8',
        'iothub-app-level': 'storm', 'iothub-app-odd': 'a+b&c#d%25' });
      const message = await inbox.next('message');
      assert.equal(message.getData().toString(), '{"go":"ä"}');
      assert.equal(message.messageId, 'message-1');
      assert.equal(message.correlationId, 'c/1');
      assert.equal(message.userId, 'user');
      assert.match(decodeURIComponent(message.to), new RegExp(`^/devices/${device.id}/messages/devicebound$`, 'i'));
      assert.equal(new Date(message.expiryTimeUtc).getTime(), expiry.getTime());
      assert.equal(message.contentType, 'application/json');
      assert.equal(message.contentEncoding, 'utf-8');
      const properties = Object.fromEntries(message.properties.propertyList.map((p) => [p.key, p.value]));
      assert.equal(properties.level, 'storm');
      assert.equal(properties.odd, 'a+b&c#d%25');
      await client.complete(message);
      await until_waiting(device, 0);
      await client.close();
    });

    test('fifty that were sent before arrive in order', async () => {
      const device = await create_device('c2d');
      for (let i = 0; i < 50; ++i) await send(device, `${i}`);
      const { client, inbox } = listener(device, transport);
      await with_deadline(client.open(), 'open');
      const bodies = (await inbox.take(50, 'messages')).map((m) => Number(m.getData()));
      assert.deepEqual(bodies, Array.from({ length: 50 }, (_, i) => i));
      await until_waiting(device, 0);
      await client.close();
    });

    test('a session that is kept: what was sent meanwhile comes at the next connect, once', async () => {
      const device = await create_device('c2d');
      const first = listener(device, transport);
      await with_deadline(first.client.open(), 'open');
      await send(device, 'a');
      await first.inbox.next('message');
      await until_waiting(device, 0);
      await first.client.close();
      for (const body of ['b', 'c']) await send(device, body);
      const second = listener(device, transport);
      await with_deadline(second.client.open(), 'open');
      const got = await second.inbox.take(2, 'messages');
      assert.deepEqual(got.map((m) => m.getData().toString()), ['b', 'c']);
      await until_waiting(device, 0);
      assert.deepEqual(second.inbox.items, []);
      await second.client.close();
    });
  });
}

describe('raw clients', () => {
  const open = (device, clean = false) => connected(device, { clean });

  test('QoS 1: locked until the PUBACK; a broken connection gives it back at once', async () => {
    const device = await create_device('c2d');
    const client = await open(device);
    assert.deepEqual(await client.subscribe(1, [[filter_of(device), 1]]), [1]);
    await send(device, 'a', { 'iothub-messageid': 'm' });
    const first = await next_message(client);
    assert.deepEqual([first.qos, first.dup, first.retain, first.payload], [1, false, false, 'a']);
    assert.ok(first.topic.startsWith(`devices/${device.id}/messages/devicebound/%24.mid=m&%24.to=%2Fdevices%2F`));
    assert.equal(await waiting(device), 1);
    client.abort();

    const again = await open(device);
    assert.equal(again.session_present, true);
    const second = await next_message(again, 'redelivery behind the CONNACK');
    assert.equal(second.payload, 'a');
    assert.deepEqual(await again.subscribe(2, [[filter_of(device), 1]]), [1]);
    acknowledge(again, 999);
    acknowledge(again, second.id);
    await until_waiting(device, 0);
    await again.ping();
    await again.disconnect();
  });

  test('QoS 0: complete when it is written', async () => {
    const device = await create_device('c2d');
    const client = await open(device);
    assert.deepEqual(await client.subscribe(1, [[filter_of(device), 0]]), [0]);
    await send(device, 'a');
    const message = await next_message(client);
    assert.deepEqual([message.qos, message.dup, message.payload], [0, false, 'a']);
    await until_waiting(device, 0);
    await client.disconnect();
  });

  test('at most sixteen are unacknowledged', async () => {
    const device = await create_device('c2d');
    for (let i = 0; i < 18; ++i) await send(device, `${i}`);
    const client = await open(device);
    await client.subscribe(1, [[filter_of(device), 1]]);
    const ids = new Set();
    for (let i = 0; i < 16; ++i) {
      const message = await next_message(client);
      assert.equal(message.payload, `${i}`);
      ids.add(message.id);
    }
    assert.equal(ids.size, 16);
    await client.ping();
    acknowledge(client, [...ids][0]);
    assert.equal((await next_message(client)).payload, '16');
    client.abort();
  });

  test('a clean session forgets the subscription and not the queue; UNSUBSCRIBE stops', async () => {
    const device = await create_device('c2d');
    const kept = await open(device);
    await kept.subscribe(1, [[filter_of(device), 1]]);
    await kept.disconnect();
    await send(device, 'a');
    const client = await open(device, true);
    assert.equal(client.session_present, false);
    await client.ping();
    await client.subscribe(1, [[filter_of(device), 1]]);
    acknowledge(client, (await next_message(client)).id);
    client.send(packet(TYPE.UNSUBSCRIBE, 2, uint16(2), text(filter_of(device))));
    await client.expect(TYPE.UNSUBACK);
    await send(device, 'b');
    await client.ping();
    assert.equal(await waiting(device), 1);
    await client.disconnect();
  });

  test('a takeover moves what was not acknowledged', async () => {
    const device = await create_device('c2d');
    const older = await open(device);
    await older.subscribe(1, [[filter_of(device), 1]]);
    await send(device, 'a');
    await next_message(older);
    const newer = await open(device);
    const message = await next_message(newer);
    assert.equal(message.payload, 'a');
    acknowledge(newer, message.id);
    await until_waiting(device, 0);
    await newer.disconnect();
  });

  test('DUP on what another receiver has had and given back', async () => {
    const { credentials } = require('./lib/mqtt_device');
    const device = await create_device('c2d');
    await send(device, 'a');
    const path = `/devices/${device.id}/messages/deviceBound`;
    const headers = { Authorization: credentials(device).password };
    const received = await rest('GET', path, undefined, headers, '');
    const lock = received.headers.etag.replaceAll('"', '');
    assert.equal((await rest('POST', `${path}/${lock}/abandon`, undefined, headers, '')).status, 204);
    const client = await open(device);
    await client.subscribe(1, [[filter_of(device), 1]]);
    const message = await next_message(client);
    assert.deepEqual([message.payload, message.dup], ['a', true]);
    acknowledge(client, message.id);
    await until_waiting(device, 0);
    await client.disconnect();
  });

  test('Java subscribes for modules too; nothing is ever sent there', async () => {
    const device = await create_device('c2d');
    const module = await create_module(device.id, 'mod');
    const client = await open(module);
    const filter = `devices/${device.id}/modules/mod/messages/devicebound/#`;
    assert.deepEqual(await client.subscribe(1, [[filter, 1]]), [1]);
    await client.ping();
    await client.disconnect();
  });
});
