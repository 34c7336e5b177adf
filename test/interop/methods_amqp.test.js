// Direct methods with the device SDK over AMQP and AMQP over WebSocket; and what other SDKs do differently, with rhea.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { Amqp, AmqpWs } = require('azure-iot-device-amqp');
const context = require('./lib/context');
const { create_device } = require('./lib/registry');
const { rhea, open_at, attach_receiver, attach_sender, put_token, close } = require('./lib/amqp');
const { define_method_tests, call } = require('./lib/methods');
const { parse_connection_string, sas } = require('./lib/sas');

define_method_tests([['AMQP', Amqp, false], ['AMQP over WebSocket', AmqpWs, context.skip_443]]);

// Links of a device on a connection that may have other devices.
async function method_links(connection, device) {
  const { SharedAccessKey } = parse_connection_string(device.connection_string);
  const name = `${context.host}/devices/${device.id}`;
  await put_token(connection, sas(name, SharedAccessKey), name, 'servicebus.windows.net:sastoken', `put-${device.id}`);
  const address = `/devices/${device.id}/methods/devicebound`;
  const { sender } = await attach_sender(connection, { address }, { snd_settle_mode: 1 });
  const { receiver, deliveries } = await attach_receiver(connection, { address }, { snd_settle_mode: 1 });
  const respond = (message, status, body) => sender.send({ correlation_id: message.correlation_id,
    application_properties: { 'IoThub-status': rhea.types.wrap_int(status) }, body: rhea.message.data_section(Buffer.from(body)) });
  return { sender, receiver, deliveries, respond };
}

test('pooled: calls find their device; a call ends when its link does, and the others go on', async () => {
  const devices = [await create_device('pool'), await create_device('pool')];
  const connection = await open_at(context);
  const links = [await method_links(connection, devices[0]), await method_links(connection, devices[1])];
  for (const [i, { deliveries, respond }] of links.entries()) {
    const answer = call(devices[i], 'who', { payload: { i } });
    const { message } = await deliveries.next('method request');
    assert.equal(message.application_properties['IoThub-methodname'], 'who');
    assert.equal(Buffer.from(message.body.content).toString(), `{"i":${i}}`);
    assert.ok(Buffer.isBuffer(message.correlation_id) && message.correlation_id.length === 16, 'an AMQP uuid');
    respond({ correlation_id: rhea.types.wrap_uuid(message.correlation_id) }, 200 + i, '{}');
    assert.equal((await answer).status, 200 + i);
  }
  const lost = call(devices[0], 'lost');
  await links[0].deliveries.next('method request');
  links[0].receiver.close();
  assert.equal((await lost).error, 'DeviceConnectionClosedRemotely');
  assert.equal((await call(devices[0], 'gone')).error, 'DeviceNotOnline');
  const still = call(devices[1], 'still');
  const { message } = await links[1].deliveries.next('method request');
  links[1].respond({ correlation_id: rhea.types.wrap_uuid(message.correlation_id) }, 200, '1.50');
  assert.equal((await still).text, '{"status":200,"payload":1.50}');
  await close(connection);
});

test('a device that connects later gets the call', async () => {
  const device = await create_device('method');
  const waiting = call(device, 'late', { responseTimeoutInSeconds: 20, connectTimeoutInSeconds: 15 });
  const connection = await open_at(context);
  const { deliveries, respond } = await method_links(connection, device);
  const { message } = await deliveries.next('method request');
  respond({ correlation_id: rhea.types.wrap_uuid(message.correlation_id) }, 200, '"here"');
  assert.equal((await waiting).payload, 'here');
  await close(connection);
});
