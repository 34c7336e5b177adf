// Queries with the service SDK: Registry.createQuery, its pages and continuation tokens, twins that can be worked with,
// and the error that it makes of a bad query.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const context = require('./lib/context');
const { registry, rest, create_device, create_module } = require('./lib/registry');

const skip = context.skip_443;

// Devices of one test, told apart from all others by a tag.
async function fleet(size, tags = () => ({})) {
  const mark = crypto.randomUUID();
  const ids = [];
  for (let i = 0; i < size; i += 1) {
    const { id } = await create_device(`query-${i}`);
    await rest('PATCH', `/twins/${id}`, { tags: { mark, number: i, ...tags(i) } });
    ids.push(id);
  }
  return { ids: ids.sort(), where: `tags.mark = '${mark}'` };
}

// next() without a token begins anew when it returns a promise: a defect of the SDK.
async function all_of(query, next = () => query.next(query.continuationToken)) {
  const out = [];
  while (query.hasMoreResults) out.push(...(await next()).result);
  return out;
}

test('nextAsTwin gives twins, page after page, each once', { skip }, async () => {
  const { ids, where } = await fleet(7);
  for (const size of [1, 2, 7, 100]) {
    const query = registry().createQuery(`SELECT * FROM devices WHERE ${where}`, size);
    const twins = await all_of(query, () => query.nextAsTwin());
    assert.deepEqual(twins.map((twin) => twin.deviceId), ids, `pages of ${size}`);
  }
});

test('a twin from a query can be updated, and the next query sees it', { skip }, async () => {
  const { where } = await fleet(1);
  const query = registry().createQuery(`SELECT * FROM devices WHERE ${where}`);
  const [twin] = (await query.nextAsTwin()).result;
  assert.equal(twin.tags.number, 0);
  for (let i = 1; i <= 20; i += 1) {
    await twin.update({ properties: { desired: { step: i } } });
    assert.equal(twin.properties.desired.step, i);
    const fresh = await registry().createQuery(`SELECT * FROM devices WHERE ${where} AND properties.desired.step = ${i}`).next();
    assert.equal(fresh.result.length, 1, `step ${i} is seen at once`);
  }
});

test('next(continuationToken) goes on in another client', { skip }, async () => {
  const { ids, where } = await fleet(5);
  const text = `SELECT deviceId FROM devices WHERE ${where}`;
  const first = registry().createQuery(text, 2);
  const seen = (await first.next()).result;
  const token = first.continuationToken;
  assert.match(token, /^[!-~]+$/);
  const second = registry().createQuery(text, 2);
  seen.push(...(await second.next(token)).result);
  seen.push(...(await all_of(second)));
  assert.deepEqual(seen.map((row) => row.deviceId), ids);
});

test('a token of another query: ArgumentError', { skip }, async () => {
  const { where } = await fleet(2);
  const first = registry().createQuery(`SELECT * FROM devices WHERE ${where}`, 1);
  await first.next();
  const other = registry().createQuery(`SELECT deviceId FROM devices WHERE ${where}`, 1);
  await assert.rejects(other.next(first.continuationToken), { name: 'ArgumentError' });
});

test('projections, aggregates and groups', { skip }, async () => {
  const { ids, where } = await fleet(4, (i) => ({ site: i < 3 ? 'north' : undefined }));
  const run = (text) => all_of(registry().createQuery(text));
  assert.deepEqual(await run(`SELECT COUNT() AS n, SUM(tags.number) AS s FROM devices WHERE ${where}`), [{ n: 4, s: 6 }]);
  const groups = await run(`SELECT tags.site AS site, COUNT() AS n FROM devices WHERE ${where} GROUP BY tags.site`);
  assert.deepEqual(groups.sort((a, b) => a.n - b.n), [{ n: 1 }, { site: 'north', n: 3 }]);
  const top = await run(`SELECT TOP 2 DeviceID, tags.site FROM devices WHERE ${where}`);
  assert.deepEqual(top.map((row) => row.deviceId), ids.slice(0, 2));
});

test('modules', { skip }, async () => {
  const { id } = await create_device('query');
  await create_module(id, 'one');
  await create_module(id, 'two');
  await rest('PATCH', `/twins/${id}/modules/two`, { tags: { kind: 'second' } });
  const query = registry().createQuery(`SELECT * FROM devices.modules WHERE deviceId = '${id}'`);
  assert.deepEqual((await query.nextAsTwin()).result.map((twin) => twin.moduleId), ['one', 'two']);
  const tagged = await registry().createQuery(`SELECT moduleId FROM devices.modules WHERE deviceId = '${id}' AND tags.kind = 'second'`).next();
  assert.deepEqual(tagged.result, [{ moduleId: 'two' }]);
});

test('a bad query: ArgumentError that says where', { skip }, async () => {
  await assert.rejects(registry().createQuery("SELECT * FROM devices WHERE CONTAINS(deviceId, 'a')").next(), (error) => {
    assert.equal(error.name, 'ArgumentError');
    assert.match(error.responseBody, /Line 1:28 Invalid function 'CONTAINS'/);
    return true;
  });
});

test('a device that is deleted is gone from the next query', { skip }, async () => {
  const { ids, where } = await fleet(3);
  await registry().delete(ids[1]);
  const rows = await all_of(registry().createQuery(`SELECT deviceId FROM devices WHERE ${where}`));
  assert.deepEqual(rows.map((row) => row.deviceId), [ids[0], ids[2]]);
});

test('headers as plain REST shows them', async () => {
  const answer = await rest('POST', '/devices/query', { query: "SELECT * FROM devices.jobs WHERE jobId = 'nobody'" });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['x-ms-item-type'], 'DeviceJob');
  assert.deepEqual(answer.body, []);
});
