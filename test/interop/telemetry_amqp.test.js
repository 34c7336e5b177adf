// The device SDK over AMQP and AMQP over WebSocket, unmodified; what it sends is read back with the Event Hubs SDK.
'use strict';

const { test, describe } = require('node:test');
const assert = require('node:assert/strict');
const { Client, Message, ModuleClient } = require('azure-iot-device');
const { Amqp, AmqpWs } = require('azure-iot-device-amqp');
const { Mqtt } = require('azure-iot-device-mqtt');
const { NoRetry, errors } = require('azure-iot-common');
const context = require('./lib/context');
const { create_device, create_module, update_device, rest, random_key } = require('./lib/registry');
const { watch_device } = require('./lib/events');
const { connected } = require('./lib/mqtt_device');
const { with_deadline, event } = require('./lib/until');

async function opened(connection_string, transport, options = {}) {
  const client = Client.fromConnectionString(connection_string, transport);
  if (options.no_retry) client.setRetryPolicy(new NoRetry());
  await with_deadline(client.open(), 'open');
  return client;
}

async function send_one(connection_string, transport) {
  const client = await opened(connection_string, transport, { no_retry: true });
  try {
    await with_deadline(client.sendEvent(new Message('x')), 'send');
  } finally {
    await client.close().catch(() => {});
  }
}

for (const [name, transport, skip] of [['AMQP', Amqp, false], ['AMQP over WebSocket', AmqpWs, context.skip_443]]) {
  describe(name, { skip }, () => {
    test('a message with all properties arrives with all properties', async () => {
      const device = await create_device('amqp');
      const client = await opened(device.connection_string, transport);
      const message = new Message(JSON.stringify({ temperature: 21.5 }));
      message.messageId = 'message 1/ä';
      message.correlationId = '0d3f5c1e-8a4b-4c6d-9e2f-1a2b3c4d5e6f';  // sent as an AMQP uuid
      message.contentType = 'application/json';
      message.contentEncoding = 'utf-8';
      message.interfaceId = 'urn:azureiot:Security:SecurityAgent:1';
      message.ack = 'full';
      message.properties.add('level', 'storm');
      message.properties.add('odd key &=/', 'odd value é%+ ?#');
      message.properties.add('empty', '');
      message.properties.add('dt-subject', 'thermostat1');
      await client.sendEvent(message);
      await client.close();

      const reader = await watch_device(device.id);
      const received = await reader.inbox.next('event');
      await reader.close();
      assert.deepEqual(received.body, { temperature: 21.5 });
      assert.equal(received.messageId, 'message 1/ä');
      assert.equal(received.correlationId, '0d3f5c1e-8a4b-4c6d-9e2f-1a2b3c4d5e6f');
      assert.equal(received.contentType, 'application/json');
      assert.deepEqual(received.properties, { level: 'storm', 'odd key &=/': 'odd value é%+ ?#', empty: '' });
      const system = received.systemProperties;
      assert.equal(system['iothub-connection-device-id'], device.id);
      assert.equal(system['iothub-connection-auth-method'],
        '{"scope":"device","type":"sas","issuer":"iothub","acceptingIpFilterRule":null}');
      assert.equal(system['iothub-connection-auth-generation-id'], device.identity.generationId);
      assert.equal(system['iothub-message-source'], 'Telemetry');
      assert.equal(system['iothub-interface-id'], 'urn:azureiot:Security:SecurityAgent:1');
      assert.equal(system['iothub-ack'], 'full');
      assert.equal(system['dt-subject'], 'thermostat1');
    });

    test('three thousand messages at speed arrive once each, in order', async () => {
      const device = await create_device('amqpfast');
      const client = await opened(device.connection_string, transport);
      const reader = await watch_device(device.id);
      const sent = Array.from({ length: 3000 }, (_, i) => client.sendEvent(new Message(JSON.stringify({ i }))));
      await with_deadline(Promise.all(sent), 'all acknowledgements', 60000);
      const received = await reader.inbox.take(3000, 'events');
      await reader.close();
      await client.close();
      assert.deepEqual(received.map((e) => e.body.i), Array.from({ length: 3000 }, (_, i) => i));
    });

    test('bodies: empty, binary, and as large as may be', async () => {
      const device = await create_device('amqpbody');
      const client = await opened(device.connection_string, transport);
      const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      const large = Buffer.alloc(256 * 1024, 'x');
      for (const body of [Buffer.alloc(0), binary]) await client.sendEvent(new Message(body));
      // The transport itself says where the message was sent to, and that counts.
      const to = `/devices/${device.id}/messages/events`.length;
      await client.sendEvent(new Message(large.subarray(to)));
      await assert.rejects(client.sendEvent(new Message(large.subarray(to - 1))), errors.MessageTooLargeError);
      await client.sendEvent(new Message('after'));
      await client.close();
      const reader = await watch_device(device.id, { options: { startPosition: { offset: '-1' }, skipParsingBodyAsJson: true } });
      const bodies = (await reader.inbox.take(4, 'events')).map((e) => Buffer.from(e.body));
      await reader.close();
      assert.equal(bodies[0].length, 0);
      assert.deepEqual(bodies[1], binary);
      assert.ok(bodies[2].equals(large.subarray(to)));
      assert.equal(bodies[3].toString(), 'after');
    });

    test('wrong key, unknown device, disabled device: unauthorized', async () => {
      const device = await create_device('amqpwrong');
      const forged = device.connection_string.replace(device.key, random_key());
      await assert.rejects(send_one(forged, transport), errors.UnauthorizedError);
      await update_device(device.identity, { status: 'disabled' });
      await assert.rejects(send_one(device.connection_string, transport), errors.UnauthorizedError);
      await update_device(device.identity, { status: 'enabled' });
      await send_one(device.connection_string, transport);
      await rest('DELETE', `/devices/${device.id}`, undefined, { 'If-Match': '*' });
      await assert.rejects(send_one(device.connection_string, transport), errors.UnauthorizedError);
    });

    test('the secondary key opens too', async () => {
      const device = await create_device('amqpsecond');
      await send_one(device.connection_string.replace(device.key, device.secondary_key), transport);
    });

    test('modules send with their own identity, to an output', async () => {
      const device = await create_device('amqpmod');
      const module = await create_module(device.id, 'sensor');
      const client = ModuleClient.fromConnectionString(module.connection_string, transport);
      await with_deadline(client.open(), 'open');
      await client.sendEvent(new Message('{"n":1}'));
      await client.sendOutputEvent('alerts', new Message('{"n":2}'));
      await client.close();
      const reader = await watch_device(device.id, { module_id: 'sensor' });
      const [plain, output] = await reader.inbox.take(2, 'events');
      await reader.close();
      assert.deepEqual([plain.body.n, output.body.n], [1, 2]);
      assert.equal(plain.systemProperties['iothub-outputname'], undefined);
      assert.equal(output.systemProperties['iothub-outputname'], 'alerts');
      assert.equal(JSON.parse(output.systemProperties['iothub-connection-auth-method']).scope, 'module');
      assert.equal(output.systemProperties['iothub-connection-auth-generation-id'], module.identity.generationId);
    });

    test('MQTT takes over from AMQP', async () => {
      const device = await create_device('takemqtt');
      const client = await opened(device.connection_string, transport, { no_retry: true });
      await client.sendEvent(new Message('before'));
      const lost = event(client, 'disconnect');
      const newer = await connected(device);
      await lost;
      await newer.ping();
      await newer.disconnect();
      await client.close().catch(() => {});
    });

    test('AMQP takes over from MQTT', async () => {
      const device = await create_device('takeamqp');
      const older = await opened(device.connection_string, Mqtt, { no_retry: true });
      const lost = event(older, 'disconnect');
      await send_one(device.connection_string, transport);
      await lost;
      await older.close().catch(() => {});
    });

    test('the SDK comes back by itself after it was taken over', async () => {
      const device = await create_device('amqpback');
      const client = await opened(device.connection_string, transport);
      await client.sendEvent(new Message('before'));
      const newer = await connected(device);
      await newer.disconnect();
      // What is sent while the SDK lets go of the old connection fails, by the SDK's own doing.
      const send = () => client.sendEvent(new Message('{"after":true}')).catch(send);
      await with_deadline(send(), 'send after reconnect', 60000);
      await client.close();
    });

    test('a key change, a disable and a delete end the session', async () => {
      for (const change of [
        (d) => update_device(d.identity, { authentication: { symmetricKey: { primaryKey: random_key(), secondaryKey: random_key() } } }),
        (d) => update_device(d.identity, { status: 'disabled' }),
        (d) => rest('DELETE', `/devices/${d.id}`, undefined, { 'If-Match': '*' }),
      ]) {
        const device = await create_device('amqpended');
        const client = await opened(device.connection_string, transport, { no_retry: true });
        await client.sendEvent(new Message('before'));
        const disconnected = event(client, 'disconnect');
        await change(device);
        await disconnected;
        await client.close().catch(() => {});
      }
    });
  });
}
