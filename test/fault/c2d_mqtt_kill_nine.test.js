// kill -9 while a back end sends messages to a device on MQTT and the device acknowledges them: every message whose send
// was acknowledged reaches the device, first deliveries come in order, and the queue is empty at the end.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const https = require('node:https');
const { Hub, own_address, temporary_folder } = require('../interop/lib/hub');
const { make_device, rest_of, device_on } = require('../interop/lib/client');
const { TYPE, subscribe_packet } = require('../interop/lib/mqtt_raw');
const { filter_of, parse_publish, acknowledge } = require('../interop/lib/c2d');
const { seeded } = require('./random');

const ROUNDS = Number(process.env.NAVE_FAULT_C2D_ROUNDS ?? 12);
const SEED = Number(process.env.NAVE_FAULT_SEED ?? Date.now() % 2 ** 32);
const DEVICES = 3;

class Conversation {
  constructor(device) {
    this.device = device;
    this.next = 1;
    this.acknowledged = new Set();  // numbers whose send the hub has acknowledged
    this.received = new Map();      // number -> how often
    this.newest = 0;
  }

  async send_until_killed(hub) {
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    const rest = rest_of({ info: hub.info, ca: hub.ca, agent });
    try {
      for (;;) {
        const number = this.next++;
        const answer = await rest('POST', `/devices/${this.device.id}/messages/deviceBound`, undefined, {}, `${number}`);
        if (answer.status === 204) this.acknowledged.add(number);
        else assert.equal(answer.headers['iothub-errorcode'], 'DeviceMaximumQueueDepthExceeded');
      }
    } catch (error) {
      if (error.code === 'ERR_ASSERTION') throw error;  // otherwise killed
    } finally {
      agent.destroy();
    }
  }

  take(message) {
    const number = Number(message.payload);
    const before = this.received.get(number) ?? 0;
    if (before === 0) {
      assert.ok(number > this.newest, `${number} for the first time, after ${this.newest}`);
      this.newest = number;
    }
    this.received.set(number, before + 1);
  }

  // Acknowledges everything, until the connection or `enough` ends it.
  async receive(hub, enough = () => false) {
    let client;
    try {
      client = await device_on(hub, this.device, { clean: false });
      client.send(subscribe_packet(1, [[filter_of(this.device), 1]]));
      while (!enough()) {
        const packet = await client.packets.next('packet');
        if (packet.type === 'close') return;
        if (packet.type !== TYPE.PUBLISH) continue;
        const message = parse_publish(packet);
        this.take(message);
        acknowledge(client, message.id);
      }
    } catch (error) {
      if (error.code === 'ERR_ASSERTION') throw error;
    } finally {
      client?.abort();
    }
  }
}

test(`kill -9 during cloud-to-device messages over MQTT, ${ROUNDS} times`, { timeout: 300000 }, async (t) => {
  t.diagnostic(`NAVE_FAULT_SEED=${SEED}`);
  const random = seeded(SEED);
  const data = temporary_folder();
  const address = own_address();
  try {
    const first = await Hub.start({ data, address });
    const conversations = [];
    for (let i = 0; i < DEVICES; ++i) conversations.push(new Conversation(await make_device(first, `c2d-${i}`)));
    await first.kill();
    for (let i = 0; i < ROUNDS; ++i) {
      const hub = await Hub.start({ data, address });
      const killed = new Promise((resolve) => setTimeout(resolve, 50 + random.below(450))).then(() => hub.kill());
      await Promise.all([killed, ...conversations.flatMap((c) => [c.send_until_killed(hub), c.receive(hub)])]);
    }

    const hub = await Hub.start({ data, address });
    const rest = rest_of({ info: hub.info, ca: hub.ca });
    for (const c of conversations) {
      const missing = () => [...c.acknowledged].filter((number) => !c.received.has(number));
      await c.receive(hub, () => missing().length === 0);
      assert.deepEqual(missing(), [], `${c.device.id}: acknowledged and never received`);
      // What is left was acknowledged by the device in the last moment, or is a send that nobody heard of.
      const empty = async () => (await rest('GET', `/devices/${c.device.id}`)).body.cloudToDeviceMessageCount === 0;
      let done = false;
      const draining = c.receive(hub, () => done);
      for (const deadline = Date.now() + 20000; !(await empty()) && Date.now() < deadline;) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assert.ok(await empty(), `${c.device.id}: the queue is empty`);
      done = true;
      await rest('POST', `/devices/${c.device.id}/messages/deviceBound`, undefined, {}, `${c.next++}`);  // wakes it
      await draining;
    }
    const acknowledged = conversations.reduce((sum, c) => sum + c.acknowledged.size, 0);
    const twice = conversations.reduce((sum, c) => sum + [...c.received.values()].filter((n) => n > 1).length, 0);
    assert.deepEqual(await hub.stop(), { code: 0, signal: null });
    t.diagnostic(`${acknowledged} sends acknowledged, ${twice} messages delivered more than once`);
    assert.ok(acknowledged > ROUNDS * DEVICES, `only ${acknowledged} acknowledged: the test did not test`);
  } finally {
    fs.rmSync(data, { recursive: true, force: true });
  }
});
