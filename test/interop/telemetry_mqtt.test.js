// The device SDK over MQTT and MQTT over WebSocket, unmodified; what it sends is read back with the Event Hubs SDK.
'use strict';

const { test, describe } = require('node:test');
const assert = require('node:assert/strict');
const { Client, Message, ModuleClient } = require('azure-iot-device');
const { Mqtt, MqttWs } = require('azure-iot-device-mqtt');
const { NoRetry, errors } = require('azure-iot-common');
const context = require('./lib/context');
const { create_device, create_module, update_device, rest, random_key } = require('./lib/registry');
const { watch_device } = require('./lib/events');
const { connected } = require('./lib/mqtt_device');
const { with_deadline, event } = require('./lib/until');

async function opened(connection_string, transport, options = {}) {
  const client = Client.fromConnectionString(connection_string, transport);
  if (options.no_retry) client.setRetryPolicy(new NoRetry());
  await client.setOptions({ ...(options.model_id ? { modelId: options.model_id } : {}) });
  await with_deadline(client.open(), 'open');
  return client;
}

for (const [name, transport, skip] of [['MQTT', Mqtt, false], ['MQTT over WebSocket', MqttWs, context.skip_443]]) {
  describe(name, { skip }, () => {
    test('a message with all properties arrives with all properties', async () => {
      const device = await create_device('tele');
      const client = await opened(device.connection_string, transport);
      const message = new Message(JSON.stringify({ temperature: 21.5 }));
      message.messageId = 'message 1/ä';
      message.correlationId = 'corr&1=2';
      message.userId = 'user+1';
      message.contentType = 'application/json';
      message.contentEncoding = 'utf-8';
      message.properties.add('level', 'storm');
      message.properties.add('odd key &=/', 'odd value é%+ ?#');
      message.properties.add('empty', '');
      const before = Date.now();
      await client.sendEvent(message);
      await client.close();

      const reader = await watch_device(device.id);
      const received = await reader.inbox.next('event');
      await reader.close();
      assert.deepEqual(received.body, { temperature: 21.5 });
      assert.equal(received.messageId, 'message 1/ä');
      assert.equal(received.correlationId, 'corr&1=2');
      assert.equal(received.contentType, 'application/json');
      assert.equal(received.properties.level, 'storm');
      assert.equal(received.properties['odd key &=/'], 'odd value é%+ ?#');
      assert.equal(received.properties.empty, '');
      const system = received.systemProperties;
      assert.equal(system['iothub-connection-device-id'], device.id);
      assert.equal(system['iothub-connection-auth-method'],
        '{"scope":"device","type":"sas","issuer":"iothub","acceptingIpFilterRule":null}');
      assert.equal(system['iothub-connection-auth-generation-id'], device.identity.generationId);
      assert.equal(system['iothub-message-source'], 'Telemetry');
      const enqueued = new Date(system['iothub-enqueuedtime']).getTime();
      assert.ok(enqueued >= before - 2000 && enqueued <= Date.now() + 2000, `${enqueued}`);
      assert.ok(Math.abs(received.enqueuedTimeUtc.getTime() - enqueued) < 5000);
    });

    test('a thousand messages at speed arrive once each, in order', async () => {
      const device = await create_device('fast');
      const client = await opened(device.connection_string, transport);
      const reader = await watch_device(device.id);
      const sent = Array.from({ length: 1000 }, (_, i) => client.sendEvent(new Message(JSON.stringify({ i }))));
      await with_deadline(Promise.all(sent), 'all acknowledgements', 60000);
      const received = await reader.inbox.take(1000, 'events');
      await reader.close();
      await client.close();
      assert.deepEqual(received.map((e) => e.body.i), Array.from({ length: 1000 }, (_, i) => i));
      assert.equal(new Set(received.map((e) => e.partitionId)).size, 1);
      for (let i = 1; i < received.length; ++i) {
        assert.ok(received[i].sequenceNumber > received[i - 1].sequenceNumber);
        assert.ok(BigInt(received[i].offset) > BigInt(received[i - 1].offset));
      }
    });

    test('the model id of the connection and the component of the message', async () => {
      const device = await create_device('pnp');
      const client = await opened(device.connection_string, transport, { model_id: 'dtmi:com:example:Thermostat;1' });
      const message = new Message('{}');
      message.properties.add('dt-subject', 'thermostat1');
      await client.sendEvent(message);
      await client.close();
      const reader = await watch_device(device.id);
      const { systemProperties } = await reader.inbox.next('event');
      await reader.close();
      assert.equal(systemProperties['dt-dataschema'], 'dtmi:com:example:Thermostat;1');
      assert.equal(systemProperties['dt-subject'], 'thermostat1');
    });

    test('bodies: empty, binary, and as large as the client lets through', async () => {
      const device = await create_device('body');
      const client = await opened(device.connection_string, transport);
      const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      const large = Buffer.alloc(255 * 1024, 'x');
      for (const body of [Buffer.alloc(0), binary, large]) await client.sendEvent(new Message(body));
      await client.close();
      const reader = await watch_device(device.id, { options: { skipParsingBodyAsJson: true } });
      const bodies = (await reader.inbox.take(3, 'events')).map((e) => Buffer.from(e.body));
      await reader.close();
      assert.equal(bodies[0].length, 0);
      assert.deepEqual(bodies[1], binary);
      assert.ok(bodies[2].equals(large));
    });

    test('wrong key: refused with CONNACK 5', async () => {
      const device = await create_device('wrong');
      const forged = device.connection_string.replace(device.key, random_key());
      await assert.rejects(opened(forged, transport, { no_retry: true }), (error) => {
        const transport_error = error.transportError ?? error;
        assert.ok(error instanceof errors.UnauthorizedError || transport_error.code === 5, `${error.name}: ${error.message}`);
        return true;
      });
    });

    test('unknown and disabled devices are refused; enabling lets in', async () => {
      const device = await create_device('off');
      await update_device(device.identity, { status: 'disabled' });
      await assert.rejects(opened(device.connection_string, transport, { no_retry: true }));
      await update_device(device.identity, { status: 'enabled' });
      const client = await opened(device.connection_string, transport);
      await client.sendEvent(new Message('in'));
      await client.close();
      await rest('DELETE', `/devices/${device.id}`, undefined, { 'If-Match': '*' });
      await assert.rejects(opened(device.connection_string, transport, { no_retry: true }));
    });

    test('the secondary key opens too', async () => {
      const device = await create_device('second');
      const client = await opened(device.connection_string.replace(device.key, device.secondary_key), transport);
      await client.sendEvent(new Message('x'));
      await client.close();
    });

    test('close and open again, many times', async () => {
      const device = await create_device('again');
      const client = Client.fromConnectionString(device.connection_string, transport);
      for (let i = 0; i < 10; ++i) {
        await with_deadline(client.open(), `open ${i}`);
        await client.sendEvent(new Message(JSON.stringify({ i })));
        await client.close();
      }
      const reader = await watch_device(device.id);
      const received = await reader.inbox.take(10, 'events');
      await reader.close();
      assert.deepEqual(received.map((e) => e.body.i), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });

    test('a newer connection takes over; the SDK client notices', async () => {
      const device = await create_device('taken');
      const client = await opened(device.connection_string, transport, { no_retry: true });
      await client.sendEvent(new Message('before'));
      const disconnected = event(client, 'disconnect');
      const newer = await connected(device);
      await disconnected;
      await newer.ping();
      await newer.disconnect();
      await client.close().catch(() => {});
    });

    test('the SDK comes back by itself after its connection was taken', async () => {
      const device = await create_device('back');
      const client = await opened(device.connection_string, transport);
      const newer = await connected(device);
      await newer.disconnect();
      await with_deadline(client.sendEvent(new Message('{"after":true}')), 'send after reconnect', 40000);
      await client.close();
    });

    test('a key change, a disable and a delete end the session', async () => {
      for (const change of [
        (d) => update_device(d.identity, { authentication: { symmetricKey: { primaryKey: random_key(), secondaryKey: random_key() } } }),
        (d) => update_device(d.identity, { status: 'disabled' }),
        (d) => rest('DELETE', `/devices/${d.id}`, undefined, { 'If-Match': '*' }),
      ]) {
        const device = await create_device('ended');
        const client = await opened(device.connection_string, transport, { no_retry: true });
        await client.sendEvent(new Message('before'));
        const disconnected = event(client, 'disconnect');
        await change(device);
        await disconnected;
        await client.close().catch(() => {});
      }
    });

    test('modules send with their own identity', async () => {
      const device = await create_device('withmod');
      const module = await create_module(device.id, 'sensor');
      const client = ModuleClient.fromConnectionString(module.connection_string, transport);
      await with_deadline(client.open(), 'open');
      await client.sendEvent(new Message('{"from":"module"}'));
      await client.close();
      const reader = await watch_device(device.id, { module_id: 'sensor' });
      const received = await reader.inbox.next('event');
      await reader.close();
      assert.deepEqual(received.body, { from: 'module' });
      const method = JSON.parse(received.systemProperties['iothub-connection-auth-method']);
      assert.equal(method.scope, 'module');
      assert.equal(received.systemProperties['iothub-connection-auth-generation-id'], module.identity.generationId);
    });

    test('the device policy of the hub opens any device', async () => {
      const { SharedAccessSignature } = require('azure-iot-common');
      const device = await create_device('policy');
      const policy = require('./lib/sas').parse_connection_string(context.strings.device);
      const token = SharedAccessSignature.create(`${context.host}/devices/${device.id}`, 'device', policy.SharedAccessKey,
        Math.floor(Date.now() / 1000) + 3600).toString();
      const client = Client.fromSharedAccessSignature(token, transport);
      await with_deadline(client.open(), 'open');
      await client.sendEvent(new Message('{}'));
      await client.close();
      const reader = await watch_device(device.id);
      const { systemProperties } = await reader.inbox.next('event');
      await reader.close();
      assert.equal(JSON.parse(systemProperties['iothub-connection-auth-method']).scope, 'hub');
    });
  });
}
