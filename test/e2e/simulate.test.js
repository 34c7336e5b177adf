// nave device simulate: a device that the other verbs can talk to.
'use strict';

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { Hub, binary, run_nave } = require('../interop/lib/hub');
const { make_device } = require('../interop/lib/client');
const { with_deadline } = require('../interop/lib/until');

let hub;
before(async () => (hub = await Hub.start()));
after(async () => assert.deepEqual(await hub.stop(), { code: 0, signal: null }));

const local = (...args) => run_nave([...args, '--data', hub.data]);

// Its lines of JSON as they come.
function simulate(...args) {
  const child = spawn(binary(), ['device', 'simulate', '--data', hub.data, '-o', 'json', ...args]);
  const run = { child, lines: [], errors: '', waiting: [], ended: once(child, 'close') };
  let rest = '';
  child.stderr.on('data', (chunk) => (run.errors += chunk));
  child.stdout.on('data', (chunk) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop();
    run.lines.push(...parts.map((line) => JSON.parse(line)));
    run.waiting = run.waiting.filter((look) => !look());
  });
  run.saw = (event, count = 1) => with_deadline(new Promise((resolve) => {
    const look = () => {
      const line = run.lines.filter((l) => l.event === event)[count - 1];
      if (line) resolve(line);
      return line !== undefined;
    };
    if (!look()) run.waiting.push(look);
  }), event);
  return run;
}

for (const proto of ['mqtt', 'amqp']) {
  test(`sends what it is told to, and ends when all of it is stored (${proto})`, async () => {
    const id = `sim-send-${proto}`;
    await make_device(hub, id);
    const run = simulate('-d', id, '--proto', proto, '--mc', '20', '--mi', '0.01', '--da', 'n={n}', '-p', 'level=storm');
    const [code] = await run.ended;
    assert.equal(code, 0, run.errors);
    assert.deepEqual(run.lines.at(-1), { event: 'done', sent: 20, stored: 20 });
    const seen = await local('monitor', '-d', id, '--et', '0', '--count', '20', '-o', 'text');
    assert.deepEqual(seen.stdout.trim().split('\n').map((line) => line.split(' ').pop()),
      [...Array(20).keys()].map((i) => `n=${i + 1}`));
  });

  test(`answers methods, follows the twin and ends on SIGINT (${proto})`, async () => {
    const id = `sim-live-${proto}`;
    await make_device(hub, id);
    const run = simulate('-d', id, '--proto', proto, '--mc', '0', '--mi', '60', '--irp', '{"fw":"1.0"}', '--mrc', '201',
      '--mrp', '{"ok":true}');
    await run.saw('reported');
    const invoked = await local('method', 'invoke', '-d', id, '--mn', 'go', '--mp', '[1]');
    assert.deepEqual(JSON.parse(invoked.stdout), { status: 201, payload: { ok: true } });
    assert.deepEqual(await run.saw('method'), { event: 'method', name: 'go', payload: '[1]', status: 201 });
    await local('twin', 'update', '-d', id, '--desired', '{"interval":7}');
    assert.deepEqual(JSON.parse((await run.saw('desired')).patch), { interval: 7, $version: 2 });
    await run.saw('reported', 2);
    run.child.kill('SIGINT');
    const [code] = await run.ended;
    assert.equal(code, 0, run.errors);
    const twin = JSON.parse((await local('twin', 'show', '-d', id)).stdout);
    assert.equal(twin.properties.reported.fw, '1.0');
    assert.equal(twin.properties.reported.interval, 7);
  });

  test(`takes cloud-to-device messages, those too that waited for it (${proto})`, async () => {
    const id = `sim-c2d-${proto}`;
    await make_device(hub, id);
    await local('c2d', 'send', '-d', id, '--da', 'before');
    const run = simulate('-d', id, '--proto', proto, '--mc', '0', '--mi', '60');
    assert.equal((await run.saw('c2d')).data, 'before');
    await local('c2d', 'send', '-d', id, '--da', 'now', '-p', 'a=1', '--mid', 'm1');
    const second = await run.saw('c2d', 2);
    assert.deepEqual([second.data, second.a, second['$.mid']], ['now', '1', 'm1']);
    run.child.kill('SIGINT');
    assert.equal((await run.ended)[0], 0, run.errors);
    assert.equal(JSON.parse((await local('c2d', 'purge', '-d', id)).stdout).totalMessagesPurged, 0);
  });
}

test('a message that it rejects is gone, and its sender hears so', async () => {
  await make_device(hub, 'sim-reject');
  const run = simulate('-d', 'sim-reject', '--proto', 'amqp', '--rs', 'reject', '--mc', '0', '--mi', '60');
  await local('c2d', 'send', '-d', 'sim-reject', '--da', 'no', '--ack', 'negative', '--mid', 'rejected-1');
  await run.saw('c2d');
  const feedback = await run_nave(['monitor', 'feedback', '-w', 'rejected-1', '-t', '25', '--data', hub.data], 40000);
  assert.equal(JSON.parse(feedback.stdout).statusCode, 'Rejected', feedback.stderr);
  run.child.kill('SIGINT');
  assert.equal((await run.ended)[0], 0, run.errors);
});

test('with a connection string of its own, and what is wrong in one line', async () => {
  const device = await make_device(hub, 'sim-own');
  const login = `HostName=${hub.address};DeviceId=${device.id};SharedAccessKey=${device.key}`;
  const own = await run_nave(['device', 'simulate', '--login', login, '--ca', hub.info.caFile, '--mqtt-port',
    `${hub.ports.mqtt}`, '--mc', '1']);
  assert.equal(own.code, 0, own.stderr);
  for (const wrong of [['-d', 'nobody'], ['-d', 'sim-own', '-p', 'novalue'], ['-d', 'sim-own', '--irp', '{bad']]) {
    const refused = await local('device', 'simulate', '--mc', '1', ...wrong);
    assert.equal(refused.code, 1, wrong.join(' '));
    assert.equal(refused.stderr.trim().split('\n').length, 1, refused.stderr);
  }
});
