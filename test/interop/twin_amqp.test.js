// Twins with the device SDK over AMQP and AMQP over WebSocket; the back end's side is plain REST.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { Amqp, AmqpWs } = require('azure-iot-device-amqp');
const context = require('./lib/context');
const { create_device, rest } = require('./lib/registry');
const { attach_receiver, attach_sender, open_at, put_token, close } = require('./lib/amqp');
const { parse_connection_string, sas } = require('./lib/sas');
const { define_twin_tests, opened, read, desire, report, get_twin } = require('./lib/sdk_twins');
const { event } = require('./lib/until');

define_twin_tests([['AMQP', Amqp, false], ['AMQP over WebSocket', AmqpWs, context.skip_443]]);

test('hundreds of reports without waiting', async () => {
  const device = await create_device('fastamqp');
  const client = await opened(device, Amqp);
  const twin = await get_twin(client);
  await Promise.all(Array.from({ length: 900 }, (_, i) => report(twin, { i })));
  assert.equal((await read(device)).properties.reported.$version, 901);
  await client.close();
});

test('pooled: two devices of one connection have their own twins, and one that is disabled goes alone', async () => {
  const devices = [await create_device('pool'), await create_device('pool')];
  const connection = await open_at(context);
  const links = [];
  for (const device of devices) {
    const { SharedAccessKey } = parse_connection_string(device.connection_string);
    const name = `${context.host}/devices/${device.id}`;
    await put_token(connection, sas(name, SharedAccessKey), name, 'servicebus.windows.net:sastoken', `put-${device.id}`);
    const address = `/devices/${device.id}/twin`;
    const options = { snd_settle_mode: 1, rcv_settle_mode: 0 };
    const { receiver, deliveries } = await attach_receiver(connection, { address }, options);
    const { sender } = await attach_sender(connection, { address }, options);
    const ask = async (message) => {
      sender.send({ correlation_id: 'x', body: Buffer.from(' '), ...message });
      return (await deliveries.next('answer')).message;
    };
    links.push({ receiver, sender, deliveries, ask });
  }
  const resource = '/notifications/twin/properties/desired';
  for (const [i, { ask }] of links.entries()) {
    await desire(devices[i], { own: i });
    const got = await ask({ message_annotations: { operation: 'GET' } });
    assert.equal(got.message_annotations.status, 200);
    assert.equal(JSON.parse(got.body.content).desired.own, i);
    assert.equal((await ask({ message_annotations: { operation: 'PUT', resource } })).message_annotations.status, 200);
  }
  const gone = event(links[0].receiver, 'receiver_close');
  await rest('PUT', `/devices/${devices[0].id}`, { ...devices[0].identity, status: 'disabled' }, { 'If-Match': '*' });
  await gone;
  assert.equal(links[0].receiver.error.condition, 'amqp:not-allowed');
  await desire(devices[1], { still: 'here' });
  const { message } = await links[1].deliveries.next('notification');
  assert.equal(message.correlation_id, undefined);
  assert.deepEqual(JSON.parse(message.body.content), { still: 'here', $version: 3 });
  await close(connection);
});
