// Direct methods with the device SDK over AMQP and AMQP over WebSocket; and what other SDKs do differently, with rhea.
'use strict';

const { test, describe } = require('node:test');
const assert = require('node:assert/strict');
const { Client, ModuleClient } = require('azure-iot-device');
const { Amqp, AmqpWs } = require('azure-iot-device-amqp');
const context = require('./lib/context');
const { create_device, create_module } = require('./lib/registry');
const { rhea, open_at, attach_receiver, attach_sender, put_token, close } = require('./lib/amqp');
const { call, opened, ready, answer_ready } = require('./lib/methods');
const { parse_connection_string, sas } = require('./lib/sas');

for (const [name, transport, skip] of [['AMQP', Amqp, false], ['AMQP over WebSocket', AmqpWs, context.skip_443]]) {
  describe(name, { skip }, () => {
    test('payloads of every kind arrive and come back', async () => {
      const device = await create_device('method');
      const client = await opened(Client, device, transport, { ready: answer_ready,
        echo: (request, response) => response.send(200, request.payload, () => {}) });
      assert.equal((await ready(device)).status, 200);
      for (const payload of [{ a: [1, 2.5, { b: null }] }, 'text ä€', 42, -0.5, true, [], {}]) {
        const answer = await call(device, 'echo', { payload });
        assert.equal(answer.http, 200, answer.text);
        assert.deepEqual(answer.payload, payload);
      }
      const large = 'x'.repeat(120 * 1024);
      assert.equal((await call(device, 'echo', { payload: large })).payload, large);
      assert.equal((await call(device, 'echo')).http, 200);
      await client.close();
    });

    test('a module has methods of its own; the status is the application’s', async () => {
      const device = await create_device('method');
      const module = await create_module(device.id, 'mod');
      const client = await opened(ModuleClient, module, transport, { ready: answer_ready,
        fail: (request, response) => response.send(1234, { why: request.methodName }, () => {}) });
      assert.equal((await ready(module)).status, 200);
      const answer = await call(module, 'fail');
      assert.deepEqual([answer.http, answer.status, answer.payload], [200, 1234, { why: 'fail' }]);
      assert.equal((await call(device, 'fail')).error, 'DeviceNotOnline');
      await client.close();
    });

    test('a hundred at once to one device', async () => {
      const device = await create_device('method');
      const client = await opened(Client, device, transport, { ready: answer_ready,
        echo: (request, response) => response.send(200, request.payload, () => {}) });
      assert.equal((await ready(device)).status, 200);
      const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => call(device, 'echo', { payload: { i } })));
      assert.deepEqual(answers.map((a) => a.payload?.i), Array.from({ length: 100 }, (_, i) => i));
      await client.close();
    });
  });
}

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
