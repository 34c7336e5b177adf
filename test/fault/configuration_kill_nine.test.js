// kill -9 while configurations come, change and go and twins are written: after a start every twin has what an
// evaluation of the configurations that are there gives, whole, without anybody doing anything.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const https = require('node:https');
const { Hub, own_address, temporary_folder } = require('../interop/lib/hub');
const { rest_of } = require('../interop/lib/client');
const { seeded } = require('./random');

const ROUNDS = Number(process.env.NAVE_FAULT_CONFIGURATION_ROUNDS ?? 6);
const SEED = Number(process.env.NAVE_FAULT_SEED ?? Date.now() % 2 ** 32);
const DEVICES = 120;
const GATEWAYS = 4;
const IDS = ['one', 'two', 'three'];
const SETTLED_MS_MAX = 30000;

const name_of = (i) => (i < GATEWAYS ? `gw-${i}` : `d-${i}`);

// Two keys with one value: seen apart, something is half applied.
function configuration(id, pick) {
  const value = `v${pick(1000)}`;
  return { id, content: { deviceContent: { 'properties.desired.a': value, 'properties.desired.b': { c: value } } },
    targetCondition: `tags.n >= ${pick(6)}`, priority: pick(3) };
}

function deployment(pick) {
  const version = `v${pick(1000)}`;
  const name = `m${pick(3)}`;
  return { id: 'edge', priority: pick(5), targetCondition: `tags.n >= ${pick(6)}`, content: { modulesContent: {
    $edgeAgent: { 'properties.desired': { modules: { [name]: { version } } } }, [name]: { 'properties.desired': { version } },
  } } };
}

async function change_until_killed(rest, pick) {
  try {
    for (;;) {
      const what = pick(10);
      const id = IDS[pick(IDS.length)];
      if (what === 0) await rest('DELETE', `/configurations/${id}`);
      else if (what === 1) await rest('DELETE', '/configurations/edge');
      else if (what === 2) await rest('PUT', '/configurations/edge', deployment(pick));
      else if (what < 5) await rest('PUT', `/configurations/${id}`, configuration(id, pick), pick(2) ? { 'If-Match': '*' } : {});
      else await rest('PATCH', `/twins/${name_of(pick(DEVICES))}`, { tags: { n: pick(6) } });
    }
  } catch {
    // killed
  }
}

async function every(rest, query) {
  const out = [];
  let headers = { 'x-ms-max-item-count': '1000' };
  for (;;) {
    const page = await rest('POST', '/devices/query', { query }, headers);
    assert.equal(page.status, 200);
    out.push(...page.body);
    const next = page.headers['x-ms-continuation'];
    if (!next) return out;
    headers = { ...headers, 'x-ms-continuation': next };
  }
}

const targets = (c, twin) => twin.tags?.n !== undefined && twin.tags.n >= Number(c.targetCondition.split('>= ')[1]);

// undefined: as it is to be; else what is not.
function difference(twin, configurations, modules) {
  const plain = configurations.filter((c) => c.content.deviceContent && targets(c, twin))
    .sort((a, b) => a.priority - b.priority || (a.createdTimeUtc < b.createdTimeUtc ? -1 : 1));
  const winner = plain.at(-1);
  const expected = Object.fromEntries(plain.map((c) => [c.id, { status: c === winner ? 'Applied' : 'Targeted' }]));
  const base = configurations.find((c) => c.content.modulesContent && twin.capabilities.iotEdge && targets(c, twin));
  if (base) expected.edge = { status: 'Applied' };
  const { desired } = twin.properties;
  try {
    assert.deepEqual(twin.configurations ?? {}, expected);
    if (winner) {
      assert.equal(desired.a, winner.content.deviceContent['properties.desired.a']);
      assert.deepEqual(desired.b, winner.content.deviceContent['properties.desired.b']);
    } else {
      assert.equal(desired.a, desired.b?.c, 'half applied');
    }
    if (!base) return undefined;
    const own = modules.filter((m) => m.deviceId === twin.deviceId);
    const wanted = Object.keys(base.content.modulesContent).filter((m) => !m.startsWith('$'));
    assert.deepEqual(own.filter((m) => !m.moduleId.startsWith('$')).map((m) => m.moduleId), wanted);
    for (const m of own.filter((one) => one.moduleId !== '$edgeHub')) {
      const { $metadata, $version, ...values } = m.properties.desired;
      assert.deepEqual(values, base.content.modulesContent[m.moduleId]['properties.desired']);
      assert.deepEqual(m.configurations, { edge: { status: 'Applied' } });
    }
    return undefined;
  } catch (error) {
    return `${twin.deviceId}: ${error.message}`;
  }
}

async function settle(rest, label) {
  const deadline = Date.now() + SETTLED_MS_MAX;
  for (;;) {
    const configurations = (await rest('GET', '/configurations')).body;
    const twins = await every(rest, 'SELECT * FROM devices');
    const modules = await every(rest, 'SELECT * FROM devices.modules');
    assert.equal(twins.length, DEVICES + 1, 'with the device to try');
    const wrong = twins.map((twin) => difference(twin, configurations, modules)).filter((d) => d !== undefined);
    if (wrong.length === 0) return;
    assert.ok(Date.now() < deadline, `${label}: ${wrong.length} twins are wrong: ${wrong[0]}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function round(options, pick, number) {
  const hub = await Hub.start(options);
  const agent = new https.Agent({ keepAlive: true, maxSockets: 4 });
  const rest = rest_of({ info: hub.info, ca: hub.ca, agent });
  try {
    if (number === 0) {
      for (let i = 0; i < DEVICES; i += 1) {
        const made = await rest('PUT', `/devices/${name_of(i)}`, { deviceId: name_of(i), capabilities: { iotEdge: i < GATEWAYS } });
        assert.equal(made.status, 200);
        await rest('PATCH', `/twins/${name_of(i)}`, { tags: { n: pick(6) } });
      }
    } else {
      await settle(rest, `seed ${SEED}, round ${number}`);
    }
    const work = [1, 2, 3].map(() => change_until_killed(rest, pick));
    await new Promise((resolve) => setTimeout(resolve, 30 + pick(300)));
    await hub.kill();
    await Promise.all(work);
  } finally {
    agent.destroy();
    await hub.kill();
  }
}

test('every twin has what the configurations say after kill -9', async () => {
  const options = { address: own_address(), data: temporary_folder() };
  const random = seeded(SEED);
  const pick = random.below;
  try {
    for (let number = 0; number < ROUNDS; number += 1) await round(options, pick, number);
    const hub = await Hub.start(options);
    await settle(rest_of(hub), `seed ${SEED}, at the end`);
    assert.deepEqual(await hub.stop(), { code: 0, signal: null });
  } finally {
    fs.rmSync(options.data, { recursive: true, force: true });
  }
});
