// One message over MQTT, AMQP and HTTPS is one and the same event to a reader, to the last annotation; and what AMQP can
// do below the SDKs: batches, many devices on one connection, policies (reference/amqp.md §4).
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const context = require('./lib/context');
const { create_device, create_module, random_key, update_device } = require('./lib/registry');
const { watch_device } = require('./lib/events');
const { connected, events_topic, resource_of } = require('./lib/mqtt_device');
const { TYPE, publish_packet } = require('./lib/mqtt_raw');
const { rhea, open_at, close, attach_receiver, attach_sender } = require('./lib/amqp');
const { post } = require('./lib/https_device');
const { sas, parse_connection_string } = require('./lib/sas');
const { with_deadline } = require('./lib/until');

const BATCH_FORMAT = 0x80013700;
const data = (content) => rhea.message.data_section(Buffer.from(content));
const encoded = (message) => rhea.message.encode(message);

// A connection with $cbs, which can put tokens and attach telemetry links.
async function claims() {
  const connection = await open_at(context, { username: 'anonymous' });
  const { receiver, deliveries } = await attach_receiver(connection, { address: '$cbs' });
  const { sender } = await attach_sender(connection, { address: '$cbs' });
  return {
    connection, receiver,
    async put(token) {
      sender.send({ message_id: 'put', body: token,
        application_properties: { operation: 'put-token', type: 'servicebus.windows.net:sastoken', name: 'x' } });
      return (await deliveries.next('answer of $cbs')).message.application_properties['status-code'];
    },
    attach: (device, options, on = connection) => attach_sender(on,
      { address: `/devices/${device.id}${device.module_id ? `/modules/${device.module_id}` : ''}/messages/events` }, options),
  };
}

const token_of = (device, key = device.key) => sas(resource_of(device), key);

// 'accepted', or the condition of the rejection.
function settled(sender, message, tag, format) {
  const outcome = new Promise((resolve) => {
    sender.once('accepted', () => resolve('accepted'));
    sender.once('rejected', ({ delivery }) => resolve(delivery.remote_state.error.condition));
  });
  sender.send(message, tag, format);
  return with_deadline(outcome, 'outcome');
}

// The SDK copies a buffer's bytes into a plain object.
function text_of(binary) {
  return binary && Buffer.from(Object.values(binary.data ?? binary)).toString();
}

// Everything a reader is told, except where in the log and when.
function told(event) {
  const { systemProperties, properties, body, messageId, correlationId, contentType } = event;
  const system = { ...systemProperties };
  delete system['iothub-enqueuedtime'];
  return { system, properties, body, messageId, correlationId, contentType, expiry: Number(system.absoluteExpiryTime),
    user: text_of(system.userId) };
}

for (const kind of ['device', 'module']) {
  test(`a message of a ${kind} over MQTT, AMQP and HTTPS is the same event`, async () => {
    const device = await create_device('alike');
    const sender_of = kind === 'device' ? device : await create_module(device.id, 'mod');
    const expiry = '2030-01-02T03:04:05.678Z';

    const bag = ['$.mid=m-1', '$.cid=c-1', '$.uid=u-1', '$.to=/somewhere', '$.ct=application%2Fjson', '$.ce=utf-8',
      `$.exp=${encodeURIComponent(expiry)}`, '$.ctime=2026-01-01T00%3A00%3A00Z', '$.ifid=urn%3Ax', '$.sub=part',
      '$.schema=s-1', 'iothub-ack=full', 'a=1', 'b='].map((p) => p.replace('$', '%24')).join('&');
    const mqtt = await connected(sender_of);
    mqtt.send(publish_packet({ topic: events_topic(sender_of, bag), payload: '{"v":1}', id: 1 }));
    await mqtt.expect(TYPE.PUBACK);
    await mqtt.disconnect();

    const amqp = await claims();
    assert.equal(await amqp.put(token_of(sender_of)), 200);
    const { sender } = await amqp.attach(sender_of);
    assert.equal(await settled(sender, {
      message_id: 'm-1', correlation_id: 'c-1', user_id: Buffer.from('u-1'), to: '/somewhere',
      content_type: 'application/json', content_encoding: 'utf-8', absolute_expiry_time: new Date(expiry).getTime(),
      message_annotations: { 'iothub-interface-id': 'urn:x', 'dt-subject': 'part', 'x-opt-other': 'nothing to us' },
      application_properties: { 'iothub-creation-time-utc': '2026-01-01T00:00:00Z', 'iothub-message-schema': 's-1',
        'iothub-ack': 'full', a: 1, b: '' },
      body: data('{"v":1}'),
    }), 'accepted');
    await close(amqp.connection);

    const answer = await post(sender_of, '{"v":1}', { headers: {
      'IoTHub-MessageId': 'm-1', 'IoTHub-CorrelationId': 'c-1', 'IoTHub-UserId': 'u-1', 'iothub-to': '/somewhere',
      'iothub-contenttype': 'application/json', 'iothub-contentencoding': 'utf-8', 'iothub-expiry': expiry,
      'iothub-creationtimeutc': '2026-01-01T00:00:00Z', 'iothub-interface-id': 'urn:x', 'dt-subject': 'part',
      'iothub-messageschema': 's-1', 'iothub-ack': 'full', 'iothub-app-a': '1', 'iothub-app-b': '',
      'Content-Type': 'application/octet-stream' } });
    assert.equal(answer.status, 204);

    const reader = await watch_device(device.id);
    const [first, second, third] = (await reader.inbox.take(3, 'events')).map(told);
    await reader.close();
    assert.deepEqual(first.properties, { a: '1', b: '' });
    assert.equal(first.expiry, new Date(expiry).getTime());
    assert.equal(first.user, 'u-1');
    assert.ok(Object.keys(first.system).length >= 9, JSON.stringify(first.system));
    assert.deepEqual(second, first);
    assert.deepEqual(third, first);
  });
}

test('a batch of format 0x80013700: every message an event, one answer', async () => {
  const device = await create_device('batch');
  const amqp = await claims();
  await amqp.put(token_of(device));
  const { sender } = await amqp.attach(device);
  const messages = Array.from({ length: 100 }, (_, i) => encoded({ application_properties: { n: String(i) }, body: data(`{"i":${i}}`) }));
  const batch = (items) => encoded({ body: rhea.message.data_sections(items) });
  assert.equal(await settled(sender, batch(messages), 'tag-1', BATCH_FORMAT), 'accepted');
  assert.equal(await settled(sender, batch([messages[0], Buffer.from('no message')]), 'tag-2', BATCH_FORMAT), 'com.microsoft:argument-error');
  const half = encoded({ body: data(Buffer.alloc(150 * 1024)) });
  assert.equal(await settled(sender, batch([half, half]), 'tag-3', BATCH_FORMAT), 'amqp:link:message-size-exceeded');
  assert.equal(await settled(sender, { body: data('{"i":100}') }), 'accepted');
  await close(amqp.connection);
  const reader = await watch_device(device.id);
  const received = await reader.inbox.take(101, 'events');
  await reader.close();
  assert.deepEqual(received.map((e) => e.body.i), Array.from({ length: 101 }, (_, i) => i));
  assert.equal(received[42].properties.n, '42');
});

test('many devices on one connection, and a bad one fails alone', async () => {
  const devices = await Promise.all(Array.from({ length: 20 }, (_, i) => create_device(`pool${i}`)));
  const amqp = await claims();
  const bad = devices[7];
  for (const device of devices) {
    assert.equal(await amqp.put(token_of(device, device === bad ? random_key() : device.key)), device === bad ? 401 : 200);
  }
  const links = await Promise.all(devices.map((device) => {
    const session = amqp.connection.create_session();
    session.begin();
    return amqp.attach(device, { name: 'TelemetrySenderLink' }, session);
  }));
  assert.equal(links[7].error.condition, 'amqp:unauthorized-access');
  const good = links.filter((l) => l.sender);
  assert.equal(good.length, 19);
  await Promise.all(good.map(async ({ sender }) => assert.equal(await settled(sender, { body: data('x') }), 'accepted')));

  const ended = with_deadline(new Promise((resolve) => links[3].sender.once('sender_error', () => resolve(links[3].sender.error))), 'detach');
  await update_device(devices[3].identity, { status: 'disabled' });
  assert.equal((await ended).condition, 'amqp:not-allowed');
  const stolen = with_deadline(new Promise((resolve) => links[4].sender.once('sender_error', () => resolve(links[4].sender.error))), 'detach');
  const mqtt = await connected(devices[4]);
  assert.equal((await stolen).condition, 'amqp:link:stolen');
  assert.equal(await settled(links[5].sender, { body: data('still here') }), 'accepted');
  await mqtt.disconnect();
  await close(amqp.connection);
});

test('a policy with DeviceConnect is every device; others are none', async () => {
  const device = await create_device('grouped');
  const module = await create_module(device.id, 'mod');
  const policy_token = (policy) =>
    sas(context.host, parse_connection_string(context.strings[policy]).SharedAccessKey, { policy });
  const readers = await claims();
  assert.equal(await readers.put(policy_token('service')), 200);
  assert.equal((await readers.attach(device)).error.condition, 'amqp:unauthorized-access');
  await close(readers.connection);
  const amqp = await claims();
  assert.equal(await amqp.put(policy_token('device')), 200);
  for (const identity of [device, module]) {
    const { sender } = await amqp.attach(identity);
    assert.equal(await settled(sender, { body: data('x') }), 'accepted');
  }
  await close(amqp.connection);
});

test('every body kind', async () => {
  const device = await create_device('bodies');
  const amqp = await claims();
  await amqp.put(token_of(device));
  const { sender } = await amqp.attach(device);
  for (const body of ['text', Buffer.from('binary'), data('data'), rhea.message.data_sections([Buffer.from('two '), Buffer.from('parts')])]) {
    assert.equal(await settled(sender, { body }), 'accepted');
  }
  for (const body of [{ a: 'map' }, rhea.message.sequence_section([1, 2]), 5]) {
    assert.equal(await settled(sender, { body }), 'com.microsoft:argument-error');
  }
  await close(amqp.connection);
  const reader = await watch_device(device.id, { options: { startPosition: { offset: '-1' }, skipParsingBodyAsJson: true } });
  const received = await reader.inbox.take(4, 'events');
  await reader.close();
  assert.deepEqual(received.map((e) => Buffer.from(e.body).toString()), ['text', 'binary', 'data', 'two parts']);
});
