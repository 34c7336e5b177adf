// mosquitto's command-line clients with a token made by `nave sas`: the way many people try a hub first.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const context = require('./lib/context');
const { run_nave } = require('./lib/hub');
const { create_device } = require('./lib/registry');
const { API, events_topic } = require('./lib/mqtt_device');
const { watch_device } = require('./lib/events');

async function tool(command, args, timeout_ms = 10000) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const deadline = setTimeout(() => child.kill('SIGKILL'), timeout_ms);
  const [code] = await once(child, 'close');
  clearTimeout(deadline);
  return { code, output };
}

async function login(device) {
  const made = await run_nave(['sas', '--login', context.strings.iothubowner, '--ca', context.info.caFile,
    '--https-port', `${context.info.ports.https}`, '--device-id', device.id]);
  assert.equal(made.code, 0, made.stderr);
  const token = /SharedAccessSignature [^\s"]+/.exec(made.stdout);
  assert.ok(token, made.stdout);
  return ['-h', context.host, '-p', `${context.info.ports.mqtt}`, '--cafile', context.info.caFile, '-V', 'mqttv311',
    '-i', device.id, '-u', `${context.host}/${device.id}/${API}`, '-P', token[0]];
}

test('mosquitto_pub at QoS 0 and 1 delivers', async () => {
  const device = await create_device('mosq');
  const common = await login(device);
  for (const qos of ['0', '1']) {
    const { code, output } = await tool('mosquitto_pub', [...common, '-q', qos, '-t', events_topic(device, `qos=${qos}`), '-m', `hello ${qos}`]);
    assert.equal(code, 0, output);
  }
  const reader = await watch_device(device.id);
  const events = await reader.inbox.take(2, 'events');
  await reader.close();
  assert.deepEqual(events.map((e) => e.body.toString()).sort(), ['hello 0', 'hello 1']);
  assert.deepEqual(events.map((e) => e.properties.qos).sort(), ['0', '1']);
});

test('mosquitto_pub at QoS 2 is cut off and nothing is stored', async () => {
  const device = await create_device('mosq2');
  const common = await login(device);
  await tool('mosquitto_pub', [...common, '-q', '2', '-t', events_topic(device), '-m', 'twice'], 3000);
  await tool('mosquitto_pub', [...common, '-q', '1', '-t', events_topic(device), '-m', 'after']);
  const reader = await watch_device(device.id);
  const event = await reader.inbox.next('event');
  await reader.close();
  assert.equal(event.body.toString(), 'after');
});

test('mosquitto_pub with a retain flag: a property, and nothing retained', async () => {
  const device = await create_device('mosqr');
  const { code } = await tool('mosquitto_pub', [...(await login(device)), '-q', '1', '-r', '-t', events_topic(device), '-m', 'keep']);
  assert.equal(code, 0);
  const reader = await watch_device(device.id);
  assert.equal((await reader.inbox.next('event')).properties['mqtt-retain'], 'true');
  await reader.close();
});

test('mosquitto_sub is granted its own filter and stays connected', async () => {
  const device = await create_device('mosqs');
  const args = [...(await login(device)), '-q', '1', '-t', `devices/${device.id}/messages/devicebound/#`, '-d', '-W', '2'];
  const { output } = await tool('mosquitto_sub', args);
  assert.match(output, /received CONNACK \(0\)/);
  assert.match(output, /Subscribed \(mid: 1\): 1/);
});

test('mosquitto_pub with a wrong password says not authorised', async () => {
  const device = await create_device('mosqw');
  const common = await login(device);
  common[common.length - 1] += 'x';
  const { code, output } = await tool('mosquitto_pub', [...common, '-q', '1', '-t', events_topic(device), '-m', 'x']);
  assert.notEqual(code, 0);
  assert.match(output, /not authori[sz]ed/i);
});
