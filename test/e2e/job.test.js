// nave job: what it prints, how it waits, what it refuses.
'use strict';

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { Hub, binary, run_nave } = require('../interop/lib/hub');
const { rest_of } = require('../interop/lib/client');

let hub;
before(async () => {
  hub = await Hub.start();
  for (const id of ['cli-j1', 'cli-j2']) assert.equal((await rest_of(hub)('PUT', `/devices/${id}`, { deviceId: id })).status, 200);
});
after(async () => assert.deepEqual(await hub.stop(), { code: 0, signal: null }));

const local = (...args) => run_nave([...args, '--data', hub.data]);
const TWIN = ['--job-type', 'scheduleUpdateTwin', '--query-condition', "STARTSWITH(deviceId, 'cli-j')"];

function refused(run, pattern) {
  assert.equal(run.code, 1, run.stdout);
  assert.equal(run.stderr.trim().split('\n').length, 1, run.stderr);
  assert.match(run.stderr, pattern);
}

test('create --wait returns when the twins are changed', async () => {
  const made = await local('job', 'create', '--job-id', 'one', ...TWIN, '--twin-patch',
    '{"tags":{"from":"cli"}}', '--ttl', '60', '--wait', '--interval', '0.1');
  assert.equal(made.code, 0, made.stderr);
  const job = JSON.parse(made.stdout);
  assert.deepEqual([job.jobId, job.status, job.maxExecutionTimeInSeconds], ['one', 'completed', 60]);
  assert.equal(job.deviceJobStatistics.succeededCount, 2);
  assert.equal(made.stderr, '', 'no progress bar unless there is a terminal');
  assert.equal((await rest_of(hub)('GET', '/twins/cli-j2')).body.tags.from, 'cli');
});

test('the progress bar is on the terminal, the job on standard output', async () => {
  const words = ['job', 'create', '--job-id', 'bar', '--job-type', 'scheduleDeviceMethod', '--query-condition',
    "STARTSWITH(deviceId, 'cli-j')", '--method-name', 'go', '--method-connect-timeout', '1', '--wait', '--interval', '0.1',
    '--data', hub.data].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  // script(1) gives the program a terminal.
  const child = spawn('script', ['-qec', `'${binary()}' ${words.join(' ')}`, '/dev/null'],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 0, text);
  assert.match(text, /\r(running|queued|completed)/);
  assert.match(text, /completed \[#{30}\] 100% 2\/2 2 failed/);
  assert.match(text, /"jobId": "bar"/);
});

test('show, list, cancel', async () => {
  const later = new Date(Date.now() + 3600000).toISOString();
  const made = await local('job', 'create', '--job-id', 'two', ...TWIN, '--patch', '{"tags":{}}', '--start', later);
  assert.equal(JSON.parse(made.stdout).status, 'scheduled', made.stderr);
  assert.equal(JSON.parse((await local('job', 'show', '--job-id', 'two')).stdout).status, 'scheduled');
  const listed = JSON.parse((await local('job', 'list')).stdout).map((job) => job.jobId);
  assert.ok(listed.includes('one') && listed.includes('two'), listed.join());
  assert.deepEqual(JSON.parse((await local('job', 'list', '--job-status', 'scheduled')).stdout).map((j) => j.jobId), ['two']);
  assert.deepEqual(JSON.parse((await local('job', 'list', '--top', '1')).stdout).map((j) => j.jobId), [listed[0]]);
  assert.match((await local('job', 'list', '-o', 'table')).stdout, /two +scheduleUpdateTwin +scheduled/);
  assert.equal(JSON.parse((await local('job', 'cancel', '--job-id', 'two')).stdout).status, 'cancelled');
  refused(await local('job', 'cancel', '--job-id', 'two'), /OperationNotAllowedInCurrentState|not in a state/);
});

test('what is refused is one line and exit code 1', async () => {
  refused(await local('job', 'show', '--job-id', 'nobody'), /there is no job nobody/);
  refused(await local('job', 'cancel', '--job-id', 'nobody'), /not exist|JobNotFound/);
  refused(await local('job', 'create', '--job-id', 'x', ...TWIN), /--twin-patch/);
  refused(await local('job', 'create', '--job-id', 'x', ...TWIN, '--twin-patch', '[1]'), /JSON object/);
  refused(await local('job', 'create', '--job-id', 'x', '--jt', 'scheduleDeviceMethod', '-q', '*'), /--method-name/);
  const failed = await local('job', 'create', '--job-id', 'bad', '--jt', 'scheduleUpdateTwin', '-q', 'tags.x =',
    '--twin-patch', '{}', '--wait', '--interval', '0.1');
  refused(failed, /the job is failed/);
  assert.match(JSON.parse(failed.stdout).failureReason, /SQL query parse failed/);
  assert.equal((await local('job', 'create', '--job-id', 'x', '--jt', 'export', '-q', '*')).code, 2);
});
