// Every feature over every pair of transports that the official SDKs allow, for devices and modules. A cell does its work,
// and verifies it in a second step: on a bad network the work happens while connections are cut, the verification after.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { promisify } = require('node:util');
const { Client, ModuleClient, Message } = require('azure-iot-device');
const { Mqtt, MqttWs } = require('azure-iot-device-mqtt');
const { Amqp, AmqpWs } = require('azure-iot-device-amqp');
const { Http } = require('azure-iot-device-http');
const { Client: ServiceClient, Registry, AmqpWs: ServiceAmqpWs, Amqp: ServiceAmqp } = require('azure-iothub');
const { Message: ServiceMessage } = require('azure-iot-common');
const context = require('./context');
const { create_device, create_module, rest } = require('./registry');
const { watch, device_of } = require('./events');
const { with_deadline } = require('./until');

const TRANSPORTS = { 'MQTT': Mqtt, 'MQTT-WS': MqttWs, 'AMQP': Amqp, 'AMQP-WS': AmqpWs, 'HTTPS': Http };
const needs_443 = (name) => name !== 'MQTT' && name !== 'AMQP';
const RETRY_PAUSE_MS = 150;
const INSIST_MS = 90000;
const CELL_MS = 240000;
const DEAF_MS = 10000;
const OPEN_MS = 15000;  // cut at the wrong moment, an open may take the SDK most of a minute
const TELEMETRY_COUNT = 10;
const C2D_COUNT = 4;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(holds, what, timeout_ms = CELL_MS) {
  const end = Date.now() + timeout_ms;
  for (;;) {
    const seen = await holds();
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`not within ${timeout_ms} ms: ${typeof what === 'function' ? what() : what}`);
    await pause(50);
  }
}

// What all cells of one run share.
class Run {
  constructor({ rough = false } = {}) {
    this.rough = rough;
    this.events = new Map();    // device id → events
    this.feedback = new Map();  // message id → status
    this.services = new Map();
    this.to_close = [];
    this.later = [];  // what comes in batches with long pauses is looked for once, after all cells
  }

  // On a good network everything works at once; on a bad one a user would try again.
  async insist(work, what) {
    if (!this.rough) return with_deadline(work(), what, 30000);
    const end = Date.now() + INSIST_MS;
    for (;;) {
      try {
        return await with_deadline(work(), what, 20000);
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        if (Date.now() > end) throw new Error(`${what}, tried for ${INSIST_MS} ms: ${error.message}`, { cause: error });
        await pause(RETRY_PAUSE_MS);
      }
    }
  }

  // An answer of the REST API below 500: nothing else tells whether the request was taken.
  async rest(...args) {
    return this.insist(async () => {
      const answer = await rest(...args);
      if (this.rough && answer.status >= 500) throw new Error(`${answer.status} ${answer.text}`);
      return answer;
    }, `${args[0]} ${args[1]}`);
  }

  // A fresh connection for each try: the service SDK does not come back by itself.
  async send_c2d(way, device, message) {
    const id = () => crypto.randomUUID();
    if (way === 'REST') {
      return this.insist(async () => {
        const message_id = id();
        const headers = { 'iothub-messageid': message_id, 'iothub-ack': 'full', 'Content-Type': 'application/octet-stream' };
        const answer = await rest('POST', `/devices/${device.id}/messages/deviceBound`, undefined, headers, message);
        if (answer.status !== 204) throw new Error(`${answer.status} ${answer.text}`);
        return message_id;
      }, 'C2D over REST');
    }
    return this.insist(async () => {
      const service = await this.service(way);
      const sent = new ServiceMessage(message);
      sent.messageId = id();
      sent.ack = 'full';
      try {
        await with_deadline(service.send(device.id, sent), 'C2D send', 10000);
      } catch (error) {
        this.services.delete(way);
        service.close().catch(() => {});
        throw error;
      }
      return sent.messageId;
    }, `C2D over ${way}`);
  }

  service(way) {
    if (!this.services.has(way)) {
      const client = ServiceClient.fromConnectionString(context.strings.service, way === 'AMQP-WS' ? ServiceAmqpWs : ServiceAmqp);
      this.to_close.push(client);
      this.services.set(way, client.open().then(() => client));
      this.services.get(way).catch(() => this.services.delete(way));
    }
    return this.services.get(way);
  }

  async invoke(identity, params) {
    const service = this.invoker ??= ServiceClient.fromConnectionString(context.strings.service);
    const target = identity.module_id ? [identity.id, identity.module_id] : [identity.id];
    return (await service.invokeDeviceMethod(...target, params)).result;
  }

  // From here on: all events since the run began, and all feedback.
  async start_verifying() {
    this.reader = await watch({
      options: { startPosition: { enqueuedOn: this.began }, maxBatchSize: 500, maxWaitTimeInSeconds: 0.2 },
      keep: (event) => {
        const device = device_of(event);
        if (!this.events.has(device)) this.events.set(device, []);
        this.events.get(device).push(event);
        return false;
      },
    });
    if (cells().every(({ feature }) => !feature.includes('C2D'))) return;
    const service = ServiceClient.fromConnectionString(context.strings.service);
    this.to_close.push(service);
    await service.open();
    const receiver = await promisify(service.getFeedbackReceiver.bind(service))();
    receiver.on('message', (batch) => {
      for (const record of JSON.parse(batch.data)) this.feedback.set(record.originalMessageId, record.statusCode);
      receiver.complete(batch, () => {});
    });
  }

  async close() {
    // What was cut may never hear that it is closed.
    const gently = (client) => with_deadline(client.close(), 'close', 5000).catch(() => {});
    await Promise.all([this.reader, ...this.to_close].filter((client) => client).map(gently));
  }
}

async function opened(run, identity, transport_name, prepare = () => {}, within_ms = run.rough ? INSIST_MS : 30000) {
  const kind = identity.module_id ? ModuleClient : Client;
  const client = kind.fromConnectionString(identity.connection_string, TRANSPORTS[transport_name]);
  client.on('error', () => {});
  if (transport_name === 'HTTPS') await client.setOptions({ http: { receivePolicy: { interval: 1 } } });
  prepare(client);
  await with_deadline(client.open(), 'open', within_ms);
  return client;
}

// A device that waits for messages. Node's library tells its user of connections that end, not of links, and does not
// always come back from a cut in the middle of attaching one: an application that hears nothing begins anew.
class Listener {
  constructor(run, identity, transport, on_message) {
    this.run = run;
    const listen = (client) => client.on('message', (message) => {
      this.heard_at = Date.now();
      on_message(message, client);
    });
    this.open = () => opened(run, identity, transport, listen, run.rough ? OPEN_MS : 30000);
  }
  async start() {
    this.client = await this.run.insist(this.open, 'open');
    this.heard_at = Date.now();
    return this;
  }
  async hear() {
    if (!this.run.rough || Date.now() - this.heard_at < DEAF_MS) return;
    this.client.close().catch(() => {});
    await this.start();
  }
  close() { return this.client.close().catch(() => {}); }
}

const twin_path = ({ id, module_id }) => `/twins/${id}${module_id ? `/modules/${module_id}` : ''}`;

// ---- the features. Each does its work and returns the verification.

async function telemetry(run, identity, transport) {
  const client = await opened(run, identity, transport);
  const acknowledged = [];
  for (let i = 0; i < TELEMETRY_COUNT; ++i) {
    const message = new Message(JSON.stringify({ i }));
    message.properties.add('cell', transport);
    await run.insist(() => client.sendEvent(message), `message ${i}`);
    acknowledged.push(i);
  }
  if (identity.module_id) await run.insist(() => client.sendOutputEvent('out1', new Message('{"i":"out"}')), 'output');
  await client.close().catch(() => {});
  return async () => {
    const seen = () => (run.events.get(identity.id) ?? []).map((event) => event.body.i);
    if (identity.module_id) acknowledged.push('out');
    await until(() => acknowledged.every((i) => seen().includes(i)), () => `telemetry, only ${seen()}`);
    // Those that came once came in order; a repetition may come late.
    const firsts = [...new Set(seen())].filter((i) => i !== 'out');
    assert.deepEqual(firsts, [...firsts].sort((a, b) => a - b));
    if (!run.rough) assert.equal(seen().length, TELEMETRY_COUNT + (identity.module_id ? 1 : 0));
    for (const event of run.events.get(identity.id)) {
      assert.equal(event.systemProperties['iothub-connection-module-id'], identity.module_id);
      if (event.body.i !== 'out') assert.deepEqual(event.properties, { cell: transport });
      else assert.equal(event.systemProperties['iothub-outputname'] ?? event.properties['iothub-outputname'], 'out1');
    }
  };
}

async function telemetry_batch(run, identity, transport) {
  const client = await opened(run, identity, transport);
  const batch = Array.from({ length: TELEMETRY_COUNT }, (_, i) => new Message(JSON.stringify({ i })));
  await run.insist(() => client.sendEventBatch(batch), 'batch');
  await client.close().catch(() => {});
  return async () => {
    const seen = () => (run.events.get(identity.id) ?? []).map((event) => event.body.i);
    await until(() => batch.every((_, i) => seen().includes(i)), () => `batch, only ${seen()}`);
  };
}

async function twin(run, identity, transport) {
  assert.equal((await run.rest('PATCH', twin_path(identity), { properties: { desired: { first: 1 } } })).status, 200);
  const client = await opened(run, identity, transport);
  const device_twin = await run.insist(() => client.getTwin(), 'twin');
  const versions = [];
  device_twin.on('properties.desired', (patch) => versions.push(patch.$version));
  const report = promisify(device_twin.properties.reported.update.bind(device_twin.properties.reported));
  for (let i = 1; i <= 3; ++i) {
    await run.insist(() => report({ state: { i }, [`key${i}`]: true }), `report ${i}`);
    assert.equal((await run.rest('PATCH', twin_path(identity), { properties: { desired: { step: i } } })).status, 200);
  }
  // The SDK does not ask again for what it missed while it was cut off; an application does.
  if (run.rough) await run.insist(() => client.getTwin(), 'twin again');
  await until(() => device_twin.properties.desired.step === 3, () => `desired, ${JSON.stringify(device_twin.properties.desired)}`);
  assert.equal(device_twin.properties.desired.first, 1);
  assert.deepEqual(versions, [...versions].sort((a, b) => a - b), 'versions only grow');
  await client.close().catch(() => {});
  return async () => {
    const { properties } = (await run.rest('GET', twin_path(identity))).body;
    assert.deepEqual(properties.reported.state, { i: 3 });
    assert.deepEqual(['key1', 'key2', 'key3'].map((key) => properties.reported[key]), [true, true, true]);
    assert.equal(properties.desired.step, 3);
  };
}

async function methods(run, identity, transport) {
  const handled = [];
  const handler = (request, response) => {
    handled.push(request.payload.call);
    response.send(201, { echo: request.payload }, () => {});
  };
  const client = await opened(run, identity, transport);
  client[identity.module_id ? 'onMethod' : 'onDeviceMethod']('go', handler);
  let calls = 0;
  for (let i = 0; i < 3; ++i) {
    await run.insist(async () => {
      const payload = { call: ++calls, text: 'ä', list: [1, 2.5, null] };
      const answer = await run.invoke(identity, { methodName: 'go', payload, responseTimeoutInSeconds: 10, connectTimeoutInSeconds: 10 });
      assert.deepEqual(answer, { status: 201, payload: { echo: payload } });
    }, `method ${i}`);
  }
  await client.close().catch(() => {});
  return async () => assert.equal(new Set(handled).size, handled.length, 'no call reached the device twice');
}

async function waiting(run, identity) {
  return (await run.rest('GET', `/devices/${identity.id}`)).body.cloudToDeviceMessageCount;
}

const c2d_over = (way) => async (run, identity, transport) => {
  const received = [];
  const listener = await new Listener(run, identity, transport, (message, client) => {
    received.push({ id: message.messageId, body: message.data.toString() });
    client.complete(message).catch(() => {});  // what is not completed comes again
  }).start();
  const sent = [];
  for (let i = 0; i < C2D_COUNT; ++i) sent.push(await run.send_c2d(way, identity, `{"i":${i}}`));
  const missing = () => sent.filter((id) => !received.some((r) => r.id === id));
  await until(async () => {
    await listener.hear();
    return missing().length === 0 && (await waiting(run, identity)) === 0;
  }, () => `C2D, ${missing().length} of ${C2D_COUNT} missing`);
  await listener.close();
  return async () => {
    assert.deepEqual(sent.map((id) => received.find((r) => r.id === id).body), sent.map((_, i) => `{"i":${i}}`));
    if (!run.rough) assert.equal(received.length, C2D_COUNT);
    run.later.push(() => until(() => sent.every((id) => run.feedback.get(id) === 'Success'), `Success over ${transport}`));
  };
};

// The first delivery is abandoned, the second rejected.
async function c2d_unhappy(run, identity, transport) {
  const ids = [];
  const listener = await new Listener(run, identity, transport, (message, client) => {
    ids.push(message.messageId);
    const again = ids.filter((id) => id === message.messageId).length > 1;
    (again ? client.reject(message) : client.abandon(message)).catch(() => {});
  }).start();
  const id = await run.send_c2d('AMQP', identity, 'unwanted');
  await until(async () => {
    await listener.hear();
    return (await waiting(run, identity)) === 0;
  }, 'queue empty');
  await listener.close();
  return async () => {
    assert.ok(ids.filter((one) => one === id).length >= 2);
    run.later.push(() => until(() => run.feedback.get(id) === 'Rejected', `Rejected over ${transport}`));
  };
}

async function presence(run, identity, transport) {
  const state = async () => (await run.rest('GET', twin_path(identity))).body.connectionState;
  assert.equal(await state(), 'Disconnected');
  const client = await opened(run, identity, transport);
  await run.insist(() => client.sendEvent(new Message('here')), 'message');
  if (!run.rough) assert.equal(await state(), 'Connected');
  await client.close().catch(() => {});
  return () => until(async () => (await state()) === 'Disconnected', 'Disconnected');
}

const PERSISTENT = ['MQTT', 'MQTT-WS', 'AMQP', 'AMQP-WS'];
const ALL = [...PERSISTENT, 'HTTPS'];
const SETTLING = ['AMQP', 'AMQP-WS', 'HTTPS'];

// [kind, feature, work, transports]
const FEATURES = [
  ['device', 'telemetry', telemetry, ALL],
  ['device', 'telemetry batch', telemetry_batch, ['HTTPS']],  // the SDK has none over MQTT and AMQP
  ['device', 'twin', twin, PERSISTENT],
  ['device', 'methods', methods, PERSISTENT],
  ['device', 'C2D sent over AMQP', c2d_over('AMQP'), ALL],
  ['device', 'C2D sent over AMQP-WS', c2d_over('AMQP-WS'), ALL],
  ['device', 'C2D sent over REST', c2d_over('REST'), ALL],
  ['device', 'C2D abandon, reject', c2d_unhappy, SETTLING],
  ['device', 'presence', presence, PERSISTENT],
  ['module', 'telemetry, output', telemetry, PERSISTENT],
  ['module', 'twin', twin, PERSISTENT],
  ['module', 'methods', methods, PERSISTENT],
];

// NAVE_MATRIX: a pattern for the names of the cells that run.
const chosen = (name) => new RegExp(process.env.NAVE_MATRIX ?? '').test(name);

// All cells: { kind, feature, transport, skip, work(run) → verification }
function cells() {
  const all = FEATURES.flatMap(([kind, feature, work, transports]) => transports.map((transport) => ({
    kind, feature, transport, name: `${kind} ${feature} ${transport}`,
    skip: context.skip_443 && (needs_443(transport) || feature.includes('AMQP-WS')) ? context.skip_443 : false,
    work: async (run) => {
      const device = await run.insist(() => create_device('matrix'), 'device');
      const identity = kind === 'module' ? await run.insist(() => create_module(device.id, `mod-${crypto.randomUUID()}`), 'module') : device;
      return with_deadline(work(run, identity, transport), `end of ${kind} ${feature} over ${transport}`, CELL_MS);
    },
  })));
  return all.filter(({ name }) => chosen(name));
}

// `results`: "kind feature transport" → text of the cell.
function table(results) {
  const width = Math.max(...FEATURES.map(([kind, feature]) => `${kind} ${feature}`.length)) + 2;
  const line = (head, columns) => head.padEnd(width) + columns.map((text) => text.padEnd(9)).join('');
  const rows = FEATURES.map(([kind, feature]) =>
    line(`${kind} ${feature}`, ALL.map((transport) => results.get(`${kind} ${feature} ${transport}`) ?? '-')));
  return [line('', ALL), ...rows].join('\n');
}

module.exports = { Run, cells, table };
