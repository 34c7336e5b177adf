// Messages to devices and the feedback on them: the service SDK sends over AMQP, the device SDK receives over AMQP; and
// what other SDKs do differently, with rhea.
'use strict';

const { test, describe, after, before } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { promisify } = require('node:util');
const { Client: ServiceClient } = require('azure-iothub');
const { AmqpWs: ServiceAmqpWs } = require('azure-iothub/dist/amqp_ws.js');
const { Client } = require('azure-iot-device');
const { Amqp, AmqpWs } = require('azure-iot-device-amqp');
const { Message, NoRetry } = require('azure-iot-common');
const context = require('./lib/context');
const { create_device, create_module, rest } = require('./lib/registry');
const { rhea, open_at, attach_receiver, attach_sender, plain_at, put_token, close } = require('./lib/amqp');
const { parse_connection_string, sas } = require('./lib/sas');
const { with_deadline, Inbox, event } = require('./lib/until');

// Feedback leaves in batches every 15 seconds.
const FEEDBACK_MS = 45000;

async function receiving(device, transport) {
  const client = Client.fromConnectionString(device.connection_string, transport);
  client.setRetryPolicy(new NoRetry());
  await with_deadline(client.open(), 'open');
  const inbox = new Inbox();
  client.on('message', (message) => inbox.push(message));
  const settle = (what, message) => with_deadline(client[what](message), what);
  return { client, inbox, settle };
}

function message_with(fields, properties = {}) {
  const message = new Message(fields.body ?? 'x');
  for (const [name, value] of Object.entries(fields)) if (name !== 'body') message[name] = value;
  message.messageId = `m-${crypto.randomUUID()}`;
  for (const [name, value] of Object.entries(properties)) message.properties.add(name, value);
  return message;
}

// Every record that arrives while the suites run, by the id of its message.
class Feedback {
  async open(client) {
    this.records = new Map();
    this.waiters = new Map();
    this.receiver = await with_deadline(promisify(client.getFeedbackReceiver.bind(client))(), 'feedback receiver');
    this.receiver.on('message', async (message) => {
      for (const record of JSON.parse(message.data)) {
        this.records.set(record.originalMessageId, record);
        this.waiters.get(record.originalMessageId)?.(record);
      }
      await this.receiver.complete(message);
    });
  }
  of(id) {
    if (this.records.has(id)) return Promise.resolve(this.records.get(id));
    return with_deadline(new Promise((resolve) => this.waiters.set(id, resolve)), `feedback on ${id}`, FEEDBACK_MS);
  }
}

describe('the service SDK over AMQP', () => {
  const service = ServiceClient.fromConnectionString(context.strings.service);
  const feedback = new Feedback();
  before(async () => {
    await with_deadline(service.open(), 'open');
    await feedback.open(service);
  });
  after(() => service.close());
  const send = (device, message) => with_deadline(service.send(device.id, message), 'send');

  for (const [name, transport, skip] of [['AMQP', Amqp, false], ['AMQP over WebSocket', AmqpWs, context.skip_443]]) {
    describe(`to a device over ${name}`, { skip }, () => {
      test('every property arrives; complete is positive feedback', async () => {
        const device = await create_device('c2d');
        const { client, inbox, settle } = await receiving(device, transport);
        const sent = message_with({ body: 'hello ä', ack: 'full', correlationId: 'c-1', userId: 'someone',
          contentType: 'text/plain', contentEncoding: 'utf-8', expiryTimeUtc: Date.now() + 600000 }, { level: 'storm', n: '1' });
        await send(device, sent);
        const got = await inbox.next('message');
        assert.equal(got.data.toString(), 'hello ä');
        assert.equal(got.messageId, sent.messageId);
        assert.equal(got.correlationId, 'c-1');
        assert.equal(got.to, `/devices/${device.id}/messages/devicebound`);
        assert.equal(got.contentType, 'text/plain');
        assert.equal(got.contentEncoding, 'utf-8');
        assert.equal(new Date(got.expiryTimeUtc).getTime(), sent.expiryTimeUtc);
        assert.equal(got.properties.getValue('level'), 'storm');
        assert.equal(got.properties.getValue('n'), '1');
        await settle('complete', got);
        const record = await feedback.of(sent.messageId);
        assert.equal(record.statusCode, 'Success');
        assert.equal(record.deviceId, device.id);
        assert.equal(record.deviceGenerationId, device.identity.generationId);
        await client.close();
      });

      test('abandon brings it again, reject is negative feedback', async () => {
        const device = await create_device('c2d');
        const { client, inbox, settle } = await receiving(device, transport);
        const sent = message_with({ body: 'again', ack: 'negative' });
        await send(device, sent);
        const first = await inbox.next('message');
        await settle('abandon', first);
        const second = await inbox.next('the message again');
        assert.equal(second.messageId, sent.messageId);
        await settle('reject', second);
        assert.equal((await feedback.of(sent.messageId)).statusCode, 'Rejected');
        await client.close();
      });

      test('messages wait for a device that is not there, and come in order, once each', async () => {
        const device = await create_device('c2d');
        for (let i = 0; i < 20; ++i) await send(device, message_with({ body: `${i}` }));
        const { client, inbox, settle } = await receiving(device, transport);
        for (let i = 0; i < 20; ++i) {
          const message = await inbox.next(`message ${i}`);
          assert.equal(message.data.toString(), `${i}`);
          await settle('complete', message);
        }
        await client.close();
        const again = await receiving(device, transport);
        await send(device, message_with({ body: 'last' }));
        assert.equal((await again.inbox.next('message')).data.toString(), 'last');
        await again.client.close();
      });

      test('what was not settled comes again on the next connection', async () => {
        const device = await create_device('c2d');
        const first = await receiving(device, transport);
        await send(device, message_with({ body: 'kept' }));
        await first.inbox.next('message');
        await first.client.close();
        const second = await receiving(device, transport);
        const message = await second.inbox.next('message');
        assert.equal(message.data.toString(), 'kept');
        await second.settle('complete', message);
        await second.client.close();
      });
    });
  }

  test('an unknown device, a full queue, a message that is too large', async () => {
    await assert.rejects(send({ id: 'nobody-at-all' }, message_with({})), { name: 'DeviceNotFoundError' });
    const device = await create_device('c2d');
    await assert.rejects(send(device, message_with({ body: 'x'.repeat(65537) })), { name: 'MessageTooLargeError' });
    for (let i = 0; i < 50; ++i) await send(device, message_with({ body: `${i}` }));
    await assert.rejects(send(device, message_with({})), { name: 'DeviceMaximumQueueDepthExceededError' });
    assert.equal((await rest('GET', `/devices/${device.id}`)).body.cloudToDeviceMessageCount, 50);
    const { client, inbox, settle } = await receiving(device, Amqp);
    await settle('complete', await inbox.next('message'));
    // The SDK does not wait for the hub's word.
    while ((await rest('GET', `/devices/${device.id}`)).body.cloudToDeviceMessageCount === 50);
    await send(device, message_with({}));
    await client.close();
  });

  test('expired: nothing is delivered, and the sender hears of it', async () => {
    const device = await create_device('c2d');
    const sent = message_with({ ack: 'full', expiryTimeUtc: Date.now() + 4000 });
    await send(device, sent);
    assert.equal((await feedback.of(sent.messageId)).statusCode, 'Expired');
    const { client, inbox } = await receiving(device, Amqp);
    await send(device, message_with({ body: 'fresh' }));
    assert.equal((await inbox.next('message')).data.toString(), 'fresh');
    await client.close();
  });

  test('purged: the sender hears of it', async () => {
    const device = await create_device('c2d');
    const sent = message_with({ ack: 'full' });
    await send(device, sent);
    assert.equal((await rest('DELETE', `/devices/${device.id}/commands`)).status, 200);
    assert.equal((await feedback.of(sent.messageId)).statusCode, 'Purged');
  });

  test('the receiver of file notifications opens, and stays silent', async () => {
    const receiver = await with_deadline(promisify(service.getFileNotificationReceiver.bind(service))(), 'receiver');
    receiver.on('message', () => assert.fail('there are no files'));
  });
});

test('the service SDK over WebSocket', { skip: context.skip_443 }, async () => {
  const service = ServiceClient.fromConnectionString(context.strings.service, ServiceAmqpWs);
  await with_deadline(service.open(), 'open');
  const device = await create_device('c2dws');
  await with_deadline(service.send(device.id, message_with({ body: 'ws' })), 'send');
  const { client, inbox } = await receiving(device, Amqp);
  assert.equal((await inbox.next('message')).data.toString(), 'ws');
  await client.close();
  await service.close();
});

// What the C SDK's service client and the Azure CLI do: SASL PLAIN, full URIs, digits as tags.
test('raw: PLAIN, a module, the types of what arrives, and the second step', async () => {
  const device = await create_device('c2draw');
  const module = await create_module(device.id, 'mod');
  const back_end = await open_at(context, plain_at(context, 'service', context.host));
  const { sender } = await attach_sender(back_end, { address: `amqps://${context.host}/messages/deviceBound` });
  const send = (message) => new Promise((resolve) => {
    const delivery = sender.send(message);
    for (const outcome of ['accepted', 'rejected', 'released']) {
      sender.on(outcome, ({ delivery: d }) => { if (d === delivery) resolve({ outcome, error: d.remote_state.error }); });
    }
  });
  const to = `/devices/${device.id}/modules/mod/messages/devicebound`;
  assert.equal((await send({ to, message_id: 'one', body: rhea.message.data_section(Buffer.from('m')) })).outcome, 'accepted');
  assert.equal((await send({ to: '/devices/none/messages/devicebound', body: 'x' })).error.condition, 'amqp:not-found');
  assert.equal((await send({ body: 'x' })).error.condition, 'com.microsoft:argument-error');

  const connection = await open_at(context);
  const { SharedAccessKey } = parse_connection_string(module.connection_string);
  const name = `${context.host}/devices/${device.id}/modules/mod`;
  await put_token(connection, sas(name, SharedAccessKey), name);
  const { receiver, deliveries } = await attach_receiver(connection, { address: to }, { autoaccept: false, autosettle: false,
    rcv_settle_mode: 1 });
  const { message, delivery } = await deliveries.next('message');
  assert.equal(message.message_id, 'one');
  assert.equal(delivery.tag.length, 16);
  const { value } = message.message_annotations['x-opt-sequence-number'] ?? {};
  assert.ok(value !== null && message.message_annotations['iothub-enqueuedtime'] instanceof Date);
  assert.equal(message.message_annotations['iothub-deliverycount'], 0);
  const token = message.message_annotations['x-opt-lock-token'];
  const t = delivery.tag;
  const guid = [t.subarray(0, 4).reverse(), t.subarray(4, 6).reverse(), t.subarray(6, 8).reverse(), t.subarray(8, 10), t.subarray(10)];
  assert.equal(guid.map((part) => part.toString('hex')).join('-'), token);

  const settled = event(receiver, 'settled');
  delivery.update(false, rhea.message.accepted().described());
  await settled;
  assert.equal((await rest('DELETE', `/devices/${device.id}/modules/mod/commands`)).body?.totalMessagesPurged ?? 0, 0);
  await close(connection);
  await close(back_end);
});
