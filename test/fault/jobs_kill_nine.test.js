// kill -9 while jobs run: they go on in the next process and end; every twin was changed once for what was recorded, no
// method was sent twice, and the statistics add up.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: after_ms } = require('node:timers/promises');
const { Hub, own_address, temporary_folder } = require('../interop/lib/hub');
const { rest_of, make_device, device_on } = require('../interop/lib/client');
const { TYPE, publish_packet } = require('../interop/lib/mqtt_raw');
const { seeded } = require('./random');

const ROUNDS = Number(process.env.NAVE_FAULT_JOB_ROUNDS ?? 10);
const SEED = Number(process.env.NAVE_FAULT_SEED ?? Date.now() % 2 ** 32);
const DEVICES = 600;
const WHERE = "STARTSWITH(deviceId, 'kill-')";
const ENDED = ['completed', 'failed', 'cancelled'];

// A rate that lets a job live through several processes.
function configuration(data, per_second) {
  const file = path.join(data, 'hub.toml');
  fs.mkdirSync(data, { recursive: true });
  fs.writeFileSync(file, `[jobs]\noperations_per_second = ${per_second}\ncalls = 8\n`);
  return ['--config', file];
}

async function rows_of(rest, job) {
  const rows = [];
  let token = '';
  do {
    const answer = await rest('POST', '/devices/query', { query: `SELECT * FROM devices.jobs WHERE jobId = '${job}'` },
      { 'x-ms-max-item-count': '1000', ...(token && { 'x-ms-continuation': token }) });
    assert.equal(answer.status, 200, answer.text);
    rows.push(...answer.body);
    token = answer.headers['x-ms-continuation'];
  } while (token);
  return rows;
}

async function wait_for_end(rest, job) {
  for (let i = 0; i < 1200; ++i) {
    const { body } = await rest('GET', `/jobs/v2/${job}`);
    if (ENDED.includes(body.status)) return body;
    await after_ms(50);
  }
  throw new Error(`${job} does not end`);
}

async function make_devices(hub, prefix, count) {
  const out = [];
  while (out.length < count) {
    const part = Array.from({ length: Math.min(50, count - out.length) }, (_, i) => `${prefix}${out.length + i}`);
    out.push(...(await Promise.all(part.map((id) => make_device(hub, id)))));
  }
  return out;
}

test(`kill -9 during a twin job, ${ROUNDS} times`, { timeout: 300000 }, async (t) => {
  t.diagnostic(`NAVE_FAULT_SEED=${SEED}`);
  const random = seeded(SEED);
  const data = temporary_folder();
  const address = own_address();
  const args = configuration(`${data}-conf`, 80);
  try {
    let hub = await Hub.start({ data, address, args });
    await make_devices(hub, 'kill-', DEVICES);
    const order = { type: 'scheduleUpdateTwin', queryCondition: WHERE,
      updateTwin: { etag: '*', properties: { desired: { x: 1 } } }, maxExecutionTimeInSeconds: 3600 };
    assert.equal((await rest_of(hub)('PUT', '/jobs/v2/j', order)).status, 200);
    let seen = 0;
    let kills = 0;
    for (; kills < ROUNDS; ++kills) {
      await after_ms(50 + random.below(700));
      const { body } = await rest_of(hub)('GET', '/jobs/v2/j');
      const { succeededCount } = body.deviceJobStatistics;
      assert.ok(succeededCount >= seen, 'what was recorded stays');
      seen = succeededCount;
      if (ENDED.includes(body.status)) break;
      await hub.kill();
      hub = await Hub.start({ data, address, args });
    }
    const rest = rest_of(hub);
    const job = await wait_for_end(rest, 'j');
    assert.equal(job.status, 'completed', JSON.stringify(job));
    assert.deepEqual(job.deviceJobStatistics,
      { deviceCount: DEVICES, failedCount: 0, succeededCount: DEVICES, runningCount: 0, pendingCount: 0 });
    const rows = await rows_of(rest, 'j');
    assert.equal(rows.length, DEVICES);
    assert.ok(rows.every((row) => row.status === 'completed'));
    const query = `SELECT deviceId, properties.desired FROM devices WHERE ${WHERE}`;
    const twins = (await rest('POST', '/devices/query', { query }, { 'x-ms-max-item-count': '1000' })).body;
    assert.equal(twins.length, DEVICES);
    for (const { deviceId, desired } of twins) assert.deepEqual([desired.x, desired.$version], [1, 2], deviceId);
    assert.ok(kills >= 2, `only ${kills} kills: the test did not test`);
    t.diagnostic(`${kills} kills`);
    assert.deepEqual(await hub.stop(), { code: 0, signal: null });
  } finally {
    fs.rmSync(data, { recursive: true, force: true });
    fs.rmSync(`${data}-conf`, { recursive: true, force: true });
  }
});

// Answers every method of a device at once and counts them; survives the hub.
async function answer_methods(hub, device, calls) {
  let client;
  try {
    client = await device_on(hub, device);
    await client.subscribe(1, [['$iothub/methods/POST/#', 0]]);
    for (;;) {
      const { body } = await client.expect(TYPE.PUBLISH, 'method request', 60000);
      const length = body.readUInt16BE(0);
      const rid = /\$rid=([^&]+)$/.exec(body.subarray(2, 2 + length).toString())[1];
      calls.set(device.id, (calls.get(device.id) ?? 0) + 1);
      client.send(publish_packet({ topic: `$iothub/methods/res/200/?$rid=${rid}`, payload: '{}', qos: 0 }));
    }
  } catch {
    client?.abort();
  }
}

test('kill -9 during a method job', { timeout: 300000 }, async (t) => {
  const random = seeded(SEED + 1);
  const data = temporary_folder();
  const address = own_address();
  const args = configuration(`${data}-conf`, 40);
  const calls = new Map();
  try {
    let hub = await Hub.start({ data, address, args });
    const devices = await make_devices(hub, 'm', 120);
    const connect = () => devices.forEach((device) => answer_methods(hub, device, calls));
    connect();
    const order = { type: 'scheduleDeviceMethod', queryCondition: "STARTSWITH(deviceId, 'm')",
      cloudToDeviceMethod: { methodName: 'go', responseTimeoutInSeconds: 30, connectTimeoutInSeconds: 20 } };
    assert.equal((await rest_of(hub)('PUT', '/jobs/v2/m', order)).status, 200);
    let kills = 0;
    for (; kills < 5; ++kills) {
      await after_ms(200 + random.below(600));
      const { body } = await rest_of(hub)('GET', '/jobs/v2/m');
      if (ENDED.includes(body.status)) break;
      await hub.kill();
      hub = await Hub.start({ data, address, args });
      connect();
    }
    const rest = rest_of(hub);
    const job = await wait_for_end(rest, 'm');
    assert.equal(job.status, 'completed');
    const { deviceCount, succeededCount, failedCount, runningCount, pendingCount } = job.deviceJobStatistics;
    assert.deepEqual([deviceCount, runningCount, pendingCount], [devices.length, 0, 0]);
    assert.equal(succeededCount + failedCount, devices.length);
    const rows = await rows_of(rest, 'm');
    assert.equal(rows.filter((row) => row.status === 'completed').length, succeededCount);
    for (const row of rows) {
      const n = calls.get(row.deviceId) ?? 0;
      assert.ok(n <= 1, `${row.deviceId} was called ${n} times`);
      if (row.status === 'completed') assert.equal(n, 1);
      else assert.equal(row.error.code, 'ServiceUnavailable', JSON.stringify(row));
    }
    t.diagnostic(`${kills} kills, ${failedCount} calls interrupted`);
    assert.ok(kills >= 1);
    assert.deepEqual(await hub.stop(), { code: 0, signal: null });
  } finally {
    fs.rmSync(data, { recursive: true, force: true });
    fs.rmSync(`${data}-conf`, { recursive: true, force: true });
  }
});
