// Many identities at once: the service SDK's bulk calls, and what the SDK does not reach over plain REST.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const context = require('./lib/context');
const { registry, rest, random_key } = require('./lib/registry');

const skip = context.skip_443;
const fresh_id = () => `bulk-${crypto.randomUUID()}`;
const fresh_ids = (n) => Array.from({ length: n }, fresh_id);
const named = (ids) => ids.map((deviceId) => ({ deviceId }));
const twin_of = async (id) => (await rest('GET', `/twins/${id}`)).body;
const items = (body) => rest('POST', '/devices', body);

test('addDevices, updateDevices, removeDevices: a hundred at a time', { skip }, async () => {
  const ids = fresh_ids(100);
  const { responseBody: added } = await registry().addDevices(named(ids));
  assert.deepEqual(JSON.parse(JSON.stringify(added)), { isSuccessful: true, errors: [], warnings: [] });
  const { responseBody: one } = await registry().get(ids[42]);
  assert.equal(one.status, 'enabled');
  await registry().updateDevices(ids.map((deviceId) => ({ deviceId, status: 'disabled', statusReason: 'all' })), true);
  const { responseBody: changed } = await registry().get(ids[99]);
  assert.equal(changed.status, 'disabled');
  assert.equal(changed.statusReason, 'all');
  await registry().removeDevices(named(ids), true);
  await assert.rejects(registry().get(ids[0]), { name: 'DeviceNotFoundError' });
});

test('keys that the caller brings are kept', { skip }, async () => {
  const deviceId = fresh_id();
  const symmetricKey = { primaryKey: random_key(), secondaryKey: random_key() };
  await registry().addDevices([{ deviceId, authentication: { symmetricKey } }]);
  assert.deepEqual((await rest('GET', `/devices/${deviceId}`)).body.authentication.symmetricKey, symmetricKey);
});

test('what is there already is an ArgumentError with the whole result, and the others are made', { skip }, async () => {
  const [there, other] = fresh_ids(2);
  await registry().create({ deviceId: there });
  await assert.rejects(registry().addDevices(named([there, other])), (error) => {
    assert.equal(error.name, 'ArgumentError');
    const result = JSON.parse(error.responseBody);
    assert.equal(result.isSuccessful, false);
    assert.deepEqual(result.errors.map(({ deviceId, errorCode }) => [deviceId, errorCode]), [[there, 'DeviceAlreadyExists']]);
    return true;
  });
  assert.equal((await registry().get(other)).responseBody.deviceId, other);
});

test('update and remove with the right etag and a stale one', { skip }, async () => {
  const ids = fresh_ids(2);
  await registry().addDevices(named(ids));
  const read = await Promise.all(ids.map(async (id) => (await registry().get(id)).responseBody));
  const first = read.map((device) => ({ ...device, statusReason: 'once' }));
  await registry().updateDevices(first, false);
  await assert.rejects(registry().updateDevices(first, false), (error) =>
    JSON.parse(error.responseBody).errors.every(({ errorCode }) => errorCode === 'PreconditionFailed'));
  await assert.rejects(registry().removeDevices(read, false), { name: 'ArgumentError' });
  const now = await Promise.all(ids.map(async (id) => (await registry().get(id)).responseBody));
  await registry().removeDevices(now, false);
  assert.equal((await rest('GET', `/devices/${ids[0]}`)).status, 404);
});

test('a hundred and one, and one device twice, are errors of the whole request', { skip }, async () => {
  const ids = fresh_ids(101);
  const over = await items(ids.map((id) => ({ id })));  // the SDK would not send it
  assert.match(over.body.Message, /^ErrorCode:ArgumentInvalid;/);
  await assert.rejects(registry().addDevices(named([ids[0], ids[0]])), (error) =>
    /ErrorCode:DeviceDefinedMultipleTimes;/.test(error.responseBody));
  assert.equal((await rest('GET', `/devices/${ids[0]}`)).status, 404);
});

test('a device comes with its twin, and updateTwin patches it', async () => {
  const id = fresh_id();
  const made = await items([{ id, importMode: 'create', tags: { site: 'x' }, properties: { desired: { a: { b: 1 } } } }]);
  assert.equal(made.status, 200);
  const twin = await twin_of(id);
  assert.deepEqual(twin.tags, { site: 'x' });
  assert.equal(twin.properties.desired.$version, 1);
  assert.equal(twin.etag, 'AAAAAAAAAAE=');
  const patch = { id, importMode: 'updateTwinIfMatchETag', twinETag: twin.etag, tags: { floor: 2 }, properties: { desired: { a: { c: 2 } } } };
  assert.equal((await items([patch])).status, 200);
  const changed = await twin_of(id);
  assert.deepEqual(changed.tags, { site: 'x', floor: 2 });
  assert.deepEqual(changed.properties.desired.a, { b: 1, c: 2 });
  const again = await items([patch]);
  assert.equal(again.status, 400);
  assert.equal(again.headers['iothub-errorcode'], 'BulkRegistryOperationFailure');
});

test('module items', async () => {
  const ids = fresh_ids(2);
  await items(ids.map((id) => ({ id })));
  const module = (id, extra) => ({ id, moduleId: 'm', importMode: 'create', managedBy: 'bulk', ...extra });
  assert.equal((await items(ids.map((id) => module(id, { tags: { t: id } })))).status, 200);
  assert.equal((await rest('GET', `/devices/${ids[1]}/modules/m`)).body.managedBy, 'bulk');
  assert.deepEqual((await rest('GET', `/twins/${ids[1]}/modules/m`)).body.tags, { t: ids[1] });
  const again = await items([module(ids[0])]);
  assert.deepEqual(again.body.errors.map(({ deviceId, moduleId, errorCode }) => [deviceId, moduleId, errorCode]),
    [[ids[0], 'm', 'ModuleAlreadyExistsOnDevice']]);
  assert.equal((await items([{ id: ids[0], moduleId: 'm', importMode: 'delete' }])).status, 200);
  assert.equal((await rest('GET', `/devices/${ids[0]}/modules/m`)).status, 404);
});

test('new keys for many, some of which cannot have them', async () => {
  const [sas, x509, gone] = fresh_ids(3);
  await items([{ id: sas }, { id: x509, authentication: { type: 'certificateAuthority' } }]);
  const before = (await rest('GET', `/devices/${sas}`)).body.authentication.symmetricKey;
  const renew = (policyKey, ids) => rest('POST', '/devices/keys/regenerate', { policyKey, devices: ids.map((id) => ({ id })) });
  const one = await renew('secondaryKey', [sas]);
  assert.equal(one.status, 200);
  const after = (await rest('GET', `/devices/${sas}`)).body.authentication.symmetricKey;
  assert.equal(after.primaryKey, before.primaryKey);
  assert.equal(after.secondaryKey, one.body.rotatedKeys[0].secondaryKey);
  const some = await renew('both', [sas, x509, gone]);
  assert.equal(some.status, 207);
  assert.deepEqual(some.body.errors.map(({ id, errorCode }) => [id, errorCode]),
    [[x509, 'ArgumentInvalid'], [gone, 'DeviceNotFound']]);
  const none = await renew('both', [gone]);
  assert.equal(none.status, 400);
  assert.equal(none.headers['iothub-errorcode'], 'BulkRegenerateDeviceKeyOperationFailure');
});

test('statistics are exact', async () => {
  const read = async () => (await rest('GET', '/statistics/devices')).body;
  const ids = fresh_ids(10);
  const before = await read();
  await items(ids.map((id, i) => ({ id, status: i < 3 ? 'disabled' : 'enabled' })));
  const during = await read();
  assert.equal(during.totalDeviceCount, before.totalDeviceCount + 10);
  assert.equal(during.enabledDeviceCount, before.enabledDeviceCount + 7);
  assert.equal(during.disabledDeviceCount, before.disabledDeviceCount + 3);
  await items(ids.map((id) => ({ id, importMode: 'delete' })));
  assert.deepEqual(await read(), before);
});

test('GET /devices?top', async () => {
  await items(fresh_ids(5).map((id) => ({ id })));
  for (const [top, most] of [['3', 3], ['1', 1]]) {
    assert.equal((await rest('GET', `/devices?top=${top}`)).body.length, most);
  }
  for (const top of ['0', '1001', '-1', 'x', '']) {
    const { status, body } = await rest('GET', `/devices/?top=${top}`);
    assert.equal(status, 200);
    assert.ok(body.length >= 5);
  }
});
