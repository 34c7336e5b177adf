// nave configuration and nave edge: what they print, what they refuse, with which exit code.
'use strict';

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { Hub, run_nave, temporary_folder } = require('../interop/lib/hub');
const { rest_of } = require('../interop/lib/client');

let hub;
let folder;
before(async () => {
  hub = await Hub.start();
  folder = temporary_folder();
});
after(async () => {
  fs.rmSync(folder, { recursive: true, force: true });
  assert.deepEqual(await hub.stop(), { code: 0, signal: null });
});

const local = (...args) => run_nave([...args, '--data', hub.data]);
async function done(...args) {
  const { code, stdout, stderr } = await local(...args);
  assert.equal(code, 0, stderr);
  return stdout === '' ? null : JSON.parse(stdout);
}
async function refused(...args) {
  const { code, stderr } = await local(...args);
  assert.equal(code, 1);
  assert.equal(stderr.trim().split('\n').length, 1, stderr);
  return stderr;
}

function file(name, value) {
  const full = path.join(folder, name);
  fs.writeFileSync(full, JSON.stringify(value));
  return `@${full}`;
}

async function until(read, wanted) {
  for (let i = 0; i < 200; i += 1) {
    if (wanted(await read())) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail('never as wanted');
}

test('configuration create, show, list, update, show-metric, delete', async () => {
  assert.equal((await local('device', 'create', '-d', 'one')).code, 0);
  const content = file('content.json', { content: { deviceContent: { 'properties.desired.a': 1 } } });
  const made = await done('configuration', 'create', '-c', 'FirmWare', '-k', content, '--target-condition', "deviceId = 'one'",
    '--priority', '3', '--labels', '{"k":"v"}', '--metrics', '{"metrics":{"queries":{"all":"SELECT deviceId FROM devices"}}}');
  assert.equal(made.id, 'firmware', 'in lower case, as az does');
  assert.deepEqual([made.priority, made.labels, made.etag], [3, { k: 'v' }, 'MQ==']);
  assert.match(await refused('configuration', 'create', '-c', 'firmware', '-k', content), /already exists/);
  await until(() => done('twin', 'show', '-d', 'one'), (twin) => twin.configurations?.firmware.status === 'Applied');
  const shown = await done('configuration', 'show', '-c', 'firmware');
  assert.deepEqual(shown.systemMetrics.results, { targetedCount: 1, appliedCount: 1 });
  assert.deepEqual((await done('configuration', 'list')).map((c) => c.id), ['firmware']);
  assert.match((await local('configuration', 'list', '-o', 'table')).stdout, /firmware\s+3/);
  assert.deepEqual(await done('configuration', 'show-metric', '-c', 'firmware', '-m', 'appliedCount', '--metric-type', 'system'),
    [{ deviceId: 'one' }]);
  assert.ok((await done('configuration', 'show-metric', '-c', 'firmware', '-m', 'all')).length >= 1);
  assert.match(await refused('configuration', 'show-metric', '-c', 'firmware', '-m', 'none'), /no user metric none/);
  const updated = await done('configuration', 'update', '-c', 'firmware', '--priority', '9', '--tc', '');
  assert.deepEqual([updated.priority, updated.targetCondition, updated.etag, updated.labels], [9, '', 'Mg==', { k: 'v' }]);
  assert.match(await refused('configuration', 'update', '-c', 'firmware'), /give --target-condition/);
  assert.match(await refused('configuration', 'delete', '-c', 'firmware', '--etag', 'MQ=='), /Precondition/i);
  assert.equal((await local('configuration', 'delete', '-c', 'firmware')).code, 0);
  assert.match(await refused('configuration', 'show', '-c', 'firmware'), /not found/);
  assert.match(await refused('configuration', 'create', '-c', 'x', '-k', '{}'), /content/);
});

test('edge deployment create, list, delete, and set-modules', async () => {
  assert.equal((await local('device', 'create', '-d', 'gw', '--edge-enabled')).code, 0);
  const modules = { $edgeAgent: { 'properties.desired': { modules: { temp: { version: '1' } } } }, temp: { 'properties.desired': { a: 1 } } };
  const listed = await done('edge', 'set-modules', '-d', 'gw', '--content', file('set.json', { content: { modulesContent: modules } }));
  assert.deepEqual(listed.map((m) => m.moduleId).sort(), ['$edgeAgent', '$edgeHub', 'temp']);
  const old = file('old.json', { moduleContent: { ...modules, extra: {} } });
  await done('edge', 'deployment', 'create', '-d', 'dep', '-k', old, '--tc', '*', '--pri', '1');
  await until(async () => (await rest_of(hub)('GET', '/devices/gw/modules')).body, (all) => all.some((m) => m.moduleId === 'extra'));
  const layer = '{"modulesContent":{"$edgeAgent":{"properties.desired.modules.two":{"version":"1"}}}}';
  assert.match(await refused('edge', 'deployment', 'create', '-d', 'layer', '-k', layer), /--layered/);
  await done('edge', 'deployment', 'create', '-d', 'layer', '-k', layer, '--layered', '--tc', '*', '--pri', '2');
  await until(async () => (await rest_of(hub)('GET', '/devices/gw/modules')).body, (all) => all.some((m) => m.moduleId === 'two'));
  assert.deepEqual((await done('edge', 'deployment', 'list')).map((c) => c.id), ['dep', 'layer']);
  assert.deepEqual(await done('configuration', 'list'), []);
  for (const id of ['layer', 'dep']) assert.equal((await local('edge', 'deployment', 'delete', '-d', id)).code, 0);
  assert.deepEqual(await done('edge', 'deployment', 'list'), []);
  assert.match(await refused('edge', 'set-modules', '-d', 'one', '-k', file('m.json', { modulesContent: modules })), /Not an Azure IoT Edge device/);
});
