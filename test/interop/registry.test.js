// The service SDK's Registry: identities, ETags, policies and the error types that it makes of our answers.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { errors } = require('azure-iot-common');
const context = require('./lib/context');
const { registry, rest, random_key } = require('./lib/registry');

const skip = context.skip_443;
// removeModule(module) without a callback throws: a defect of the SDK.
const callback = (call) => new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))));
const fresh_id = () => `reg-${crypto.randomUUID()}`;

test('create answers the whole identity, get reads it back', { skip }, async () => {
  const deviceId = fresh_id();
  const { responseBody: made } = await registry().create({ deviceId, status: 'enabled' });
  assert.equal(made.deviceId, deviceId);
  assert.equal(made.status, 'enabled');
  assert.equal(made.connectionState, 'Disconnected');
  assert.equal(made.authentication.type, 'sas');
  for (const key of ['primaryKey', 'secondaryKey']) {
    const bytes = Buffer.from(made.authentication.symmetricKey[key], 'base64');
    assert.ok(bytes.length >= 16 && bytes.length <= 64, `${key} has ${bytes.length} bytes`);
  }
  assert.match(made.generationId, /^\d+$/);
  assert.ok(made.etag);
  const { responseBody: read } = await registry().get(deviceId);
  assert.deepEqual(JSON.parse(JSON.stringify(read)), JSON.parse(JSON.stringify(made)));
});

test('keys that the caller brings are kept', { skip }, async () => {
  const symmetricKey = { primaryKey: random_key(), secondaryKey: random_key() };
  const { responseBody } = await registry().create({ deviceId: fresh_id(), authentication: { symmetricKey } });
  assert.equal(responseBody.authentication.symmetricKey.primaryKey, symmetricKey.primaryKey);
  assert.equal(responseBody.authentication.symmetricKey.secondaryKey, symmetricKey.secondaryKey);
});

test('a thumbprint identity keeps its thumbprints and has no symmetric keys', { skip }, async () => {
  const primaryThumbprint = 'A'.repeat(40);
  const authentication = { type: 'selfSigned', x509Thumbprint: { primaryThumbprint, secondaryThumbprint: primaryThumbprint } };
  const { responseBody } = await registry().create({ deviceId: fresh_id(), authentication });
  assert.equal(responseBody.authentication.type, 'selfSigned');
  assert.equal(responseBody.authentication.x509Thumbprint.primaryThumbprint, primaryThumbprint);
  assert.equal(responseBody.authentication.symmetricKey?.primaryKey ?? null, null);
});

test('ids with every legal character survive the path', { skip }, async () => {
  const deviceId = `Odd-.+%_#*?!(),=@$'${crypto.randomUUID()}`;
  await registry().create({ deviceId });
  const { responseBody } = await registry().get(deviceId);
  assert.equal(responseBody.deviceId, deviceId);
  await registry().delete(deviceId);
});

test('update replaces, changes the etag and the status time', { skip }, async () => {
  const deviceId = fresh_id();
  const { responseBody: made } = await registry().create({ deviceId });
  const { responseBody: changed } = await registry().update({ deviceId, status: 'disabled', statusReason: 'maintenance' });
  assert.equal(changed.status, 'disabled');
  assert.equal(changed.statusReason, 'maintenance');
  assert.notEqual(changed.etag, made.etag);
  assert.equal(changed.generationId, made.generationId);
  assert.ok(changed.statusUpdatedTime > made.statusUpdatedTime);
});

test('delete, then get: DeviceNotFoundError', { skip }, async () => {
  const deviceId = fresh_id();
  await registry().create({ deviceId });
  const { httpResponse } = await registry().delete(deviceId);
  assert.equal(httpResponse.statusCode, 204);
  await assert.rejects(registry().get(deviceId), (error) => {
    assert.ok(error instanceof errors.DeviceNotFoundError || error.name === 'DeviceNotFoundError', error.name);
    assert.match(error.responseBody, /ErrorCode:DeviceNotFound;/);
    return true;
  });
});

test('a deleted device made anew has another generation', { skip }, async () => {
  const deviceId = fresh_id();
  const { responseBody: first } = await registry().create({ deviceId });
  await registry().delete(deviceId);
  const { responseBody: second } = await registry().create({ deviceId });
  assert.notEqual(second.generationId, first.generationId);
});

for (const [what, call] of [
  ['update', (id) => registry().update({ deviceId: id, status: 'disabled' })],
  ['delete', (id) => registry().delete(id)],
]) {
  test(`${what} of an unknown device: DeviceNotFoundError`, { skip }, async () => {
    await assert.rejects(call(fresh_id()), { name: 'DeviceNotFoundError' });
  });
}

test('create of an existing device: DeviceAlreadyExistsError', { skip }, async () => {
  const deviceId = fresh_id();
  await registry().create({ deviceId });
  await assert.rejects(registry().create({ deviceId }), { name: 'DeviceAlreadyExistsError' });
});

test('an illegal id and a short key: ArgumentError', { skip }, async () => {
  await assert.rejects(registry().create({ deviceId: 'has space' }), { name: 'ArgumentError' });
  await assert.rejects(registry().create({ deviceId: 'x'.repeat(129) }), { name: 'ArgumentError' });
  const symmetricKey = { primaryKey: 'c2hvcnQ=', secondaryKey: 'c2hvcnQ=' };
  await assert.rejects(registry().create({ deviceId: fresh_id(), authentication: { symmetricKey } }), { name: 'ArgumentError' });
});

test('an id of 128 characters is the longest', { skip }, async () => {
  const deviceId = `${fresh_id()}-`.padEnd(128, 'x');
  const { responseBody } = await registry().create({ deviceId });
  assert.equal(responseBody.deviceId.length, 128);
});

test('list holds created devices', { skip }, async () => {
  const ids = [fresh_id(), fresh_id()];
  for (const deviceId of ids) await registry().create({ deviceId });
  const { responseBody } = await registry().list();
  const listed = new Set(responseBody.map((device) => device.deviceId));
  for (const id of ids) assert.ok(listed.has(id) || responseBody.length === 1000);
});

test('modules: create, get, list, update with right and stale etag, delete', { skip }, async () => {
  const deviceId = fresh_id();
  await registry().create({ deviceId });
  const { responseBody: made } = await registry().addModule({ deviceId, moduleId: 'm1' });
  assert.equal(made.moduleId, 'm1');
  assert.equal(made.deviceId, deviceId);
  await registry().addModule({ deviceId, moduleId: 'm2' });
  const { responseBody: all } = await registry().getModulesOnDevice(deviceId);
  assert.deepEqual(all.map((module) => module.moduleId).sort(), ['m1', 'm2']);
  const { responseBody: changed } = await registry().updateModule({ ...made, managedBy: 'tests' }, false);
  assert.equal(changed.managedBy, 'tests');
  assert.notEqual(changed.etag, made.etag);
  await assert.rejects(registry().updateModule({ ...made, managedBy: 'stale' }, false), { name: 'InvalidEtagError' });
  await assert.rejects(callback((done) => registry().removeModule(made, done)), { name: 'InvalidEtagError' });
  await registry().removeModule(deviceId, 'm1');
  await assert.rejects(registry().getModule(deviceId, 'm1'), (error) => /ModuleNotFound/.test(error.responseBody));
  const { responseBody: left } = await registry().getModulesOnDevice(deviceId);
  assert.deepEqual(left.map((module) => module.moduleId), ['m2']);
});

test('a module twice: DeviceAlreadyExistsError (409); on an unknown device: DeviceNotFoundError', { skip }, async () => {
  const deviceId = fresh_id();
  await registry().create({ deviceId });
  await registry().addModule({ deviceId, moduleId: 'm' });
  await assert.rejects(registry().addModule({ deviceId, moduleId: 'm' }), (error) => {
    assert.equal(error.name, 'DeviceAlreadyExistsError');
    return /ModuleAlreadyExistsOnDevice/.test(error.responseBody);
  });
  await assert.rejects(registry().addModule({ deviceId: fresh_id(), moduleId: 'm' }), { name: 'DeviceNotFoundError' });
});

test('deleting a device deletes its modules', { skip }, async () => {
  const deviceId = fresh_id();
  await registry().create({ deviceId });
  await registry().addModule({ deviceId, moduleId: 'm' });
  await registry().delete(deviceId);
  await registry().create({ deviceId });
  assert.deepEqual((await registry().getModulesOnDevice(deviceId)).responseBody, []);
});

test('an etag the service REST way: right one passes, stale one is 412', async () => {
  const deviceId = fresh_id();
  const made = (await rest('PUT', `/devices/${deviceId}`, { deviceId })).body;
  const body = { ...made, statusReason: 'once' };
  const right = await rest('PUT', `/devices/${deviceId}`, body, { 'If-Match': `"${made.etag}"` });
  assert.equal(right.status, 200);
  const stale = await rest('PUT', `/devices/${deviceId}`, body, { 'If-Match': `"${made.etag}"` });
  assert.equal(stale.status, 412);
  assert.match(stale.body.Message, /^ErrorCode:PreconditionFailed;/);
  assert.equal((await rest('DELETE', `/devices/${deviceId}`, undefined, { 'If-Match': `"${made.etag}"` })).status, 412);
  assert.equal((await rest('DELETE', `/devices/${deviceId}`)).status, 412);
  assert.equal((await rest('DELETE', `/devices/${deviceId}`, undefined, { 'If-Match': right.body.etag })).status, 204);
});

test('registryRead reads and may not write', { skip }, async () => {
  const deviceId = fresh_id();
  await registry('registryReadWrite').create({ deviceId });
  assert.equal((await registry('registryRead').get(deviceId)).responseBody.deviceId, deviceId);
  for (const write of [
    () => registry('registryRead').create({ deviceId: fresh_id() }),
    () => registry('registryRead').update({ deviceId, status: 'disabled' }),
    () => registry('registryRead').delete(deviceId),
    () => registry('registryRead').addModule({ deviceId, moduleId: 'm' }),
  ]) await assert.rejects(write(), { name: 'UnauthorizedError' });
});

test('device and service policies may not touch the registry', { skip }, async () => {
  for (const policy of ['device', 'service']) {
    await assert.rejects(registry(policy).create({ deviceId: fresh_id() }), { name: 'UnauthorizedError' });
  }
});

test('a wrong key: UnauthorizedError', { skip }, async () => {
  const { Registry } = require('azure-iothub');
  const forged = `HostName=${context.host};SharedAccessKeyName=iothubowner;SharedAccessKey=${random_key()}`;
  await assert.rejects(Registry.fromConnectionString(forged).list(), { name: 'UnauthorizedError' });
});

test('fifty creates at once all succeed', { skip }, async () => {
  const made = await Promise.all(Array.from({ length: 50 }, () => registry().create({ deviceId: fresh_id() })));
  assert.equal(new Set(made.map(({ responseBody }) => responseBody.etag)).size > 0, true);
  assert.equal(new Set(made.map(({ responseBody }) => responseBody.deviceId)).size, 50);
});
