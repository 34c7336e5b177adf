// kill -9 while back ends send and devices receive and complete over HTTPS: no acknowledged message is lost, and none
// whose completion was acknowledged is seen again.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const https = require('node:https');
const { Hub, own_address, temporary_folder } = require('../interop/lib/hub');
const { make_device, resource_at, rest_of } = require('../interop/lib/client');
const { sas } = require('../interop/lib/sas');
const { seeded } = require('./random');

const ROUNDS = Number(process.env.NAVE_FAULT_C2D_ROUNDS ?? 12);
const SEED = Number(process.env.NAVE_FAULT_SEED ?? Date.now() % 2 ** 32);
const DEVICES = 4;
const PIPELINE = 4;  // senders and receivers of one device

// What happened to the messages of one device, as far as anybody was told.
class Ledger {
  constructor(device) {
    this.device = device;
    this.next = 1;
    this.sent = new Set();       // acknowledged
    this.completed = new Set();  // acknowledged
    this.tried = new Set();      // completion asked for; it may have taken place
  }
  receive(body) {
    assert.ok(!this.completed.has(body), `${this.device.id}: ${body} was completed and came again`);
  }
}

// One thing after the other until the hub is gone.
async function until_killed(act) {
  try {
    for (;;) await act();
  } catch (error) {
    if (error.code === 'ERR_ASSERTION') throw error;
  }
}

class Side {
  constructor(hub, ledger) {
    this.ledger = ledger;
    this.agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    this.rest = rest_of({ info: hub.info, ca: hub.ca, agent: this.agent });
    this.path = `/devices/${ledger.device.id}/messages/devicebound`;
    this.own = { Authorization: sas(resource_at(hub.info.hostName, ledger.device), ledger.device.key) };
  }
  async send() {
    const body = `m${this.ledger.next++}`;
    const answer = await this.rest('POST', this.path, undefined, {}, body);
    if (answer.status === 403) return;  // the queue is full
    assert.equal(answer.status, 204, answer.text);
    this.ledger.sent.add(body);
  }
  // False: nothing was there.
  async receive_and_complete() {
    const answer = await this.rest('GET', this.path, undefined, this.own);
    if (answer.status === 204) return false;
    assert.equal(answer.status, 200, answer.text);
    this.ledger.receive(answer.text);
    this.ledger.tried.add(answer.text);
    const done = await this.rest('DELETE', `${this.path}/${answer.headers.etag.slice(1, -1)}`, undefined, this.own);
    assert.equal(done.status, 204, done.text);
    this.ledger.completed.add(answer.text);
    return true;
  }
  end() {
    this.agent.destroy();
  }
}

async function work(hub, ledger) {
  const sides = Array.from({ length: 2 * PIPELINE }, () => new Side(hub, ledger));
  await Promise.all(sides.map((side, i) =>
    until_killed(i % 2 ? () => side.send() : () => side.receive_and_complete())));
  for (const side of sides) side.end();
}

test(`kill -9 during cloud-to-device messages, ${ROUNDS} times`, { timeout: 300000 }, async (t) => {
  t.diagnostic(`NAVE_FAULT_SEED=${SEED}`);
  const random = seeded(SEED);
  const data = temporary_folder();
  const address = own_address();
  try {
    const first = await Hub.start({ data, address });
    const ledgers = [];
    for (let i = 0; i < DEVICES; ++i) ledgers.push(new Ledger(await make_device(first, `c2d-${i}`)));
    await first.kill();
    for (let i = 0; i < ROUNDS; ++i) {
      const hub = await Hub.start({ data, address });
      const killed = new Promise((resolve) => setTimeout(resolve, 50 + random.below(450))).then(() => hub.kill());
      await Promise.all([killed, ...ledgers.map((ledger) => work(hub, ledger))]);
    }
    const hub = await Hub.start({ data, address });
    let sent = 0;
    for (const ledger of ledgers) {
      const side = new Side(hub, ledger);
      while (await side.receive_and_complete()) { /* what is left */ }
      side.end();
      for (const body of ledger.sent) assert.ok(ledger.tried.has(body), `${ledger.device.id}: ${body} is lost`);
      sent += ledger.sent.size;
    }
    assert.deepEqual(await hub.stop(), { code: 0, signal: null });
    t.diagnostic(`${sent} messages acknowledged`);
    assert.ok(sent > ROUNDS * DEVICES, `only ${sent} acknowledged: the test did not test`);
  } finally {
    fs.rmSync(data, { recursive: true, force: true });
  }
});
