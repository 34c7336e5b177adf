// The conformance checklist of the service API, line by line (reference/service-rest.md §23). A line that another suite
// holds says which.
'use strict';

const { test, describe } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const https = require('node:https');
const path = require('node:path');
const context = require('./lib/context');
const { rest } = require('./lib/registry');
const { described } = require('./lib/client');
const { sas_raw, signature, FAR_FUTURE } = require('./lib/sas');
const { TwinClient } = require('./lib/mqtt_twin');

const fresh_id = () => `check-${crypto.randomUUID()}`;
const json_type = /^application\/json; charset=utf-8$/;

async function made(extra = {}) {
  const id = fresh_id();
  const answer = await rest('PUT', `/devices/${id}`, { deviceId: id, ...extra });
  assert.equal(answer.status, 200, answer.text);
  return { id, identity: answer.body, etag: answer.body.etag };
}

async function queried(text, headers = {}) {
  const answer = await rest('POST', '/devices/query', { query: text }, headers);
  assert.equal(answer.status, 200, answer.text);
  return answer;
}

// With a token of the test's own making.
function get_with(authorization, target) {
  return new Promise((resolve, reject) => {
    https.get({ host: context.host, port: context.info.ports.https, ca: context.ca, path: `${target}?api-version=2021-04-12`,
      headers: { Authorization: authorization } }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    }).on('error', reject);
  });
}

// A file in which the line is tested, and what to look for in it.
function held_by(file, mark) {
  return (t) => {
    const name = path.join(__dirname, file);
    if (!fs.existsSync(name)) return t.skip(`${file} is not here yet`);
    assert.ok(fs.readFileSync(name, 'utf8').includes(mark), `${file} has nothing of ${mark}`);
  };
}

describe('1 PUT device 200, DELETE 204, PATCH digital twin 202; apply 204; jobs 200', () => {
  test('devices, modules and digital twins', async () => {
    const { id } = await made();
    assert.equal((await rest('PUT', `/devices/${id}/modules/m`, {})).status, 200);
    assert.equal((await rest('PATCH', `/digitaltwins/${id}`, [])).status, 202);
    for (const target of [`/devices/${id}/modules/m`, `/devices/${id}`]) {
      const gone = await rest('DELETE', target, undefined, { 'If-Match': '*' });
      assert.deepEqual([gone.status, gone.text], [204, '']);
    }
  });
  test('apply', held_by('golden/az-iot/edge-set-modules.http', '<<< 204'));
  test('jobs', held_by('golden/az-iot/jobs.http', '>>> PUT /jobs/v2/'));
});

describe('2 x-ms-item-type in Pascal case; no x-ms-continuation on the last page', () => {
  test('twins, rows, pages, nothing', async () => {
    const [a, b] = [await made(), await made()];
    const where = `WHERE deviceId IN ['${a.id}', '${b.id}']`;
    assert.equal((await queried(`SELECT * FROM devices ${where}`)).headers['x-ms-item-type'], 'Twin');
    const rows = await queried(`SELECT deviceId FROM devices ${where}`, { 'x-ms-max-item-count': '1' });
    assert.equal(rows.headers['x-ms-item-type'], 'Raw');
    assert.ok(rows.headers['x-ms-continuation']);
    const last = await queried(`SELECT deviceId FROM devices ${where}`,
      { 'x-ms-max-item-count': '1', 'x-ms-continuation': rows.headers['x-ms-continuation'] });
    assert.equal(last.body.length, 1);
    const nothing = await queried(`SELECT * FROM devices WHERE deviceId = '${fresh_id()}'`);
    assert.deepEqual([nothing.text, nothing.headers['x-ms-item-type']], ['[]', 'Twin']);
    for (const answer of [last, nothing]) assert.ok(!('x-ms-continuation' in answer.headers));
  });
  test('jobs', held_by('golden/az-iot/jobs.http', 'x-ms-item-type: JobResponse'));
});

test('3 /jobs/v2/query is an array', held_by('golden/az-iot/jobs.http', '>>> GET /jobs/v2/query?'));
test('4 a job that nobody knows is unknown, with 200', held_by('golden/az-iot/jobs.http', '"status":"unknown"'));

test('5 errors: E1, iothub-errorcode, JSON always, one semicolon', async () => {
  for (const [method, target, body, status, name] of [
    ['GET', `/devices/${encodeURIComponent(`${fresh_id()};a;b`)}`, undefined, 404, 'DeviceNotFound'],
    ['GET', '/no/such/thing', undefined, 404, 'GenericNotFound'],
    ['PATCH', '/devices/x', undefined, 405, 'GenericMethodNotAllowed'],
    ['POST', '/devices/query', { query: "SELECT ;'; FROM" }, 400, 'ArgumentInvalid'],
    ['PATCH', '/twins/nobody', [], 400, 'IotHubFormatError'],
  ]) {
    const answer = await rest(method, target, body);
    assert.deepEqual([answer.status, answer.headers['iothub-errorcode']], [status, name]);
    assert.match(answer.headers['content-type'], json_type);
    const { Message, ExceptionMessage } = answer.body;
    assert.deepEqual(Message.split(';').length, 2, Message);
    assert.ok(Message.startsWith(`ErrorCode:${name};`));
    assert.match(ExceptionMessage, /^Tracking ID:[0-9a-f]{32}-G:\d+-TimeStamp:/);
  }
});

test('6 X-HTTP-Method-Override: PATCH', async () => {
  const { id } = await made();
  const override = { 'X-HTTP-Method-Override': 'PATCH' };
  assert.equal((await rest('POST', `/twins/${id}`, { tags: { a: 1 } }, override)).status, 200);
  assert.equal((await rest('POST', `/digitaltwins/${id}`, [], override)).status, 202);
  assert.equal((await rest('POST', `/twins/${id}`, {})).status, 405);
});

test('7 If-Match: "*", *, quoted, bare', async () => {
  const { id } = await made();
  for (const spell of [() => '"*"', () => '*', (etag) => `"${etag}"`, (etag) => etag]) {
    const { etag } = (await rest('GET', `/devices/${id}`)).body;
    assert.equal((await rest('PUT', `/devices/${id}`, {}, { 'If-Match': spell(etag) })).status, 200);
    if (spell(etag).includes('*')) continue;
    assert.equal((await rest('PUT', `/devices/${id}`, {}, { 'If-Match': spell(etag) })).status, 412);
  }
});

test('8 without If-Match: PUT only creates, DELETE is 412', async () => {
  const { id } = await made();
  assert.equal((await rest('PUT', `/devices/${id}`, {})).status, 409);
  const refused = await rest('DELETE', `/devices/${id}`);
  assert.equal(refused.status, 412);
  assert.equal(refused.body.Message, 'ErrorCode:PreconditionFailed;Etag missing');
});

test('9 empty keys are generated; a PUT without authentication makes new ones', async () => {
  const empty = { authentication: { type: 'sas', symmetricKey: { primaryKey: '', secondaryKey: '' } } };
  const { id, identity } = await made(empty);
  const keys = [JSON.stringify(identity.authentication.symmetricKey)];
  for (const body of [empty, { status: 'enabled' }]) {
    const { authentication } = (await rest('PUT', `/devices/${id}`, body, { 'If-Match': '*' })).body;
    for (const key of Object.values(authentication.symmetricKey)) assert.equal(Buffer.from(key, 'base64').length, 32);
    keys.push(JSON.stringify(authentication.symmetricKey));
  }
  assert.equal(new Set(keys).size, 3);
});

describe('10 the ETag header is the body’s etag in quotes', () => {
  test('devices, modules, twins', async () => {
    const { id } = await made();
    const answers = [await rest('GET', `/devices/${id}`), await rest('PUT', `/devices/${id}`, {}, { 'If-Match': '*' }),
      await rest('PUT', `/devices/${id}/modules/m`, {}), await rest('GET', `/devices/${id}/modules/m`),
      await rest('GET', `/twins/${id}`), await rest('PATCH', `/twins/${id}`, {}), await rest('PUT', `/twins/${id}`, {})];
    for (const answer of answers) assert.equal(answer.headers.etag, `"${answer.body.etag}"`);
    assert.equal((await rest('GET', `/digitaltwins/${id}`)).headers.etag, answers.at(-1).headers.etag);
  });
  test('configurations', held_by('golden/az-iot/configurations.http', 'ETag: "MQ=="'));
});

test('11 bulk: a bare array in, 400 with header and result out',
  held_by('golden/az-iot/edge-devices-create.http', 'iothub-errorcode: BulkRegistryOperationFailure'));

test('12 Explorer’s %2F, upper and lower', async () => {
  const { id } = await made();
  for (const slash of ['%2F', '%2f']) {
    assert.equal((await rest('GET', `/devices${slash}${id}`)).body.deviceId, id);
    assert.equal((await rest('GET', `/twins${slash}${id}`)).body.deviceId, id);
    assert.equal((await rest('POST', `/devices${slash}query`, { query: `SELECT deviceId FROM devices WHERE deviceId='${id}'` })).body.length, 1);
  }
});

describe('13 statusUpdateTime and statusUpdatedTime; canceled and cancelled', () => {
  test('the twin’s name, the identity’s, and both in a query', async () => {
    const { id, identity } = await made();
    const twin = (await rest('GET', `/twins/${id}`)).body;
    assert.ok('statusUpdateTime' in twin && !('statusUpdatedTime' in twin));
    assert.ok('statusUpdatedTime' in identity && !('statusUpdateTime' in identity));
    await rest('PUT', `/devices/${id}`, { status: 'disabled' }, { 'If-Match': '*' });
    const { body: [row] } = await queried(
      `SELECT statusUpdateTime AS a, statusUpdatedTime AS b FROM devices WHERE deviceId = '${id}'`);
    assert.equal(row.a, (await rest('GET', `/twins/${id}`)).body.statusUpdateTime);
    assert.equal(row.b, row.a);
  });
  test('a job', held_by('golden/az-iot/jobs.http', '"status":"cancelled"'));
  test('the job of one device', held_by('../unit/hub/job/request_test.cc', 'canceled'));
});

test('14 a twin PATCH ignores what is read-only and $ keys; PUT wipes what is missing', async () => {
  const { id } = await made();
  await rest('PATCH', `/twins/${id}`, { tags: { keep: 1 }, properties: { desired: { a: 1 } } });
  const read = (await rest('GET', `/twins/${id}`)).body;
  const again = (await rest('PATCH', `/twins/${id}`, { ...read, deviceId: 'other', status: 'disabled', version: null,
    etag: null, connectionState: 'Connected', properties: { ...read.properties, reported: { evil: 1 } } })).body;
  assert.deepEqual([again.deviceId, again.status, again.tags], [id, 'enabled', { keep: 1 }]);
  assert.deepEqual(Object.keys(again.properties.desired), ['a', '$metadata', '$version']);
  assert.ok(!('evil' in again.properties.reported));
  const put = (await rest('PUT', `/twins/${id}`, { properties: { desired: { b: 2, $version: 9, $metadata: {} } } })).body;
  assert.ok(!('tags' in put));
  assert.deepEqual(Object.keys(put.properties.desired), ['b', '$metadata', '$version']);
});

test('15 version = N + reported.$version; what is reported leaves the etag alone', async () => {
  const { id, identity } = await made();
  const device = await TwinClient.connect(described(context.host, identity));
  const check = async (changes, reported) => {
    const twin = (await rest('GET', `/twins/${id}`)).body;
    assert.equal(Buffer.from(twin.etag, 'base64').readBigUInt64BE(), BigInt(changes));
    assert.equal(twin.properties.reported.$version, reported);
    assert.equal(twin.version, changes + reported);
  };
  await check(1, 1);
  await rest('PATCH', `/twins/${id}`, { tags: { a: 1 } });
  await check(2, 1);
  assert.equal((await device.report('{"x":1}')).status, 204);
  await check(2, 2);
  await rest('PUT', `/twins/${id}`, {});
  await check(3, 2);
  await device.close();
});

test('16 a token is checked over the text of its sr as it is', async () => {
  const { id } = await made();
  const { SharedAccessKey } = context.owner;
  const options = { policy: 'iothubowner' };
  const lower = (text) => encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase());
  const scope = `${context.host}/devices/${id}`;
  for (const sr of [context.host, encodeURIComponent(context.host), scope, encodeURIComponent(scope), lower(scope),
    scope.toUpperCase().replace(id.toUpperCase(), id), context.host.replace('.', '%2e')]) {
    const token = sas_raw(sr, SharedAccessKey, options);
    assert.equal(await get_with(token, `/devices/${id}`), 200, sr);
    // Another order of the parts, a raw slash in the signature.
    const sig = encodeURIComponent(signature(sr, SharedAccessKey, FAR_FUTURE)).replaceAll('%2F', '/');
    assert.equal(await get_with(`SharedAccessSignature sr=${sr}&sig=${sig}&skn=iothubowner&se=${FAR_FUTURE}`, `/devices/${id}`), 200, sr);
  }
  // Signed over something else than what it says.
  const signed = sas_raw(context.host, SharedAccessKey, options);
  assert.equal(await get_with(signed.replace(`sr=${context.host}`, `sr=${context.host.replace('.', '%2e')}`), `/devices/${id}`), 401);
});

describe('17 no null where Java and C# expect nothing', () => {
  test('dates', async () => {
    const { id, identity } = await made();
    const twin = (await rest('GET', `/twins/${id}`)).body;
    const module = (await rest('PUT', `/devices/${id}/modules/m`, {})).body;
    for (const [document, names] of [
      [identity, ['connectionStateUpdatedTime', 'statusUpdatedTime', 'lastActivityTime']],
      [module, ['connectionStateUpdatedTime', 'lastActivityTime']],
      [twin, ['statusUpdateTime', 'lastActivityTime']],
    ]) for (const name of names) assert.equal(document[name], '0001-01-01T00:00:00Z', name);
    for (const name of ['statusReason', 'deviceScope', 'parentScopes', 'tags']) assert.ok(!(name in twin), name);
  });
  test('jobs', held_by('jobs.test.js', 'outcome'));
});

test('18 another content of a configuration: 200, and ignored', held_by('golden/az-iot/configurations.http', '# another content'));
test('19 configurations: the content in use alone; metrics.queries is an object',
  held_by('golden/az-iot/configurations.http', '"metrics":{"queries":{'));
test('20 applyConfigurationContent is done when it is answered',
  held_by('golden/az-iot/edge-set-modules.http', '# set-modules shows them right after'));
