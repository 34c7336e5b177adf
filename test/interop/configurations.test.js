// Automatic configurations and Edge deployments with the service SDK, devices over MQTT that are told, and the requests
// of other SDKs and of `az` as they send them.
'use strict';

const { test, after } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { Client } = require('azure-iot-device');
const { Mqtt } = require('azure-iot-device-mqtt');
const context = require('./lib/context');
const { registry, rest, create_device } = require('./lib/registry');
const { Inbox } = require('./lib/until');

const skip = context.skip_443;
const made = new Set();

function own_id(prefix) {
  const id = `${prefix}-${crypto.randomUUID()}`;
  made.add(id);
  return id;
}
after(async () => {
  for (const id of made) await rest('DELETE', `/configurations/${id}`);
});

const twin_of = async (id, module) => (await rest('GET', `/twins/${id}${module ? `/modules/${module}` : ''}`)).body;

// What twins become follows by itself: the answer of a write does not wait for it.
async function eventually(read, expected, what) {
  let seen;
  for (let i = 0; i < 400; i += 1) {
    seen = await read();
    try {
      assert.deepEqual(seen, expected);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
  assert.deepEqual(seen, expected, what);
}
const statuses_become = (id, expected, module) =>
  eventually(async () => (await twin_of(id, module)).configurations, expected, `configurations of ${id}`);

async function open_device(device) {
  const client = Client.fromConnectionString(device.connection_string, Mqtt);
  client.setOptions({ ca: context.ca });
  await client.open();
  const twin = await client.getTwin();
  const changes = new Inbox();
  twin.on('properties.desired', (delta) => changes.push(delta));
  return { client, twin, changes };
}

const base = {
  $edgeAgent: { 'properties.desired': { schemaVersion: '1.1', runtime: { type: 'docker' },
    modules: { temp: { version: '1.0', type: 'docker' } } } },
  $edgeHub: { 'properties.desired': { schemaVersion: '1.1', routes: { up: 'FROM /* INTO $upstream' } } },
  temp: { 'properties.desired': { interval: 5 } },
};

test('a configuration from addConfiguration to removeConfiguration, and a device that follows', { skip }, async () => {
  const mark = crypto.randomUUID();
  const device = await create_device('config');
  await rest('PATCH', `/twins/${device.id}`, { tags: { mark }, properties: { desired: { own: 1 } } });
  const id = own_id('fw');
  const { client, changes } = await open_device(device);
  assert.equal((await changes.next()).own, 1, 'the SDK begins with the whole of it');
  try {
    const added = (await registry().addConfiguration({
      id, content: { deviceContent: { 'properties.desired.fw': { version: '2.0' } } },
      targetCondition: `tags.mark = '${mark}'`, priority: 3, labels: { who: 'test' },
      metrics: { queries: { mine: `SELECT deviceId FROM devices WHERE tags.mark = '${mark}'` } },
    })).responseBody;
    assert.equal(added.etag, 'MQ==');
    assert.deepEqual(added.labels, { who: 'test' });
    assert.deepEqual((await changes.next()).fw, { version: '2.0' });
    await statuses_become(device.id, { [id]: { status: 'Applied' } });

    const shown = (await registry().getConfiguration(id)).responseBody;
    assert.deepEqual(shown.systemMetrics.results, { targetedCount: 1, appliedCount: 1 });
    assert.deepEqual(shown.metrics.results, { mine: 1 });
    const all = (await registry().getConfigurations()).responseBody;
    assert.deepEqual(all.find((c) => c.id === id), shown);

    shown.priority = 5;
    shown.targetCondition = '';
    const updated = (await registry().updateConfiguration(shown)).responseBody;
    assert.equal(updated.etag, 'Mg==');
    assert.equal(updated.createdTimeUtc, added.createdTimeUtc);
    await statuses_become(device.id, undefined);
    assert.deepEqual((await twin_of(device.id)).properties.desired.fw, { version: '2.0' }, 'what was applied stays');
    await assert.rejects(registry().updateConfiguration({ ...shown, etag: 'MQ==' }), { name: 'InvalidEtagError' });
    await registry().updateConfiguration({ ...shown, etag: undefined }, true);

    await registry().removeConfiguration(id);
    made.delete(id);
    await assert.rejects(registry().getConfiguration(id), /Not found/);
  } finally {
    await client.close();
  }
});

test('reported properties withdraw it, and a device that comes later gets it', { skip }, async () => {
  const mark = crypto.randomUUID().slice(0, 8);
  const id = own_id('level');
  await registry().addConfiguration({
    id, content: { deviceContent: { 'properties.desired.alarm': true } },
    targetCondition: `STARTSWITH(deviceId, 'level-${mark}') AND properties.reported.level > 5`, priority: 1,
  });
  const device = await create_device(`level-${mark}`);
  const { client, twin, changes } = await open_device(device);
  try {
    await changes.next();
    const report = (patch) => new Promise((resolve, reject) =>
      twin.properties.reported.update(patch, (error) => (error ? reject(error) : resolve())));
    await report({ level: 9 });
    assert.equal((await changes.next()).alarm, true);
    await statuses_become(device.id, { [id]: { status: 'Applied' } });
    await report({ level: 1 });
    await statuses_become(device.id, undefined);
    assert.equal((await twin_of(device.id)).properties.desired.$version, 2, 'written once');
  } finally {
    await client.close();
  }
});

test('the errors that the SDK makes', { skip }, async () => {
  const id = own_id('bad');
  const content = { deviceContent: { 'properties.desired.a': 1 } };
  const add = (rest_of_it) => registry().addConfiguration({ id, content, targetCondition: '', ...rest_of_it });
  await assert.rejects(add({ targetCondition: "status = 'enabled'" }), (error) => {
    assert.equal(error.name, 'ArgumentError');
    assert.match(error.responseBody, /ErrorCode:InvalidConfigurationTargetCondition;Invalid targetCondition\. It must be a filter/);
    return true;
  });
  await assert.rejects(add({ content: { deviceContent: { 'properties.reported': {} } } }), { name: 'ArgumentError' });
  await add({});
  await assert.rejects(add({}), { name: 'DeviceAlreadyExistsError' });
});

test('an Edge deployment, a layered one on top of it, and set-modules in between', { skip }, async () => {
  const mark = crypto.randomUUID();
  const gateway = await create_device('gw', { capabilities: { iotEdge: true } });
  await rest('PATCH', `/twins/${gateway.id}`, { tags: { mark } });
  const modules = async () => (await rest('GET', `/devices/${gateway.id}/modules`)).body.map((m) => m.moduleId).sort();
  await registry().applyConfigurationContentOnDevice(gateway.id, { modulesContent: { ...base, other: {} } });
  assert.deepEqual(await modules(), ['$edgeAgent', '$edgeHub', 'other', 'temp'], 'done when it is answered');
  assert.equal((await twin_of(gateway.id, 'temp')).properties.desired.interval, 5);

  const dep = own_id('dep');
  const layer = own_id('layer');
  const targetCondition = `tags.mark = '${mark}'`;
  await registry().addConfiguration({ id: dep, schemaVersion: '2.0', content: { modulesContent: base }, targetCondition, priority: 1 });
  await statuses_become(gateway.id, { [dep]: { status: 'Applied' } });
  assert.deepEqual(await modules(), ['$edgeAgent', '$edgeHub', 'temp']);
  await registry().addConfiguration({ id: layer, targetCondition, priority: 2, content: { modulesContent: {
    $edgeAgent: { 'properties.desired.modules.filter': { version: '1.0' } },
    $edgeHub: { 'properties.desired.routes.more': 'FROM /a INTO $upstream' }, filter: { 'properties.desired': { x: 1 } },
  } } });
  await statuses_become(gateway.id, { [dep]: { status: 'Applied' }, [layer]: { status: 'Applied' } });
  assert.deepEqual(await modules(), ['$edgeAgent', '$edgeHub', 'filter', 'temp']);
  const agent = await twin_of(gateway.id, '$edgeAgent');
  assert.deepEqual(Object.keys(agent.properties.desired.modules), ['temp', 'filter']);
  assert.deepEqual(agent.configurations, { [dep]: { status: 'Applied' }, [layer]: { status: 'Applied' } });
  const shown = (await registry().getConfiguration(dep)).responseBody;
  assert.deepEqual(shown.systemMetrics.results,
    { targetedCount: 1, appliedCount: 1, reportedSuccessfulCount: 0, reportedFailedCount: 0 });
  for (const text of Object.values(shown.systemMetrics.queries)) {
    assert.ok(Array.isArray((await registry().createQuery(text).next()).result), text);
  }
  await registry().removeConfiguration(layer);
  await statuses_become(gateway.id, { [dep]: { status: 'Applied' } });
  assert.deepEqual(await modules(), ['$edgeAgent', '$edgeHub', 'temp']);
  await assert.rejects(registry().applyConfigurationContentOnDevice((await create_device('leaf')).id,
    { modulesContent: base }), (error) => error.name === 'ArgumentError' && /Not an Azure IoT Edge device/.test(error.responseBody));
});

test('testQueries', { skip }, async () => {
  const ask = (condition, queries) => rest('POST', '/configurations/testQueries',
    { targetCondition: condition, customMetricQueries: queries });
  const good = await ask('tags.a = 1', { m: 'SELECT deviceId FROM devices' });
  assert.deepEqual([good.status, good.body], [200, {}]);
  const bad = (await ask('*', { m: 'select *' })).body;
  assert.match(bad.targetConditionError, /./);
  assert.deepEqual(Object.keys(bad.customMetricQueryErrors), ['m']);
});

// As they are on the wire; the SDKs themselves are not run.
test('what az sends: a body with etag * and no If-Match, lower case ids, select * as a metric', async () => {
  const id = own_id('az');
  const body = { id, schemaVersion: '2.0', labels: {}, content: { deviceContent: { 'properties.desired.a': 1 } },
    contentType: 'assignment', targetCondition: "tags.building=9 and tags.environment='test'", priority: 3,
    systemMetrics: null, metrics: { queries: { mymetric: 'select *' } }, etag: '*' };
  const create = await rest('PUT', `/configurations/${id}`, body, { Accept: 'application/json' });
  assert.equal(create.status, 200);
  assert.equal(create.headers.etag, '"MQ=="');
  assert.equal((await rest('PUT', `/configurations/${id}`, body)).status, 409);
  const shown = (await rest('GET', `/configurations/${id}`)).body;
  assert.deepEqual(Object.keys(shown.content), ['deviceContent']);
  assert.deepEqual(shown.metrics, { results: { mymetric: 0 }, queries: { mymetric: 'select *' } });
  const update = await rest('PUT', `/configurations/${id}`, { ...shown, priority: 9 }, { 'If-Match': `"${shown.etag}"` });
  assert.deepEqual([update.status, update.body.priority, update.body.etag], [200, 9, 'Mg==']);
  assert.equal((await rest('DELETE', `/configurations/${id}`, undefined, { 'If-Match': `"${shown.etag}"` })).status, 412);
  const gone = await rest('DELETE', `/configurations/${id}`, undefined, { 'If-Match': '"*"' });
  assert.deepEqual([gone.status, gone.text], [204, '']);
});

test('what Python sends: If-Match without quotes, * to delete', async () => {
  const id = own_id('py');
  const body = { id, schemaVersion: null, labels: null, content: { deviceContent: { 'properties.desired.a': 1 } },
    targetCondition: '*', createdTimeUtc: null, lastUpdatedTimeUtc: null, priority: 0, systemMetrics: null, metrics: null, etag: null };
  const created = (await rest('PUT', `/configurations/${id}`, { ...body, targetCondition: '' })).body;
  const updated = await rest('PUT', `/configurations/${id}`, { ...created, priority: 4 }, { 'If-Match': created.etag });
  assert.deepEqual([updated.status, updated.body.priority], [200, 4]);
  assert.equal((await rest('DELETE', `/configurations/${id}`, undefined, { 'If-Match': '*' })).status, 204);
});

test('what C# sends: a trailing slash in lists, quoted tags, results in the body', async () => {
  const id = own_id('cs');
  const body = { id, schemaVersion: '1.0', labels: { a: 'b' }, content: { deviceContent: { 'properties.desired.chillerWaterPump': { state: 'on' } } },
    targetCondition: '', createdTimeUtc: '0001-01-01T00:00:00', lastUpdatedTimeUtc: '0001-01-01T00:00:00', priority: 2,
    systemMetrics: { results: {}, queries: {} }, metrics: { results: {}, queries: {} }, etag: null };
  const created = await rest('PUT', `/configurations/${id}`, body);
  assert.equal(created.status, 200);
  const list = await rest('GET', '/configurations/?top=20');
  assert.ok(list.body.some((c) => c.id === id));
  for (const text of ['createdTimeUtc', 'lastUpdatedTimeUtc']) assert.match(created.body[text], /^\d{4}-.*Z$/);
  assert.equal((await rest('PUT', `/configurations/${id}`, body, { 'If-Match': '"MQ=="' })).headers.etag, '"Mg=="');
});
