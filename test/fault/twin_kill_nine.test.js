// kill -9 while devices report and a back end writes desired properties: every acknowledged version is there afterwards
// with its content, and versions have no gaps.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const https = require('node:https');
const { Hub, own_address, temporary_folder } = require('../interop/lib/hub');
const { make_device, rest_of } = require('../interop/lib/client');
const { TwinClient } = require('../interop/lib/mqtt_twin');
const { seeded } = require('./random');

const ROUNDS = Number(process.env.NAVE_FAULT_TWIN_ROUNDS ?? 12);
const SEED = Number(process.env.NAVE_FAULT_SEED ?? Date.now() % 2 ** 32);
const DEVICES = 4;

// What one side wrote: every write adds a name of its own, so that the twin shows which writes it holds.
class Writes {
  constructor() {
    this.next = 1;
    this.acknowledged = new Map();  // number -> version
  }
  async one(write) {
    const number = this.next++;
    const version = await write(`k${number}`);
    if (version !== undefined) this.acknowledged.set(number, version);
  }
}

// One write after the other until the hub is gone.
async function until_killed(write) {
  try {
    for (;;) await write();
  } catch {
    // killed
  }
}

async function report_until_killed(hub, device, writes) {
  let client;
  try {
    client = await TwinClient.connect(device, { hub: { info: hub.info, ca: hub.ca } });
  } catch {
    return;
  }
  await until_killed(() => writes.one(async (name) => {
    const { status, version } = await client.report(JSON.stringify({ [name]: true }));
    assert.equal(status, 204);
    return version;
  }));
  client.mqtt.abort();
}

async function desire_until_killed(hub, device, writes) {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  const rest = rest_of({ info: hub.info, ca: hub.ca, agent });
  await until_killed(() => writes.one(async (name) => {
    const answer = await rest('PATCH', `/twins/${device.id}`, { properties: { desired: { [name]: true } } });
    assert.equal(answer.status, 200);
    return answer.body.properties.desired.$version;
  }));
  agent.destroy();
}

// The section holds every acknowledged write, and as many writes as its version says: none is there twice or half.
function check_section(what, section, writes) {
  const { $version, $metadata, ...values } = section;
  const names = Object.keys(values);
  assert.equal($version, names.length + 1, `${what}: version ${$version} after ${names.length} writes`);
  const place = new Map(names.map((name, i) => [name, i + 2]));
  for (const [number, version] of writes.acknowledged) {
    assert.equal(place.get(`k${number}`), version, `${what}: acknowledged version ${version}`);
  }
  for (const name of names) assert.ok($metadata[name]?.$lastUpdated, `${what}: ${name} has no metadata`);
}

test(`kill -9 during twin writes, ${ROUNDS} times`, { timeout: 300000 }, async (t) => {
  t.diagnostic(`NAVE_FAULT_SEED=${SEED}`);
  const random = seeded(SEED);
  const data = temporary_folder();
  const address = own_address();
  try {
    const first = await Hub.start({ data, address });
    const twins = [];
    for (let i = 0; i < DEVICES; ++i) {
      twins.push({ device: await make_device(first, `twin-${i}`), reported: new Writes(), desired: new Writes() });
    }
    await first.kill();
    for (let i = 0; i < ROUNDS; ++i) {
      const hub = await Hub.start({ data, address });
      const killed = new Promise((resolve) => setTimeout(resolve, 50 + random.below(450))).then(() => hub.kill());
      await Promise.all([killed, ...twins.flatMap(({ device, reported, desired }) => [
        report_until_killed(hub, device, reported), desire_until_killed(hub, device, desired)])]);
    }
    const hub = await Hub.start({ data, address });
    const rest = rest_of({ info: hub.info, ca: hub.ca });
    let acknowledged = 0;
    for (const { device, reported, desired } of twins) {
      const { properties } = (await rest('GET', `/twins/${device.id}`)).body;
      check_section(`${device.id} reported`, properties.reported, reported);
      check_section(`${device.id} desired`, properties.desired, desired);
      acknowledged += reported.acknowledged.size + desired.acknowledged.size;
    }
    assert.deepEqual(await hub.stop(), { code: 0, signal: null });
    t.diagnostic(`${acknowledged} writes acknowledged`);
    assert.ok(acknowledged > ROUNDS * DEVICES, `only ${acknowledged} acknowledged: the test did not test`);
  } finally {
    fs.rmSync(data, { recursive: true, force: true });
  }
});
