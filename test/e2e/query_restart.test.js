// The pages of a query go on where they were after the hub was started again: a continuation token holds everything itself.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const { Hub, own_address, temporary_folder } = require('../interop/lib/hub');
const { make_device, rest_of } = require('../interop/lib/client');

const COUNT = 23;

async function page(hub, query, token) {
  const answer = await rest_of(hub)('POST', '/devices/query', { query },
    { 'x-ms-max-item-count': '5', ...(token ? { 'x-ms-continuation': token } : {}) });
  assert.equal(answer.status, 200, answer.text);
  return { rows: answer.body, token: answer.headers['x-ms-continuation'] };
}

for (const [how, end] of [['an orderly stop', (hub) => hub.stop()], ['kill -9', (hub) => hub.kill()]]) {
  test(`a query goes on after ${how}, at every page`, async () => {
    const data = temporary_folder();
    const address = own_address();
    let hub = await Hub.start({ data, address });
    try {
      for (let i = 0; i < COUNT; ++i) await make_device(hub, `d${String(i).padStart(2, '0')}`);
      const queries = ["SELECT deviceId FROM devices WHERE STARTSWITH(deviceId, 'd')",
        "SELECT * FROM devices WHERE STARTSWITH(deviceId, 'd')"];
      const seen = queries.map(() => []);
      let tokens = queries.map(() => undefined);
      for (let pages = 0; pages < 5; ++pages) {
        const read = await Promise.all(queries.map((query, i) => page(hub, query, tokens[i])));
        read.forEach(({ rows }, i) => seen[i].push(...rows.map((row) => row.deviceId)));
        tokens = read.map(({ token }) => token);
        await end(hub);
        hub = await Hub.start({ data, address });
      }
      assert.deepEqual(tokens, [undefined, undefined]);
      const all = Array.from({ length: COUNT }, (_, i) => `d${String(i).padStart(2, '0')}`);
      for (const ids of seen) assert.deepEqual(ids, all);
      // A token is of its query, whatever hub asks.
      const { token } = await page(hub, queries[0]);
      const foreign = await rest_of(hub)('POST', '/devices/query', { query: queries[1] }, { 'x-ms-continuation': token });
      assert.deepEqual([foreign.status, foreign.headers['iothub-errorcode']], [400, 'ArgumentInvalid']);
    } finally {
      await hub.kill();
      fs.rmSync(data, { recursive: true, force: true });
    }
  });
}
