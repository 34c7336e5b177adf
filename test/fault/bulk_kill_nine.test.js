// kill -9 while a back end creates devices with twins, a hundred a request: every device of an acknowledged request is
// there with its twin, and no device is there without one, acknowledged or not.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const https = require('node:https');
const { Hub, own_address, temporary_folder } = require('../interop/lib/hub');
const { rest_of } = require('../interop/lib/client');
const { seeded } = require('./random');

const ROUNDS = Number(process.env.NAVE_FAULT_BULK_ROUNDS ?? 8);
const SEED = Number(process.env.NAVE_FAULT_SEED ?? Date.now() % 2 ** 32);
const WRITERS = 3;
const ITEMS = 100;

// Requests one after the other until the hub is gone; ids of those that were acknowledged go to `on_acknowledged`.
async function create_until_killed(hub, name, on_acknowledged) {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  const rest = rest_of({ info: hub.info, ca: hub.ca, agent });
  for (let batch = 0; ; ++batch) {
    const ids = Array.from({ length: ITEMS }, (_, i) => `${name}-${batch}-${i}`);
    const items = ids.map((id) => ({ id, importMode: 'create', tags: { id }, properties: { desired: { id } } }));
    let answer;
    try {
      answer = await rest('POST', '/devices', items);
    } catch {
      break;  // killed
    }
    assert.equal(answer.status, 200, answer.text);
    on_acknowledged(ids);
  }
  agent.destroy();
}

// Every device of the hub, by id.
async function all_twins(rest) {
  const twins = new Map();
  let continuation = '';
  do {
    const answer = await rest('POST', '/devices/query', { query: 'SELECT * FROM devices' },
      { 'x-ms-max-item-count': '1000', 'x-ms-continuation': continuation });
    assert.equal(answer.status, 200, answer.text);
    for (const twin of answer.body) twins.set(twin.deviceId, twin);
    continuation = answer.headers['x-ms-continuation'];
  } while (continuation);
  return twins;
}

test(`kill -9 during bulk creates, ${ROUNDS} times`, { timeout: 300000 }, async (t) => {
  t.diagnostic(`NAVE_FAULT_SEED=${SEED}`);
  const random = seeded(SEED);
  const data = temporary_folder();
  const address = own_address();
  const acknowledged = [];
  try {
    for (let i = 0; i < ROUNDS; ++i) {
      const hub = await Hub.start({ data, address });
      let begin;  // a slow machine gets further than nothing, too
      const killed = new Promise((resolve) => (begin = resolve))
        .then(() => new Promise((resolve) => setTimeout(resolve, random.below(300)))).then(() => hub.kill());
      const keep = (ids) => {
        acknowledged.push(...ids);
        begin();
      };
      await Promise.all([killed, ...Array.from({ length: WRITERS }, (_, w) => create_until_killed(hub, `r${i}w${w}`, keep))]);
    }
    const hub = await Hub.start({ data, address });
    const rest = rest_of({ info: hub.info, ca: hub.ca });
    const twins = await all_twins(rest);
    for (const id of acknowledged) assert.ok(twins.has(id), `${id} was acknowledged and is gone`);
    const made = [...twins.keys()].filter((id) => /^r\d+w\d+-/.test(id));
    for (const id of made) {
      assert.equal(twins.get(id).tags?.id, id, `${id} has no tags`);
      assert.equal(twins.get(id).properties.desired.id, id, `${id} has no desired properties`);
    }
    const { body: counts } = await rest('GET', '/statistics/devices');
    assert.equal(counts.totalDeviceCount, twins.size);
    assert.deepEqual(await hub.stop(), { code: 0, signal: null });
    t.diagnostic(`${acknowledged.length} acknowledged, ${made.length} made`);
    assert.ok(acknowledged.length >= ROUNDS * ITEMS, 'the test did not test');
  } finally {
    fs.rmSync(data, { recursive: true, force: true });
  }
});
