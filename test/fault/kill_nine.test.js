// kill -9 at random instants under load, again and again on one data folder: what was acknowledged is there afterwards,
// in order, once, with sequence numbers that have no gaps. Devices made over REST meanwhile are there too.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const https = require('node:https');
const { Hub, own_address, temporary_folder } = require('../interop/lib/hub');
const { make_device, rest_of } = require('../interop/lib/client');
const { seeded } = require('./random');
const { Publisher } = require('./publisher');
const { read_back } = require('./read_back');

const ROUNDS = Number(process.env.NAVE_FAULT_ROUNDS ?? 100);
const SEED = Number(process.env.NAVE_FAULT_SEED ?? Date.now() % 2 ** 32);
const DEVICES = 8;
const ROUND_MS_MAX = 700;
const MESSAGES_PER_ROUND = 400;  // per device: bounds the time to read everything back

// Creates devices one after the other until the hub is gone; remembers those whose creation was acknowledged.
async function keep_creating(hub, round, made) {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  const rest = rest_of({ ...hub, info: hub.info, ca: hub.ca, agent });
  try {
    for (let i = 0; i < 40; ++i) {
      const id = `made-${round}-${i}`;
      const answer = await rest('PUT', `/devices/${id}`, { deviceId: id });
      if (answer.status === 200) made.push({ id, etag: answer.body.etag });
    }
  } catch {
    // killed
  } finally {
    agent.destroy();
  }
}

// One life of the hub: under load until SIGKILL, now and then already while it starts.
async function round(start_hub, number, random, publishers, made) {
  const during_start = random.below(8) === 0;
  const delay_ms = 1 + random.below(during_start ? 60 : ROUND_MS_MAX);
  if (during_start) {
    await start_hub((child) => setTimeout(() => child.kill('SIGKILL'), delay_ms)).then((hub) => hub.kill(), () => {});
    return;
  }
  const hub = await start_hub();
  const killed = new Promise((resolve) => setTimeout(resolve, delay_ms)).then(() => hub.kill());
  await Promise.all([killed, keep_creating(hub, number, made), ...publishers.map((p) => p.run(hub, MESSAGES_PER_ROUND))]);
}

function check_partition(events, partition) {
  events.forEach((event, i) => {
    if (event.sequence !== events[0].sequence + i) {
      assert.fail(`partition ${partition}: sequence ${event.sequence} follows ${events[i - 1].sequence}`);
    }
  });
}

function check_device(publisher, numbers) {
  for (let i = 1; i < numbers.length; ++i) {
    if (numbers[i] <= numbers[i - 1]) assert.fail(`device ${publisher.index}: ${numbers[i]} after ${numbers[i - 1]}`);
  }
  const stored = new Set(numbers);
  const lost = [...publisher.acknowledged].filter((n) => !stored.has(n));
  assert.equal(lost.length, 0, `device ${publisher.index}: ${lost.length} acknowledged messages lost, first ${lost[0]}`);
  for (const n of numbers) if (n >= publisher.next_number) assert.fail(`device ${publisher.index}: ${n} was never sent`);
}

test(`kill -9, ${ROUNDS} times`, { timeout: 900000 }, async (t) => {
  t.diagnostic(`NAVE_FAULT_SEED=${SEED}`);
  const random = seeded(SEED);
  const data = temporary_folder();
  const address = own_address();
  const start_hub = (on_spawn) => Hub.start({ data, address, on_spawn });
  try {
    const first = await start_hub();
    const devices = [];
    for (let i = 0; i < DEVICES; ++i) devices.push(await make_device(first, `kill-${i}`));
    await first.kill();
    const publishers = devices.map((device, i) => new Publisher(device, i, random));
    const made = [];
    for (let i = 0; i < ROUNDS; ++i) await round(start_hub, i, random, publishers, made);

    const hub = await start_hub();
    const partitions = await read_back(hub);
    const numbers = devices.map(() => []);
    partitions.forEach((events, partition) => {
      check_partition(events, partition);
      for (const { device, body } of events) {
        const [index, number] = body.split(':').map(Number);
        assert.equal(device, devices[index].id);
        numbers[index].push(number);
      }
    });
    publishers.forEach((publisher, i) => check_device(publisher, numbers[i]));
    const rest = rest_of(hub);
    for (const { id, etag } of made) {
      const answer = await rest('GET', `/devices/${id}`);
      assert.equal(answer.status, 200, `${id} was acknowledged and is gone`);
      assert.equal(answer.body.etag, etag);
    }
    assert.deepEqual(await hub.stop(), { code: 0, signal: null });
    const acknowledged = publishers.reduce((sum, p) => sum + p.acknowledged.size, 0);
    const sent = publishers.reduce((sum, p) => sum + p.next_number, 0);
    t.diagnostic(`${sent} sent, ${acknowledged} acknowledged, ${numbers.flat().length} stored, ${made.length} devices made`);
    assert.ok(acknowledged > ROUNDS * 100, `only ${acknowledged} acknowledged: the test did not test`);
    assert.ok(made.length > ROUNDS);
  } finally {
    fs.rmSync(data, { recursive: true, force: true });
  }
});
