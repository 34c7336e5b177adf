// kill -9 while methods are called: no call hangs, none reaches its device twice, none is answered with another's answer.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const https = require('node:https');
const { Hub, own_address, temporary_folder } = require('../interop/lib/hub');
const { make_device, device_on, rest_of } = require('../interop/lib/client');
const { TYPE, publish_packet } = require('../interop/lib/mqtt_raw');
const { with_deadline } = require('../interop/lib/until');
const { seeded } = require('./random');

const ROUNDS = Number(process.env.NAVE_FAULT_METHOD_ROUNDS ?? 12);
const SEED = Number(process.env.NAVE_FAULT_SEED ?? Date.now() % 2 ** 32);
const DEVICES = 3;
const CALLERS = 4;  // of each device
const END_MS = 5000;

class Calls {
  constructor(device) {
    this.device = device;
    this.next = 1;
    this.reached = new Set();
    this.answered = 0;
  }

  // Answers with the payload until the connection is gone.
  async answer(hub) {
    let client;
    try {
      client = await device_on(hub, this.device);
      await client.subscribe(1, [['$iothub/methods/POST/#', 0]]);
      for (;;) {
        const { body } = await client.expect(TYPE.PUBLISH, 'method');
        const length = body.readUInt16BE(0);
        const rid = /rid=(.+)$/.exec(body.subarray(2, 2 + length).toString())[1];
        const payload = body.subarray(2 + length).toString();
        assert.ok(!this.reached.has(payload), `call ${payload} reached the device twice`);
        this.reached.add(payload);
        client.send(publish_packet({ topic: `$iothub/methods/res/200/?$rid=${rid}`, payload, qos: 0 }));
      }
    } catch (error) {
      if (error.code === 'ERR_ASSERTION') throw error;
      client?.abort();
    }
  }

  async call(rest) {
    const payload = this.next++;
    const answer = await rest('POST', `/twins/${this.device.id}/methods`,
      { methodName: 'go', payload, responseTimeoutInSeconds: 30, connectTimeoutInSeconds: 30 });
    if (answer.status !== 200) return;  // the device's connection went first
    assert.deepEqual(answer.body, { status: 200, payload });
    this.answered += 1;
  }

  async keep_calling(hub) {
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    const rest = rest_of({ info: hub.info, ca: hub.ca, agent });
    try {
      for (;;) await this.call(rest);
    } catch (error) {
      if (error.code === 'ERR_ASSERTION') throw error;
    } finally {
      agent.destroy();
    }
  }
}

test(`kill -9 during direct methods, ${ROUNDS} times`, { timeout: 300000 }, async (t) => {
  t.diagnostic(`NAVE_FAULT_SEED=${SEED}`);
  const random = seeded(SEED);
  const data = temporary_folder();
  const address = own_address();
  try {
    let hub = await Hub.start({ data, address });
    const all = [];
    for (let i = 0; i < DEVICES; ++i) all.push(new Calls(await make_device(hub, `method-${i}`)));
    for (let i = 0; i < ROUNDS; ++i) {
      const ends = all.flatMap((calls) => [calls.answer(hub),
        ...Array.from({ length: CALLERS }, () => calls.keep_calling(hub))]);
      await new Promise((resolve) => setTimeout(resolve, 50 + random.below(400)));
      await hub.kill();
      await with_deadline(Promise.all(ends), 'end of every call', END_MS);
      hub = await Hub.start({ data, address });
    }
    assert.deepEqual(await hub.stop(), { code: 0, signal: null });
    const answered = all.reduce((sum, calls) => sum + calls.answered, 0);
    t.diagnostic(`${answered} calls answered`);
    assert.ok(answered > ROUNDS * DEVICES, `only ${answered} answered: the test did not test`);
  } finally {
    fs.rmSync(data, { recursive: true, force: true });
  }
});
