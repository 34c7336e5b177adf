// Fault injection on request: a hub that was switched on for it breaks connections of the official device SDK, and the
// SDK comes back and sends on. These are the requests of the SDKs' own end-to-end suites.
'use strict';

const { test, describe, before, after } = require('node:test');
const assert = require('node:assert/strict');
const http = require('node:http');
const { once } = require('node:events');
const { setTimeout: delay } = require('node:timers/promises');
const { Client, Message } = require('azure-iot-device');
const { Mqtt, MqttWs } = require('azure-iot-device-mqtt');
const { Amqp, AmqpWs } = require('azure-iot-device-amqp');
const { Hub } = require('./lib/hub');
const { rest_of, make_device, device_on, events_topic } = require('./lib/client');
const { TYPE, publish_packet } = require('./lib/mqtt_raw');
const { with_deadline } = require('./lib/until');
const context = require('./lib/context');

let hub;
let devices = 0;
before(async () => {
  hub = await Hub.start({ fixed_ports: true, memory: true, args: ['--allow-fault-injection', '--metrics-port', '0'] });
});
after(() => hub.stop());

const new_device = () => make_device(hub, `fault-${++devices}`);

function fault(type, delay_s, duration_s = 5) {
  const message = new Message('{"fault":true}');
  message.properties.add('AzIoTHub_FaultOperationType', type);
  message.properties.add('AzIoTHub_FaultOperationCloseReason', 'byebye');
  message.properties.add('AzIoTHub_FaultOperationDelayInSecs', `${delay_s}`);
  message.properties.add('AzIoTHub_FaultOperationDurationInSecs', `${duration_s}`);
  return message;
}

async function opened(device, transport) {
  const client = Client.fromConnectionString(device.connection_string, transport);
  await client.setOptions({ ca: hub.ca });
  client.on('error', () => {});
  await with_deadline(client.open(), 'open');
  return client;
}

// When the device last connected or disconnected.
async function state_time(device) {
  return (await rest_of(hub)('GET', `/devices/${device.id}`)).body.connectionStateUpdatedTime;
}

// A send that meets the fault may fail, by the SDK's own doing: an application sends again.
async function send(client, text) {
  for (;;) {
    try {
      return await client.sendEvent(new Message(text));
    } catch {
      await delay(200);
    }
  }
}

async function breaks_and_recovers(transport, type) {
  const device = await new_device();
  const client = await opened(device, transport);
  await with_deadline(client.sendEvent(new Message('before')), 'send before');
  const connected_at = await state_time(device);
  await with_deadline(client.sendEvent(fault(type, 1)), 'the request is acknowledged like any other message');
  await delay(1500);
  await with_deadline(send(client, 'after'), 'send after the fault', 60000);
  await with_deadline(send(client, 'and on'), 'send on');
  assert.notEqual(await state_time(device), connected_at, 'the device has connected anew');
  await client.close().catch(() => {});
}

async function metric(name) {
  const [response] = await once(http.get({ host: '127.0.0.1', port: hub.ports.metrics, path: '/metrics' }), 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\d+)`, 'm').exec(text)[1]);
}

for (const [name, transport, skip] of [['MQTT', Mqtt, false], ['MQTT over WebSocket', MqttWs, context.skip_443]]) {
  describe(name, { skip }, () => {
    for (const type of ['KillTcp', 'ShutDownMqtt']) {
      test(`${type}: the SDK reconnects and sends on`, () => breaks_and_recovers(transport, type));
    }
  });
}

for (const [name, transport, skip] of [['AMQP', Amqp, false], ['AMQP over WebSocket', AmqpWs, context.skip_443]]) {
  describe(name, { skip }, () => {
    // After KillAmqpConnection the SDK waits 45 seconds for the end of its session, whatever the hub does.
    const slow = transport === Amqp ? ['KillAmqpConnection'] : [];
    for (const type of ['KillTcp', 'ShutDownAmqp', 'KillAmqpSession', 'KillAmqpD2CLink', 'KillAmqpCBSLinkReq', ...slow]) {
      test(`${type}: the SDK reconnects and sends on`, () => breaks_and_recovers(transport, type));
    }
  });
}

describe('lasting faults', () => {
  test('throttled over AMQP: the SDK tries again until it is over', async () => {
    const device = await new_device();
    const client = await opened(device, Amqp);
    const started = Date.now();
    await client.sendEvent(fault('InvokeThrottling', 0, 3));
    await with_deadline(send(client, 'after'), 'send', 60000);
    assert.ok(Date.now() - started > 2900, 'not before the duration is over');
    await client.close();
  });

  test('unauthorized over MQTT: refused until it is over, then the SDK is back', async () => {
    const device = await new_device();
    const client = await opened(device, Mqtt);
    const started = Date.now();  // the fault lasts three seconds from a moment after this one
    await client.sendEvent(fault('InvokeAuthError', 0, 3));
    await delay(500);
    await with_deadline(send(client, 'after'), 'send', 60000);
    assert.ok(Date.now() - started >= 2900);
    await client.close();
  });
});

test('a raw client sees the reset, and the hub counts it', async () => {
  const device = await new_device();
  const client = await device_on(hub, device);
  const bag = 'AzIoTHub_FaultOperationType=KillTcp&AzIoTHub_FaultOperationDelayInSecs=0';
  const ended = await metric('nave_mqtt_closed_total{reason="injected_fault"}');
  client.send(publish_packet({ topic: events_topic(device, bag), payload: 'x', qos: 0 }));
  await with_deadline(client.closed, 'reset');
  assert.equal(await metric('nave_mqtt_closed_total{reason="injected_fault"}'), ended + 1);
});

test('a hub that was not switched on takes the message for telemetry', async () => {
  const { create_device } = require('./lib/registry');
  const { connected } = require('./lib/mqtt_device');
  const device = await create_device('nofault');
  const client = await connected(device);
  const bag = 'AzIoTHub_FaultOperationType=KillTcp&AzIoTHub_FaultOperationDelayInSecs=0';
  client.send(publish_packet({ topic: events_topic(device, bag), payload: 'x', qos: 1, id: 3 }));
  assert.equal((await client.expect(TYPE.PUBACK)).body.readUInt16BE(0), 3);
  await delay(300);
  await client.ping();
  client.abort();
});

test('the banner and the log say that it is on', () => {
  assert.match(hub.output.text, /Fault injection is on/);
  assert.match(hub.output.text, /fault injection is on/);
});
