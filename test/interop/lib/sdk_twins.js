// Twins with the device SDK: the same library code runs over every transport, so the same tests do.
'use strict';

const { test, describe } = require('node:test');
const assert = require('node:assert/strict');
const { Client, ModuleClient } = require('azure-iot-device');
const { promisify } = require('node:util');
const { create_device, create_module, rest } = require('./registry');
const { with_deadline, Inbox } = require('./until');

async function opened(identity, transport) {
  const kind = identity.module_id ? ModuleClient : Client;
  const client = kind.fromConnectionString(identity.connection_string, transport);
  await with_deadline(client.open(), 'open');
  return client;
}

const twin_path = ({ id, module_id }) => `/twins/${id}${module_id ? `/modules/${module_id}` : ''}`;
const read = async (identity) => (await rest('GET', twin_path(identity))).body;
const desire = (identity, desired) => rest('PATCH', twin_path(identity), { properties: { desired } });
const report = (twin, patch) =>
  with_deadline(promisify(twin.properties.reported.update.bind(twin.properties.reported))(patch), 'reported update');
const get_twin = (client) => with_deadline(client.getTwin(), 'twin');

function desired_patches(twin) {
  const inbox = new Inbox();
  twin.on('properties.desired', (patch) => inbox.push(patch));
  return inbox;
}

const of_kind = {
  device: () => create_device('twin'),
  module: async () => create_module((await create_device('twin')).id, 'mod'),
};

// [name, transport, skip] each; the race runs over the first of them.
function define_twin_tests(transports) {
  for (const [name, transport, skip] of transports) {
    for (const [kind, make] of Object.entries(of_kind)) {
      describe(`${kind} over ${name}`, { skip }, () => {
        test('getTwin, reported update, desired notifications', async () => {
          const identity = await make();
          await desire(identity, { interval: 5, nested: { keep: true } });
          const client = await opened(identity, transport);
          const twin = await get_twin(client);
          assert.equal(twin.properties.desired.interval, 5);
          assert.equal(twin.properties.desired.$version, 2);
          assert.equal(twin.properties.reported.$version, 1);

          await report(twin, { firmware: { version: '1.2', state: 'ok' }, list: [1, 'two', { three: 3 }] });
          await report(twin, { firmware: { state: null } });
          const seen = await read(identity);
          assert.deepEqual(seen.properties.reported.firmware, { version: '1.2' });
          assert.deepEqual(seen.properties.reported.list, [1, 'two', { three: 3 }]);
          assert.equal(seen.properties.reported.$version, 3);
          assert.equal(seen.connectionState, 'Connected');

          const patches = desired_patches(twin);
          const first = await patches.next('the whole desired section');  // the SDK's own, on adding the listener
          assert.equal(first.$version, 2);
          await desire(identity, { interval: null, nested: { more: [1] } });
          assert.deepEqual(await patches.next('desired patch'), { interval: null, nested: { more: [1] }, $version: 3 });
          await rest('PUT', twin_path(identity), { properties: { desired: { only: 1 } } });
          assert.deepEqual(await patches.next('replacement'), { only: 1, $version: 4 });
          await client.close();
        });

        test('a bad report is an error with its message, and changes nothing', async () => {
          const identity = await make();
          const client = await opened(identity, transport);
          const twin = await get_twin(client);
          await assert.rejects(report(twin, { 'a.b': 1 }), /must not contain/);
          await assert.rejects(report(twin, { text: 'x'.repeat(4097) }), /4096/);
          await report(twin, { text: 'x'.repeat(4096) });
          assert.equal((await read(identity)).properties.reported.$version, 2);
          await client.close();
        });
      });
    }
  }

  test('many changes while the device reads and subscribes: none is missed', async () => {
    const device = await create_device('race');
    const client = await opened(device, transports[0][1]);
    let stop = false;
    let written = 0;
    const writer = (async () => {
      while (!stop) assert.equal((await desire(device, { n: ++written, [`k${written}`]: written })).status, 200);
    })();
    const twin = await get_twin(client);
    const known = twin.properties.desired.$version;
    const patches = desired_patches(twin);
    await patches.next('the SDK\'s own first event');
    for (let i = 0; i < 20; ++i) await patches.next(`patch ${i}`);
    stop = true;
    await writer;
    await desire(device, { last: true });
    while (!(await patches.next('the last patch')).last);
    const truth = (await read(device)).properties.desired;
    for (const [key, value] of Object.entries(truth)) {
      if (key !== '$metadata') assert.deepEqual(twin.properties.desired[key], value, key);
    }
    assert.ok(truth.$version > known + 20);
    await client.close();
  });
}

module.exports = { define_twin_tests, opened, twin_path, read, desire, report, get_twin };
