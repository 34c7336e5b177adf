// The verbs of the program that are clients: what they print, what they refuse, with which exit code.
'use strict';

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { Hub, binary, run_nave } = require('../interop/lib/hub');
const { make_device, device_on, events_topic } = require('../interop/lib/client');
const { TYPE, publish_packet } = require('../interop/lib/mqtt_raw');
const { with_deadline, Inbox } = require('../interop/lib/until');

let hub;
before(async () => (hub = await Hub.start()));
after(async () => assert.deepEqual(await hub.stop(), { code: 0, signal: null }));

const local = (...args) => run_nave([...args, '--data', hub.data]);

test('connection-string prints the ready file of the folder', async () => {
  const all = await local('connection-string');
  assert.equal(all.code, 0, all.stderr);
  const printed = JSON.parse(all.stdout);
  assert.deepEqual(printed.connectionStrings, hub.info.connectionStrings);
  for (const name of ['iothubowner', 'service', 'eventHub']) {
    const one = await local('connection-string', '--name', name);
    assert.equal(one.stdout.trim(), hub.info.connectionStrings[name]);
  }
  assert.equal((await local('connection-string', '--name', 'device-to-try')).stdout.trim(), hub.info.device.connectionString);
  const none = await local('connection-string', '--name', 'nobody');
  assert.equal(none.code, 1);
  assert.equal(none.stderr.trim().split('\n').length, 1);
});

test('device create, show, list, connection-string, delete', async () => {
  const made = await local('device', 'create', '-d', 'cli-1');
  assert.equal(made.code, 0, made.stderr);
  assert.equal(JSON.parse(made.stdout).deviceId, 'cli-1');
  assert.equal(JSON.parse((await local('device', 'show', '-d', 'cli-1')).stdout).status, 'enabled');
  const listed = JSON.parse((await local('device', 'list')).stdout);
  assert.ok(listed.some((device) => device.deviceId === 'cli-1'));
  const table = await local('device', 'list', '-o', 'table');
  assert.match(table.stdout, /cli-1/);
  const string = (await local('device', 'connection-string', '-d', 'cli-1')).stdout;
  assert.match(string, new RegExp(`HostName=${hub.address};DeviceId=cli-1;SharedAccessKey=`));
  assert.equal((await local('device', 'delete', '-d', 'cli-1')).code, 0);
  const gone = await local('device', 'show', '-d', 'cli-1');
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /not/i);
  assert.equal(gone.stderr.trim().split('\n').length, 1);
});

test('device create twice is refused', async () => {
  assert.equal((await local('device', 'create', '-d', 'cli-2')).code, 0);
  const again = await local('device', 'create', '-d', 'cli-2');
  assert.equal(again.code, 1);
  assert.match(again.stderr, /already/i);
});

test('twin show, update, replace', async () => {
  await make_device(hub, 'cli-twin');
  const twin = async (...args) => {
    const done = await local('twin', ...args, '-d', 'cli-twin');
    assert.equal(done.code, 0, done.stderr);
    return { ...JSON.parse(done.stdout), text: done.stdout };
  };
  assert.equal((await twin('show', '-o', 'json')).version, 2);
  const updated = await twin('update', '--tags', '{"room":1}', '--desired', '{"a":1.0,"b":{"c":2}}');
  assert.deepEqual(updated.tags, { room: 1 });
  assert.match(updated.text, /"a": 1\.0,/);
  const replaced = await twin('replace', '--json', '{"properties":{"desired":{"d":3}}}', '--etag', updated.etag);
  assert.equal(replaced.tags, undefined);
  assert.equal(replaced.properties.desired.$version, 3);
  assert.equal(replaced.properties.desired.a, undefined);
  const stale = await local('twin', 'update', '-d', 'cli-twin', '--tags', '{}', '--etag', updated.etag);
  assert.equal(stale.code, 1);
  assert.match(stale.stderr, /PreconditionFailed/);
  for (const wrong of [['update'], ['update', '--tags', '[1]'], ['replace', '--json', '{'], ['replace', '-j', '@none']]) {
    const refused = await local('twin', ...wrong, '-d', 'cli-twin');
    assert.equal(refused.code, 1);
    assert.equal(refused.stderr.trim().split('\n').length, 1);
  }
  const file = `${hub.ready_folder}/twin.json`;
  require('node:fs').writeFileSync(file, '{"tags":{"from":"file"}}');
  assert.deepEqual((await twin('replace', '-j', `@${file}`)).tags, { from: 'file' });
  assert.equal((await local('twin', 'show', '-d', 'nobody')).code, 1);
  assert.equal((await local('twin', 'show', '-d', 'cli-twin', '-m', 'none')).code, 1);
});

test('a login string instead of the folder', async () => {
  const login = ['--login', hub.info.connectionStrings.registryRead, '--ca', hub.info.caFile, '--https-port', `${hub.ports.https}`];
  assert.equal((await run_nave(['device', 'list', ...login])).code, 0);
  const refused = await run_nave(['device', 'create', '-d', 'cli-3', ...login]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /authori/i);
});

test('sas makes a token that opens a device connection', async () => {
  const device = await make_device(hub, 'cli-sas');
  const printed = await local('sas', '-d', 'cli-sas', '--duration', '600');
  assert.equal(printed.code, 0, printed.stderr);
  const token = /SharedAccessSignature [^\s"]+/.exec(printed.stdout)[0];
  const client = await device_on(hub, device, { password: token });
  await client.disconnect();
});

test('method invoke prints what the device answers, or why it did not', async () => {
  const device = await make_device(hub, 'cli-method');
  const offline = await local('method', 'invoke', '-d', 'cli-method', '--mn', 'go', '--to', '10');
  assert.equal(offline.code, 1);
  assert.match(offline.stderr, /DeviceNotOnline: The operation failed/);
  assert.equal(offline.stderr.trim().split('\n').length, 1);
  const invoked = local('method', 'invoke', '-d', 'cli-method', '--method-name', 'go', '--method-payload', '{"n":1.0}',
    '--timeout', '15', '--connect-timeout', '10');
  const client = await device_on(hub, device);
  await client.subscribe(1, [['$iothub/methods/POST/#', 0]]);
  const { body } = await client.expect(TYPE.PUBLISH, 'method request');
  assert.ok(body.toString().endsWith('/go/?$rid=1{"n":1.0}'), body.toString());
  client.send(publish_packet({ topic: '$iothub/methods/res/200/?$rid=1', payload: '[true]', qos: 0 }));
  const { code, stdout, stderr } = await invoked;
  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), { status: 200, payload: [true] });
  await client.disconnect();
});

test('monitor follows telemetry and filters by device', async () => {
  const [wanted, other] = [await make_device(hub, 'cli-mon'), await make_device(hub, 'cli-other')];
  const since = `${Date.now() - 1000}`;
  for (const [device, payload] of [[other, '{"from":"other"}'], [wanted, '{"from":"wanted"}']]) {
    const client = await device_on(hub, device);
    await client.publish({ topic: events_topic(device, 'level=storm'), payload });
    await client.disconnect();
  }
  const printed = await local('monitor', '-d', 'cli-mon', '--enqueued-time', since, '--count', '1', '--properties');
  assert.equal(printed.code, 0, printed.stderr);
  assert.match(printed.stdout, /wanted/);
  assert.match(printed.stdout, /storm/);
  assert.doesNotMatch(printed.stdout, /"other"/);
});

test('monitor shows what is sent after its start, and ends on SIGINT', async () => {
  const device = await make_device(hub, 'cli-live');
  const child = spawn(binary(), ['monitor', '--data', hub.data, '-d', 'cli-live', '-o', 'text'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks = new Inbox();
  child.stdout.on('data', (chunk) => chunks.push(chunk.toString()));
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const client = await device_on(hub, device);
  let number = 0;
  const timer = setInterval(() => client.publish({ topic: events_topic(device), payload: `live ${++number}`, id: number }), 100);
  let seen = '';
  while (!seen.includes('live ')) seen += await chunks.next('output of monitor');
  clearInterval(timer);
  child.kill('SIGINT');
  await with_deadline(exited, 'end of monitor');
  client.abort();
});

test('nothing to talk to: one line that says so', async () => {
  const { code, stderr } = await run_nave(['device', 'list', '--login', hub.info.connectionStrings.iothubowner, '--ca', hub.info.caFile, '--https-port', '1']);
  assert.equal(code, 1);
  assert.equal(stderr.trim().split('\n').length, 1, stderr);
});

test('a certificate of another authority is not trusted', async () => {
  const stranger = await Hub.start();
  const { code, stderr } = await run_nave(['device', 'list', '--login', hub.info.connectionStrings.iothubowner, '--ca', stranger.info.caFile, '--https-port', `${hub.ports.https}`]);
  assert.equal(code, 1);
  assert.match(stderr, /certificate|verify/i);
  await stranger.stop();
});

test('query prints all pages as one array; a bad query is one line and exit code 1', async () => {
  for (const id of ['cli-q1', 'cli-q2', 'cli-q3']) assert.equal((await local('device', 'create', '-d', id)).code, 0);
  const query = "SELECT deviceId FROM devices WHERE STARTSWITH(deviceId, 'cli-q')";
  const all = await local('query', '-q', query);
  assert.equal(all.code, 0, all.stderr);
  assert.deepEqual(JSON.parse(all.stdout), [{ deviceId: 'cli-q1' }, { deviceId: 'cli-q2' }, { deviceId: 'cli-q3' }]);
  const two = await local('query', '-q', query, '--top', '2');
  assert.deepEqual(JSON.parse(two.stdout), [{ deviceId: 'cli-q1' }, { deviceId: 'cli-q2' }]);
  const bad = await local('query', '-q', 'SELECT * FROM nothing');
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /^nave: .*Line 1:14 Unexpected input at 'nothing'/);
  assert.equal(bad.stderr.trim().split('\n').length, 1);
});
