// nave c2d and nave monitor feedback: both ends of a message's way.
'use strict';

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const { Hub, run_nave } = require('../interop/lib/hub');
const { make_device } = require('../interop/lib/client');

let hub;
before(async () => (hub = await Hub.start()));
after(async () => assert.deepEqual(await hub.stop(), { code: 0, signal: null }));

const local = (...args) => run_nave([...args, '--data', hub.data], 30000);
async function done(...args) {
  const result = await local(...args);
  assert.equal(result.code, 0, result.stderr);
  return result.stdout;
}
const receive = async (device, ...args) => {
  const text = await done('c2d', 'receive', '-d', device, ...args);
  return text === '' ? null : JSON.parse(text);
};

test('send with everything, receive, complete, and the feedback of it', async () => {
  await make_device(hub, 'c2d-all');
  await done('c2d', 'send', '-d', 'c2d-all', '--da', '{"on":true}', '--ack', 'full', '--mid', 'm-1', '--cid', 'c-1',
    '--ct', 'application/json', '--ce', 'utf-8', '-p', 'level=storm;other=1', '--expiry', `${Date.now() + 600000}`);
  const message = await receive('c2d-all');
  assert.equal(message.data, '{"on":true}');
  assert.deepEqual(message.applicationProperties, { level: 'storm', other: '1' });
  for (const [name, value] of Object.entries({ messageid: 'm-1', correlationid: 'c-1', ack: 'full', deliverycount: '0',
    contenttype: 'application/json', contentencoding: 'utf-8' })) {
    assert.equal(message.properties[name], value, name);
  }
  assert.equal(await receive('c2d-all'), null, 'completed');
  const feedback = await done('monitor', 'feedback', '-w', 'm-1', '-t', '25');
  const record = JSON.parse(feedback);
  assert.equal(record.statusCode, 'Success');
  assert.equal(record.deviceId, 'c2d-all');
});

test('abandon, a lock that is held, reject, purge', async () => {
  await make_device(hub, 'c2d-back');
  await done('c2d', 'send', '-d', 'c2d-back', '--da', 'one');
  await done('c2d', 'send', '-d', 'c2d-back', '--da', 'two');
  const first = await receive('c2d-back', '--settle', 'abandon');
  assert.equal(first.data, 'one');
  const again = await receive('c2d-back', '--settle', 'none', '--lock-timeout', '60');
  assert.deepEqual([again.data, again.properties.deliverycount], ['one', '1']);
  assert.equal((await receive('c2d-back', '--settle', 'none')).data, 'two', 'the first is locked');
  await done('c2d', 'reject', '-d', 'c2d-back', '-e', again.lock);
  const stale = await local('c2d', 'complete', '-d', 'c2d-back', '-e', again.lock);
  assert.equal(stale.code, 1);
  assert.match(stale.stderr, /DeviceMessageLockLost/);
  assert.equal(JSON.parse(await done('c2d', 'purge', '-d', 'c2d-back')).totalMessagesPurged, 1);
  assert.equal(await receive('c2d-back'), null);
});

test('a body from a file, bytes that are no text, and a device connection string', async () => {
  const device = await make_device(hub, 'c2d-file');
  const file = `${hub.ready_folder}/body`;
  fs.writeFileSync(file, Buffer.from([0, 255, 10]));
  await done('c2d', 'send', '-d', 'c2d-file', '--da', `@${file}`);
  const login = `HostName=${hub.address};DeviceId=${device.id};SharedAccessKey=${device.key}`;
  const own = await run_nave(['c2d', 'receive', '-d', 'c2d-file', '--login', login, '--ca', hub.info.caFile,
    '--https-port', `${hub.ports.https}`]);
  assert.equal(JSON.parse(own.stdout).dataBase64, 'AP8K', own.stderr);
});

test('what is refused is said in one line', async () => {
  await make_device(hub, 'c2d-no');
  for (const wrong of [['send', '-d', 'nobody', '--da', 'x'], ['send', '-d', 'c2d-no', '--da', 'x', '-p', 'novalue'],
    ['send', '-d', 'c2d-no', '--da', 'x', '--expiry', '2001-01-01T00:00:00Z'], ['purge', '-d', 'nobody'],
    ['complete', '-d', 'c2d-no', '-e', '00000000-0000-0000-0000-000000000000']]) {
    const refused = await local('c2d', ...wrong);
    assert.equal(refused.code, 1, wrong.join(' '));
    assert.equal(refused.stderr.trim().split('\n').length, 1, refused.stderr);
  }
});
