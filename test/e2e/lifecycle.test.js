// Start, stop, signals, what survives a restart, and what the program says when it cannot start.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const tls = require('node:tls');
const { Hub, own_address, run_nave, temporary_folder } = require('../interop/lib/hub');
const { make_device, rest_of, device_on, events_topic } = require('../interop/lib/client');
const { parse_connection_string } = require('../interop/lib/sas');
const { with_deadline } = require('../interop/lib/until');
const { read_back } = require('../fault/read_back');

const ENDED_WELL = { code: 0, signal: null };

async function with_folder(body) {
  const data = temporary_folder();
  try {
    await body(data);
  } finally {
    fs.rmSync(data, { recursive: true, force: true });
  }
}

function served_certificate(hub, port = hub.ports.mqtt) {
  return with_deadline(new Promise((resolve, reject) => {
    const socket = tls.connect({ host: hub.address, port, ca: hub.ca }, () => {
      resolve(socket.getPeerX509Certificate());
      socket.destroy();
    });
    socket.on('error', reject);
  }), 'certificate');
}

test('the ready file keeps its contract', async () => {
  const hub = await Hub.start();
  const { info } = hub;
  assert.equal(info.hostName, hub.address);
  assert.equal(info.pid, hub.pid);
  for (const port of ['mqtt', 'amqp', 'https']) assert.ok(info.ports[port] > 0 && info.ports[port] < 65536);
  for (const policy of ['iothubowner', 'service', 'device', 'registryRead', 'registryReadWrite']) {
    const fields = parse_connection_string(info.connectionStrings[policy]);
    assert.equal(fields.HostName, hub.address);
    assert.equal(fields.SharedAccessKeyName, policy);
    assert.ok(Buffer.from(fields.SharedAccessKey, 'base64').length >= 16);
  }
  const event_hub = parse_connection_string(info.connectionStrings.eventHub);
  assert.match(event_hub.Endpoint, new RegExp(`^sb://${hub.address.replaceAll('.', '\\.')}(:\\d+)?/$`));
  assert.ok(event_hub.EntityPath);
  const device = parse_connection_string(info.device.connectionString);
  assert.equal(device.DeviceId, info.device.id);
  const client = await device_on(hub, { id: info.device.id, key: device.SharedAccessKey });
  await client.disconnect();
  assert.deepEqual(await hub.stop(), ENDED_WELL);
});

test('keys and the folder are readable by their owner only', async () => {
  await with_folder(async (parent) => {
    const data = path.join(parent, 'made', 'by', 'the hub');
    const hub = await Hub.start({ data });
    assert.equal(fs.statSync(data).mode & 0o777, 0o700);
    for (const name of ['ca-key.pem', 'server-key.pem', 'state.db', 'connection.json']) {
      assert.equal(fs.statSync(path.join(data, name)).mode & 0o777, 0o600, name);
    }
    assert.deepEqual(await hub.stop(), ENDED_WELL);
  });
});

// The address of the blobs has the HTTPS port in it, which is another one with each start of a test.
function without_port({ connectionStrings, ports }) {
  return { ...connectionStrings, storage: connectionStrings.storage.replace(`:${ports.https}/`, '/') };
}

test('a restart keeps devices, keys, events and certificates', async () => {
  await with_folder(async (data) => {
    const address = own_address();
    const first = await Hub.start({ data, address });
    const device = await make_device(first, 'kept');
    const client = await device_on(first, device);
    for (let i = 0; i < 10; ++i) await client.publish({ topic: events_topic(device), payload: `${i}`, id: i + 1 });
    const strings = without_port(first.info);
    const { ca } = first;
    assert.deepEqual(await first.stop(), ENDED_WELL);

    const second = await Hub.start({ data, address });
    assert.deepEqual(without_port(second.info), strings);
    assert.equal(second.ca, ca);
    const again = await device_on(second, device);
    await again.publish({ topic: events_topic(device), payload: '10', id: 1 });
    const events = (await read_back(second)).flat();
    assert.deepEqual(events.map((e) => Number(e.body)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert.deepEqual(events.map((e) => e.sequence), events.map((_, i) => i));
    await again.disconnect();
    assert.deepEqual(await second.stop(), ENDED_WELL);
  });
});

test('--memory keeps nothing', async () => {
  await with_folder(async (data) => {
    const address = own_address();
    const first = await Hub.start({ data, address, memory: true });
    const device = await make_device(first, 'gone');
    const client = await device_on(first, device);
    await client.publish({ topic: events_topic(device), payload: 'x' });
    assert.equal((await read_back(first)).flat().length, 1);
    assert.deepEqual(await first.stop(), ENDED_WELL);
    assert.deepEqual(fs.readdirSync(data), []);

    const second = await Hub.start({ data, address, memory: true });
    assert.equal((await rest_of(second)('GET', '/devices/gone')).status, 404);
    assert.deepEqual((await read_back(second)).flat(), []);
    assert.deepEqual(await second.stop(), ENDED_WELL);
  });
});

test('a second hub on the same folder is refused with one line', async () => {
  const hub = await Hub.start();
  const second = await run_nave(['serve', '--data', hub.data, '--bind', hub.address, '--mqtt-port', '0', '--amqp-port', '0', '--https-port', '0']);
  assert.equal(second.code, 1);
  const lines = second.stderr.trim().split('\n');
  assert.equal(lines.length, 1, second.stderr);
  assert.ok(lines[0].includes(hub.data), lines[0]);
  const device = await make_device(hub, 'unharmed');
  assert.equal(device.id, 'unharmed');
  assert.deepEqual(await hub.stop(), ENDED_WELL);
});

test('SIGTERM with open connections: everything acknowledged, exit 0', async () => {
  await with_folder(async (data) => {
    const address = own_address();
    const hub = await Hub.start({ data, address });
    const device = await make_device(hub, 'open');
    const client = await device_on(hub, device);
    await client.publish({ topic: events_topic(device), payload: 'kept' });
    const idle = tls.connect({ host: hub.address, port: hub.ports.amqp, ca: hub.ca });
    idle.on('error', () => {});
    assert.deepEqual(await hub.stop(), ENDED_WELL);
    await client.expect_close();
    idle.destroy();
    const again = await Hub.start({ data, address });
    assert.deepEqual((await read_back(again)).flat().map((e) => e.body), ['kept']);
    assert.deepEqual(await again.stop(), ENDED_WELL);
  });
});

test('SIGINT ends in good order too', async () => {
  const hub = await Hub.start();
  assert.deepEqual(await hub.end_with('SIGINT'), ENDED_WELL);
});

test('SIGHUP serves a new certificate to new connections and keeps the old ones', async () => {
  const donor = await Hub.start({ memory: false });
  const address = donor.address;
  await with_folder(async (data) => {
    assert.deepEqual((await stop_keeping(donor, data)), ENDED_WELL);
    const hub = await Hub.start({ data, address });
    const before = await served_certificate(hub);
    const device = await make_device(hub, 'steady');
    const client = await device_on(hub, device);
    // A fresh pair of the same authority: what a rotation by hand does.
    fs.rmSync(path.join(data, 'server.pem'));
    fs.rmSync(path.join(data, 'server-key.pem'));
    hub.child.kill('SIGHUP');
    let after;
    await with_deadline((async () => {
      do after = await served_certificate(hub);
      while (after.serialNumber === before.serialNumber);
    })(), 'a new certificate');
    assert.notEqual(after.fingerprint256, before.fingerprint256);
    await client.ping();
    await client.disconnect();
    assert.deepEqual(await hub.stop(), ENDED_WELL);
  });
});

// Stops a hub and moves its data to `target`.
async function stop_keeping(hub, target) {
  hub.child.kill('SIGTERM');
  const [code, signal] = await with_deadline(hub.exited, 'exit');
  fs.cpSync(hub.data, target, { recursive: true });
  hub.forget_folders();
  return { code, signal };
}

test('a new host name gets a new server certificate of the same authority', async () => {
  await with_folder(async (data) => {
    const first = await Hub.start({ data });
    const { ca } = first;
    assert.deepEqual(await first.stop(), ENDED_WELL);
    const second = await Hub.start({ data, address: own_address() });
    assert.equal(second.ca, ca);
    const certificate = await served_certificate(second);
    assert.ok(certificate.checkIP(second.address));
    assert.ok(certificate.checkHost('localhost'));
    assert.equal(parse_connection_string(second.info.connectionStrings.iothubowner).HostName, second.address);
    assert.deepEqual(await second.stop(), ENDED_WELL);
  });
});

test('a port in use: one line that names it, exit 1', async () => {
  const hub = await Hub.start();
  const data = temporary_folder();
  const second = await run_nave(['serve', '--data', data, '--bind', hub.address, '--mqtt-port', `${hub.ports.mqtt}`, '--amqp-port', '0', '--https-port', '0']);
  fs.rmSync(data, { recursive: true });
  assert.equal(second.code, 1, second.stderr);
  const last = second.stderr.trim().split('\n').at(-1);
  assert.ok(last.includes(`${hub.ports.mqtt}`), second.stderr);
  assert.deepEqual(await hub.stop(), ENDED_WELL);
});

for (const [what, args] of [['no verb', []], ['an unknown verb', ['fly']], ['an unknown flag', ['serve', '--wings']]]) {
  test(`${what}: exit 2 and a usage line`, async () => {
    const { code, stderr, stdout } = await run_nave(args);
    assert.equal(code, 2);
    assert.ok((stderr + stdout).length > 0);
  });
}

test('a misspelt setting is an error that names file and key', async () => {
  await with_folder(async (data) => {
    const file = path.join(data, 'nave.toml');
    fs.writeFileSync(file, 'host_nam = "x.example"\n');
    const { code, stderr } = await run_nave(['serve', '--data', path.join(data, 'd'), '--config', file]);
    assert.equal(code, 1);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
    assert.ok(stderr.includes(file) && stderr.includes('host_nam'), stderr);
  });
});

test('health and metrics', async () => {
  const hub = await Hub.start();
  const rest = rest_of(hub);
  assert.equal((await rest('GET', '/health/live')).status, 200);
  assert.equal((await rest('GET', '/health/ready')).status, 200);
  const metrics = await rest('GET', '/metrics');
  assert.equal(metrics.status, 200);
  assert.match(metrics.headers['content-type'], /^text\/plain/);
  assert.match(metrics.text, /^# TYPE \w+ (counter|gauge|histogram)$/m);
  assert.deepEqual(await hub.stop(), ENDED_WELL);
});

test('no secret is printed to the log', async () => {
  await with_folder(async (data) => {
    const hub = await Hub.start({ data, args: ['--log-level', 'debug'] });
    const device = await make_device(hub, 'secret');
    const client = await device_on(hub, device);
    await client.publish({ topic: events_topic(device), payload: 'x' });
    await client.disconnect();
    const wrong = await device_on(hub, device, { password: 'SharedAccessSignature sr=a&sig=verysecret&se=1' }).then(() => null, (e) => e);
    assert.ok(wrong);
    assert.deepEqual(await hub.stop(), ENDED_WELL);
    const log = hub.output.text.split('\n').filter((line) => /\b(debug|info|warning|error)\b/i.test(line) && !/HostName=|Endpoint=/.test(line)).join('\n');
    for (const secret of [device.key, device.secondary_key, 'verysecret']) assert.ok(!log.includes(secret));
  });
});
