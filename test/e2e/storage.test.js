// nave device export and import with files, nave storage.
'use strict';

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { Hub, run_nave, temporary_folder } = require('../interop/lib/hub');

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
const file = (name) => path.join(folder, name);

test('what is exported to a file is imported from it', async () => {
  assert.equal((await local('device', 'create', '-d', 'moved')).code, 0);
  const out = await local('device', 'export', '-f', file('all.txt'), '--ik');
  assert.equal(out.code, 0, out.stderr);
  assert.equal(JSON.parse(out.stdout).status, 'completed');
  const lines = fs.readFileSync(file('all.txt'), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
  const line = lines.find(({ id }) => id === 'moved');
  assert.equal((await local('device', 'delete', '-d', 'moved')).code, 0);
  const back = await local('device', 'import', '-f', file('all.txt'));
  assert.equal(back.code, 0, back.stderr);
  const shown = JSON.parse((await local('device', 'show', '-d', 'moved')).stdout);
  assert.equal(shown.authentication.symmetricKey.primaryKey, line.authentication.symmetricKey.primaryKey);
});

test('lines that do not take place are printed, and the exit code says so', async () => {
  fs.writeFileSync(file('bad.txt'), '{"id":"good","importMode":"create","status":"enabled"}\nno line\n');
  const out = await local('device', 'import', '-f', file('bad.txt'));
  assert.equal(out.code, 1);
  assert.match(out.stderr, /Invalid device format in line: no line/);
  assert.match(out.stderr, /1 lines did not take place/);
  assert.equal((await local('device', 'show', '-d', 'good')).code, 0);
});

test('a file or a container, not both, not neither', async () => {
  for (const args of [['export'], ['import'], ['export', '-f', file('x'), '--bcu', 'https://x/y'],
    ['export', '-f', file('x'), '--no-wait'], ['import', '-f', file('missing')]]) {
    const out = await local('device', ...args);
    assert.equal(out.code, 1, args.join(' '));
    assert.equal(out.stderr.trim().split('\n').length, 1);
  }
});

test('storage connection-string and sas', async () => {
  const string = await local('storage', 'connection-string');
  assert.equal(string.stdout.trim(), hub.info.connectionStrings.storage);
  const sas = await local('storage', 'sas', '-c', 'box', '--permissions', 'lr', '--du', '60');
  assert.match(sas.stdout, /^https:\/\/[^/]+\/navestorage\/box\?sv=.*&sp=rl&sig=/);
  assert.equal((await local('storage', 'sas', '-c', 'Box')).code, 1);
  assert.equal((await local('storage', 'sas', '-c', 'box', '--permissions', 'x')).code, 1);
});
