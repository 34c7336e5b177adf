// Device and module twins with the official SDKs, and with plain REST and MQTT where a library would say no more than
// "it works".
'use strict';

const { test, describe } = require('node:test');
const assert = require('node:assert/strict');
const { Mqtt, MqttWs } = require('azure-iot-device-mqtt');
const { Registry } = require('azure-iothub');
const context = require('./lib/context');
const { create_device, create_module, rest } = require('./lib/registry');
const { connected } = require('./lib/mqtt_device');
const { TwinClient } = require('./lib/mqtt_twin');
const { define_twin_tests, twin_path, read } = require('./lib/sdk_twins');

const registry = () => Registry.fromConnectionString(context.strings.service);

define_twin_tests([['MQTT', Mqtt, false], ['MQTT over WebSocket', MqttWs, context.skip_443]]);

describe('the service SDK', { skip: context.skip_443 }, () => {
  test('getTwin and update, with the right etag and a stale one', async () => {
    const device = await create_device('svc');
    const { responseBody: fresh } = await registry().getTwin(device.id);
    assert.equal(fresh.etag, 'AAAAAAAAAAE=');
    assert.equal(fresh.version, 2);
    await fresh.update({ tags: { room: 7 }, properties: { desired: { a: 1, b: 2 } } });
    assert.deepEqual(fresh.tags, { room: 7 });
    assert.equal(fresh.etag, 'AAAAAAAAAAI=');
    const stale = await registry().updateTwin(device.id, { tags: { room: 8 } }, 'AAAAAAAAAAE=').then(() => null, (e) => e);
    assert.equal(stale?.name, 'InvalidEtagError');
    const { responseBody: right } = await registry().updateTwin(device.id, { tags: { room: 8 } }, fresh.etag);
    assert.deepEqual(right.tags, { room: 8 });
    const { responseBody: any } = await registry().updateTwin(device.id, { properties: { desired: { a: null } } }, '*');
    assert.equal(any.properties.desired.a, undefined);
    assert.equal(any.properties.desired.b, 2);
    assert.equal(any.properties.desired.$version, 3);
  });

  test('module twins', async () => {
    const { id } = await create_device('svc');
    await create_module(id, 'm');
    const { responseBody: twin } = await registry().getModuleTwin(id, 'm');
    assert.equal(twin.moduleId, 'm');
    const { responseBody: changed } = await registry().updateModuleTwin(id, 'm', { properties: { desired: { x: 1 } } }, twin.etag);
    assert.equal(changed.properties.desired.x, 1);
    await assert.rejects(registry().getModuleTwin(id, 'none'), { name: 'DeviceNotFoundError' });
  });

  test('an unknown device, a bad value and the wrong policy have their error types', async () => {
    const { id } = await create_device('svc');
    await assert.rejects(registry().getTwin('nobody-at-all'), { name: 'DeviceNotFoundError' });
    await assert.rejects(registry().updateTwin(id, { tags: { 'a b': 1 } }, '*'), { name: 'ArgumentError' });
    const wrong = Registry.fromConnectionString(context.strings.registryReadWrite);
    await assert.rejects(wrong.getTwin(id), { name: 'UnauthorizedError' });
  });
});

test('number spelling and key order survive, both ways', async () => {
  const device = await create_device('spell');
  const client = await TwinClient.connect(device);
  const text = '{"z":1.0,"a":1e2,"m":{"y":-0,"b":40.098010},"n":[1.10,2E+3]}';
  assert.equal((await client.report(text)).status, 204);
  const seen = await rest('GET', twin_path(device));
  assert.ok(seen.text.includes('"reported":{"z":1.0,"a":1e2,"m":{"y":-0,"b":40.098010},"n":[1.10,2E+3],"$metadata"'), seen.text);
  const put = await rest('PUT', twin_path(device), undefined, {}, `{"properties":{"desired":${text}}}`);
  assert.equal(put.status, 200);
  assert.equal((await client.get()).text, `{"desired":${text.slice(0, -1)},"$version":2},"reported":${text.slice(0, -1)},"$version":2}}`);
  await client.close();
});

test('every answer has the ETag of its body, in quotes', async () => {
  const device = await create_device('etag');
  for (const [method, body] of [['GET'], ['PATCH', { tags: { a: 1 } }], ['PUT', {}]]) {
    const answer = await rest(method, twin_path(device), body);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.etag, `"${answer.body.etag}"`);
    assert.match(answer.headers['content-type'], /application\/json/);
  }
  const bare = await rest('PATCH', twin_path(device), {}, { 'If-Match': 'AAAAAAAAAAA=' });
  assert.equal(bare.status, 200, 'a tag without quotes is ignored');
  const quoted = await rest('PATCH', twin_path(device), {}, { 'If-Match': '"AAAAAAAAAAA="' });
  assert.equal(quoted.status, 412);
  assert.match(quoted.body.Message, /^ErrorCode:PreconditionFailed;/);
  const { etag } = (await rest('PUT', twin_path(device), { tags: { b: 1 } }, { 'If-Match': `"${bare.body.etag}"` })).body;
  assert.equal((await rest('PUT', twin_path(device), {}, { 'If-Match': `"${bare.body.etag}"` })).status, 412);
  assert.notEqual(etag, bare.body.etag);
  const java = await rest('POST', twin_path(device), { tags: { j: 1 } }, { 'X-HTTP-Method-Override': 'PATCH' });
  assert.deepEqual(java.body.tags, { b: 1, j: 1 });
});

test('limits: size, depth, names, integers, at and past the edge', async () => {
  const device = await create_device('limit');
  const fields = (n) => Object.fromEntries(Array.from({ length: n }, (_, i) => [String.fromCharCode(97 + i), 'x'.repeat(4095)]));
  const nested = (n) => JSON.parse('{"o":'.repeat(n) + '{"leaf":1}' + '}'.repeat(n));
  for (const [fine, refused] of [
    [{ tags: fields(2) }, { tags: fields(3) }],
    [{ properties: { desired: fields(8) } }, { properties: { desired: fields(9) } }],
    [{ tags: null, properties: { desired: { x: null } } }, { tags: { x: [null] } }],
    [{ tags: nested(10) }, { tags: nested(11) }],
    [{ tags: { i: 4503599627370495 } }, { tags: { i: 4503599627370496 } }],
    [{ tags: { ['n'.repeat(1024)]: null } }, { tags: { ['n'.repeat(1025)]: 1 } }],
    [{ tags: { '': 1 } }, { tags: { a$b: 1 } }],
  ]) {
    const yes = await rest('PATCH', twin_path(device), fine);
    assert.equal(yes.status, 200, yes.text.slice(0, 200));
    const no = await rest('PATCH', twin_path(device), refused);
    assert.equal(no.status, 400);
    assert.equal(no.headers['iothub-errorcode'], 'ArgumentInvalid');
  }
});

test('a device over MQTT meets 32 KB of reported properties, and the answer still fits', async () => {
  const device = await create_device('big');
  const client = await TwinClient.connect(device);
  for (let i = 0; i < 8; ++i) {
    assert.equal((await client.report(JSON.stringify({ [`${i}`]: 'é'.repeat(2048), [`${i}b`]: 'x'.repeat(2040) }))).status, 204);
  }
  const over = await client.report(JSON.stringify({ more: 'x'.repeat(100) }));
  assert.equal(over.status, 400);
  assert.equal(over.body.errorCode, 400004);
  assert.equal(over.body.message, 'The size of properties.reported should be maximum 32768 bytes.');
  assert.equal((await client.get()).body.reported.$version, 9);
  await client.close();
});

test('version = etag counter + reported version, and reports do not move the etag', async () => {
  const device = await create_device('inv');
  const client = await TwinClient.connect(device);
  const counter = (twin) => Number(Buffer.from(twin.etag, 'base64').readBigUInt64BE());
  for (let i = 0; i < 5; ++i) {
    const before = await read(device);
    await client.report(JSON.stringify({ i }));
    const after = await read(device);
    assert.equal(after.etag, before.etag);
    assert.equal(after.version, counter(after) + after.properties.reported.$version);
    assert.equal((await rest('PATCH', twin_path(device), { tags: { i } })).body.version, after.version + 1);
  }
  await client.close();
});

test('the model of the connect is in the twin', async () => {
  const device = await create_device('model');
  const user = `${context.host}/${device.id}/?api-version=2021-04-12&model-id=dtmi:com:example:Thermostat;1`;
  const client = await connected(device, { user });
  assert.equal((await read(device)).modelId, 'dtmi:com:example:Thermostat;1');
  await client.disconnect();
});

test('an identity that is made anew has a fresh twin', async () => {
  const device = await create_device('again');
  await rest('PATCH', twin_path(device), { tags: { old: 1 }, properties: { desired: { old: 1 } } });
  await rest('DELETE', `/devices/${device.id}`, undefined, { 'If-Match': '*' });
  assert.equal((await rest('GET', twin_path(device))).status, 404);
  await rest('PUT', `/devices/${device.id}`, { deviceId: device.id });
  const fresh = await read(device);
  assert.equal(fresh.etag, 'AAAAAAAAAAE=');
  assert.equal(fresh.tags, undefined);
  assert.equal(fresh.properties.desired.$version, 1);
  assert.equal(fresh.properties.desired.$metadata.$lastUpdated.slice(0, 4), `${new Date().getUTCFullYear()}`);
});
