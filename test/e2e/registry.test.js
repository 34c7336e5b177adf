// The verbs about identities: modules, new keys, parents and children, and a whole hub in one file.
'use strict';

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { Hub, run_nave, temporary_folder } = require('../interop/lib/hub');
const { rest_of, make_device } = require('../interop/lib/client');

let hub;
let rest;
let folder;
before(async () => {
  hub = await Hub.start();
  rest = rest_of(hub);
  folder = temporary_folder();
});
after(async () => {
  fs.rmSync(folder, { recursive: true, force: true });
  assert.deepEqual(await hub.stop(), { code: 0, signal: null });
});

const on = (which, ...args) => run_nave([...args, '--data', which.data]);
async function done(...args) {
  const ended = await on(hub, ...args);
  assert.equal(ended.code, 0, ended.stderr);
  return ended.stdout;
}
async function refused(why, ...args) {
  const ended = await on(hub, ...args);
  assert.equal(ended.code, 1, ended.stdout);
  assert.match(ended.stderr, why);
  assert.equal(ended.stderr.trim().split('\n').length, 1);
}
const json = async (...args) => JSON.parse(await done(...args));
const keys_of = async (id) => (await rest('GET', `/devices/${id}`)).body.authentication.symmetricKey;

test('module create, show, list, connection-string, delete', async () => {
  await make_device(hub, 'md');
  assert.equal((await json('module', 'create', '-d', 'md', '-m', 'm1', '--managed-by', 'me')).managedBy, 'me');
  await done('module', 'create', '-d', 'md', '-m', 'm2', '--am', 'x509_ca');
  assert.equal((await json('module', 'show', '-d', 'md', '-m', 'm2')).authentication.type, 'certificateAuthority');
  assert.deepEqual((await json('module', 'list', '-d', 'md')).map(({ moduleId }) => moduleId), ['m1', 'm2']);
  assert.match(await done('module', 'list', '-d', 'md', '-o', 'table'), /m1 +me/);
  assert.match(await done('module', 'connection-string', '-d', 'md', '-m', 'm1'), /;DeviceId=md;ModuleId=m1;SharedAccessKey=/);
  await refused(/ModuleAlreadyExistsOnDevice/, 'module', 'create', '-d', 'md', '-m', 'm1');
  await done('module', 'delete', '-d', 'md', '-m', 'm1');
  await refused(/ModuleNotFound/, 'module', 'show', '-d', 'md', '-m', 'm1');
});

test('renew-key: one key, both, swapped, of several devices and of modules', async () => {
  await make_device(hub, 'rk1');
  await make_device(hub, 'rk2');
  await rest('PUT', '/devices/rk1/modules/m', {});
  const before = await keys_of('rk1');
  const one = await json('device', 'renew-key', '-d', 'rk1', '--kt', 'primary');
  const renewed = await keys_of('rk1');
  assert.deepEqual(one.rotatedKeys, [{ id: 'rk1', primaryKey: renewed.primaryKey }]);
  assert.notEqual(renewed.primaryKey, before.primaryKey);
  assert.equal(renewed.secondaryKey, before.secondaryKey);
  await done('device', 'renew-key', '-d', 'rk1', '--key-type', 'swap');
  assert.deepEqual(await keys_of('rk1'), { primaryKey: renewed.secondaryKey, secondaryKey: renewed.primaryKey });
  assert.equal((await json('device', 'renew-key', '-d', 'rk1', 'rk2', '--kt', 'both')).rotatedKeys.length, 2);
  const module = await json('module', 'renew-key', '-d', 'rk1', '-m', 'm', '--kt', 'both');
  assert.equal(module.rotatedKeys[0].moduleId, 'm');
  await refused(/1 of the identities/, 'device', 'renew-key', '-d', 'rk1', 'gone', '--kt', 'both');
  await refused(/gone/, 'device', 'renew-key', '-d', 'gone', '--kt', 'both');
  assert.equal((await on(hub, 'device', 'renew-key', '-d', 'rk1', '--kt', 'third')).code, 2);
});

test('parent set and show, children add, list and remove', async () => {
  await done('device', 'create', '-d', 'edge1', '--ee');
  await done('device', 'create', '-d', 'edge2', '--ee');
  for (const id of ['leaf1', 'leaf2']) await make_device(hub, id);
  const children = async (id) => (await json('device', 'children', 'list', '-d', id)).map(({ deviceId }) => deviceId);
  await done('device', 'parent', 'set', '-d', 'leaf1', '--pd', 'edge1');
  assert.equal((await json('device', 'parent', 'show', '-d', 'leaf1')).deviceId, 'edge1');
  await done('device', 'children', 'add', '-d', 'edge1', '--child-list', 'leaf1', 'leaf2', 'edge2');
  assert.deepEqual(await children('edge1'), ['edge2', 'leaf1', 'leaf2']);
  const before = await keys_of('leaf1');
  await refused(/another parent/, 'device', 'parent', 'set', '-d', 'leaf1', '--pd', 'edge2');
  await done('device', 'parent', 'set', '-d', 'leaf1', '--pd', 'edge2', '--force');
  assert.deepEqual(await children('edge2'), ['leaf1']);
  assert.deepEqual(await keys_of('leaf1'), before);
  await refused(/no child/, 'device', 'children', 'remove', '-d', 'edge1', '--cl', 'leaf1');
  await done('device', 'children', 'remove', '-d', 'edge1', '--cl', 'leaf2');
  await done('device', 'children', 'remove', '-d', 'edge1', '--remove-all');
  assert.deepEqual(await children('edge1'), []);
  await refused(/no parent/, 'device', 'parent', 'show', '-d', 'leaf2');
  await refused(/not an edge device/, 'device', 'parent', 'set', '-d', 'leaf2', '--pd', 'leaf1');
  await refused(/child-list/, 'device', 'children', 'remove', '-d', 'edge1');
});

test('yaml and tables of every verb that prints JSON', async () => {
  await rest('POST', '/devices', [{ id: 'yaml1', tags: { on: 'off', list: [1.0, [], { a: null }], 'a-b': '', n: '1', t: 'x: y' } }]);
  const twin = await done('twin', 'show', '-d', 'yaml1', '-o', 'yaml');
  assert.match(twin, /^deviceId: yaml1\n/);
  assert.match(twin, /tags:\n {2}"on": "off"\n {2}list:\n {4}- 1\n {4}- \[\]\n {4}-\n {6}a: null\n {2}a-b: ""\n {2}"n": "1"\n {2}t: "x: y"\n/);
  assert.match(await done('device', 'list', '-o', 'yaml'), /^-\n {2}deviceId: /m);
  assert.match(await done('query', '-q', "SELECT deviceId, tags FROM devices WHERE deviceId = 'yaml1'", '-o', 'table'), /deviceId/);
  assert.equal((await on(hub, 'device', 'list', '-o', 'xml')).code, 2);
});

test('state export and import: the same file from both hubs', async () => {
  await rest('POST', '/devices', [{ id: 'st1', tags: { a: 1.50 }, properties: { desired: { x: [1, null].slice(0, 1) } } }]);
  const file = path.join(folder, 'hub.jsonl');
  await done('state', 'export', '-f', file);
  const text = fs.readFileSync(file, 'utf8');
  assert.equal(await done('state', 'export', '-f', '-'), text);
  assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  const lines = text.trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(lines[0], { kind: 'hub', format: 1 });
  assert.ok(lines.some(({ kind, name }) => kind === 'policy' && name === 'iothubowner'));
  const data = temporary_folder();
  try {
    let other = await Hub.start({ data });
    const imported = await on(other, 'state', 'import', '-f', file);
    assert.equal(imported.code, 0, imported.stderr);
    const counts = JSON.parse(imported.stdout);
    assert.equal(counts.created + counts.replaced, lines.filter(({ kind }) => kind === 'device' || kind === 'module').length);
    assert.match(imported.stderr, /policies/);
    assert.equal((await on(other, 'state', 'export', '-f', '-')).stdout, text);
    await other.stop();
    other = await Hub.start({ data });
    assert.equal(other.info.connectionStrings.service.split('SharedAccessKey=')[1],
      hub.info.connectionStrings.service.split('SharedAccessKey=')[1]);
    fs.writeFileSync(file, `${text.split('\n')[0]}\nnonsense\n`);
    const wrong = await on(other, 'state', 'import', file);
    assert.equal(wrong.code, 1);
    assert.equal(JSON.parse(wrong.stdout).problems[0].line, 2);
    assert.deepEqual(await other.stop(), { code: 0, signal: null });
  } finally {
    fs.rmSync(data, { recursive: true, force: true });
  }
  await refused(/cannot read/, 'state', 'import', '-f', path.join(folder, 'none'));
  await refused(/cannot write/, 'state', 'export', '-f', path.join(folder, 'no', 'folder'));
});

test('a hundred twins of full size go into one request', async () => {
  const text = 'x'.repeat(4000);
  const desired = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`p${i}`, text]));
  const items = Array.from({ length: 100 }, (_, i) => ({ id: `full${i}`, tags: { t: text }, properties: { desired } }));
  const { status, body } = await rest('POST', '/devices', items);
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal((await rest('GET', '/twins/full99')).body.properties.desired.p7, text);
});
