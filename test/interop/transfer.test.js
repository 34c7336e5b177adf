// Import and export jobs with the service SDK: Registry.importDevicesFromBlob, exportDevicesToBlob, listJobs, getJob,
// cancelJob, against containers of the hub's own Blob service.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const context = require('./lib/context');
const { registry, rest } = require('./lib/registry');
const { new_container, signed_url } = require('./lib/storage');

const skip = context.skip_443;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Some calls give the answer's body in a wrapping, some as it is.
const body_of = (answer) => answer.responseBody ?? answer;

async function ended(id) {
  for (;;) {
    const job = body_of(await registry().getJob(id));
    if (!['enqueued', 'running'].includes(job.status)) return job;
    await pause(20);
  }
}

async function started(start) {
  const job = body_of(await start());
  assert.equal(job.status, 'enqueued');
  return ended(job.jobId);
}

async function text_of(container, name) {
  return (await container.getBlobClient(name).downloadToBuffer()).toString();
}
const lines_of = (text) => text.split('\n').filter(Boolean);

async function put_lines(container, lines, name = 'devices.txt') {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  await container.getBlockBlobClient(name).upload(text, Buffer.byteLength(text));
}

async function import_lines(lines, container) {
  const at = container ?? (await new_container());
  await put_lines(at, lines);
  const url = signed_url(at.containerName);
  const job = await started(() => registry().importDevicesFromBlob(url, url));
  assert.equal(job.status, 'completed', job.failureReason);
  return lines_of(await text_of(at, 'importErrors.log')).map((line) => JSON.parse(line));
}

test('what is exported can be imported, devices and modules with their twins', { skip }, async () => {
  const mark = `transfer-${crypto.randomUUID()}`;
  const key = crypto.randomBytes(32).toString('base64');
  const devices = Array.from({ length: 250 }, (_, i) => ({ id: `${mark}-${i}`, importMode: 'create', status: 'enabled',
    authentication: { symmetricKey: { primaryKey: key, secondaryKey: key } }, tags: { mark, number: i },
    properties: { desired: { interval: i } } }));
  const module = { id: `${mark}-0`, moduleId: 'm', importMode: 'create', status: 'enabled' };
  assert.deepEqual(await import_lines([...devices, module]), []);
  const twin = (await registry().getTwin(`${mark}-7`)).responseBody;
  assert.equal(twin.tags.number, 7);
  assert.equal(twin.properties.desired.interval, 7);
  assert.equal((await registry().getModule(`${mark}-0`, 'm')).responseBody.moduleId, 'm');

  const container = await new_container();
  const url = signed_url(container.containerName);
  const job = await started(() => registry().exportDevicesToBlob(url, false));
  assert.equal(job.status, 'completed', job.failureReason);
  assert.equal(job.progress, 100);
  assert.equal(job.type, 'export');
  assert.ok(Date.parse(job.startTimeUtc) <= Date.parse(job.endTimeUtc));
  const exported = lines_of(await text_of(container, 'devices.txt')).map((line) => JSON.parse(line));
  const ours = exported.filter((line) => line.id.startsWith(mark));
  assert.equal(ours.length, 251);
  const seventh = ours.find((line) => line.id === `${mark}-7`);
  assert.equal(seventh.authentication.symmetricKey.primaryKey, key);
  assert.equal(seventh.tags.number, 7);
  assert.equal(seventh.properties.desired.interval, 7);
  assert.equal(ours.find((line) => line.moduleId)?.moduleId, 'm');

  const removal = ours.filter((line) => !line.moduleId).map((line) => ({ ...line, importMode: 'delete' }));
  assert.deepEqual(await import_lines(removal), []);
  await assert.rejects(registry().get(`${mark}-7`), { name: 'DeviceNotFoundError' });
  const back = ours.map((line) => ({ ...line, importMode: 'createOrUpdate' }));
  assert.deepEqual(await import_lines(back), []);
  assert.equal((await registry().get(`${mark}-7`)).responseBody.authentication.symmetricKey.primaryKey, key);
  assert.equal((await registry().getTwin(`${mark}-7`)).responseBody.properties.desired.interval, 7);
});

test('an export without keys begins with a warning and has none', { skip }, async () => {
  const container = await new_container();
  const job = await started(() => registry().exportDevicesToBlob(signed_url(container.containerName), true));
  assert.equal(job.status, 'completed');
  assert.equal(job.excludeKeysInExport, true);
  const [warning, ...rest_of] = lines_of(await text_of(container, 'devices.txt'));
  assert.match(warning, /^[^{]*[Ww]arning/);
  assert.ok(rest_of.length > 0);
  for (const line of rest_of) {
    const { symmetricKey } = JSON.parse(line).authentication;
    assert.deepEqual(symmetricKey, { primaryKey: null, secondaryKey: null });
  }
  assert.deepEqual(await import_lines([warning]), [], 'the warning is no line');
});

test('lines that cannot take place are told in the log, the others take place', { skip }, async () => {
  const id = `log-${crypto.randomUUID()}`;
  const errors = await import_lines([
    { id, importMode: 'create', status: 'enabled' },
    'this is no JSON',
    { id: `${id}-x`, importMode: 'update', status: 'enabled' },
    { id, importMode: 'create', status: 'enabled' },
    { id: `${id}-y`, importMode: 'create' },
    '',
    { id: `${id}-z`, importMode: 'create', status: 'disabled', statusReason: 'spare' },
  ]);
  assert.deepEqual(errors.map((e) => [e.deviceId, e.errorCode]).sort(), [
    [undefined, 400012], [id, 409001], [`${id}-x`, 404001], [`${id}-y`, 400005]].sort());
  assert.match(errors.find((e) => e.errorCode === 400012).errorStatus, /^Invalid device format in line: this is no JSON/);
  assert.equal((await registry().get(`${id}-z`)).responseBody.statusReason, 'spare');
});

test('storage is looked at before a job is made', { skip }, async () => {
  const container = await new_container();
  const refused = async (promise, text) => {
    const error = await promise.then(() => assert.fail('was let in'), (e) => e);
    assert.equal(error.response.statusCode, 400);
    assert.match(error.responseBody ?? error.message, /BlobContainerValidationError/);
    assert.match(error.responseBody ?? error.message, text);
  };
  const url = signed_url(container.containerName);
  await refused(registry().importDevicesFromBlob(url, url), /Failed to read devices blob from the input container/);
  await refused(registry().exportDevicesToBlob(signed_url(container.containerName, 'r'), false),
    /Unauthorized to write to output blob container/);
  await refused(registry().exportDevicesToBlob(signed_url(container.containerName, 'rwl'), false), /Unauthorized to write/);
  await refused(registry().exportDevicesToBlob(url.replace(/sig=.*/, 'sig=AAAA'), false), /Unauthorized to write/);
  await refused(registry().exportDevicesToBlob('http://127.0.0.1/c?sig=1', false), /Unauthorized to write/);
});

test('one job at a time; it can be cancelled; unknown ones are not found', { skip }, async () => {
  const container = await new_container();
  const url = signed_url(container.containerName);
  const lines = Array.from({ length: 50000 }, (_, i) => ({ id: `c-${i}`, importMode: 'delete', status: 'enabled' }));
  await put_lines(container, lines);
  const job = body_of(await registry().importDevicesFromBlob(url, url));
  const second = await registry().exportDevicesToBlob(url, false).then(() => assert.fail('two jobs'), (e) => e);
  assert.equal(second.response.statusCode, 403);
  assert.match(second.responseBody ?? second.message, /JobQuotaExceeded/);
  await registry().cancelJob(job.jobId);
  const end = await ended(job.jobId);
  assert.equal(end.status, 'cancelled');
  await registry().cancelJob(job.jobId);
  const jobs = body_of(await registry().listJobs());
  assert.ok(jobs.some((j) => j.jobId === job.jobId && j.status === 'cancelled'));
  assert.ok(jobs.every((j) => !('inputBlobContainerUri' in j) && !('outputBlobContainerUri' in j)));
  const none = await rest('GET', '/jobs/none');
  assert.equal(none.status, 404);
  assert.equal(none.headers['iothub-errorcode'], 'JobNotFound');
  assert.equal((await rest('DELETE', '/jobs/none')).status, 404);
});

test('a job is exactly what is asked for', { skip }, async () => {
  const bad = async (body, code) => {
    const answer = await rest('POST', '/jobs/create', body);
    assert.equal(answer.headers['iothub-errorcode'], code, JSON.stringify(body));
    assert.equal(answer.status, 400);
  };
  await bad({ type: 'export' }, 'ArgumentNull');
  await bad({ type: 'import', outputBlobContainerUri: 'https://x/y' }, 'ArgumentNull');
  await bad({ type: 'copy', outputBlobContainerUri: 'https://x/y' }, 'ArgumentInvalid');
  await bad({ type: 'export', outputBlobContainerUri: 7 }, 'ArgumentInvalid');
  const container = await new_container();
  const named = await rest('POST', '/jobs/create', { jobId: `mine-${crypto.randomUUID()}`, type: 'export',
    outputBlobContainerUri: signed_url(container.containerName), outputBlobName: 'folder/all.txt',
    includeConfigurations: true });
  assert.equal(named.status, 200);
  const job = await ended(named.body.jobId);
  assert.equal(job.status, 'completed', job.failureReason);
  assert.ok(lines_of(await text_of(container, 'folder/all.txt')).length > 0);
  assert.equal(typeof (await text_of(container, 'configurations.txt')), 'string');
  const again = await rest('POST', '/jobs/create', { jobId: named.body.jobId, type: 'export',
    outputBlobContainerUri: signed_url(container.containerName) });
  assert.equal(again.status, 409);
});

test('configurations go along, and come back', { skip }, async () => {
  const id = `transfer-${crypto.randomUUID()}`;
  const content = { deviceContent: { 'properties.desired.x': { Kept: 1 } } };
  const made = await rest('PUT', `/configurations/${id}`, { id, content, targetCondition: "tags.none = 'x'", priority: 7 });
  assert.equal(made.status, 200);
  const container = await new_container();
  const uri = signed_url(container.containerName);
  const run = async (body) => ended((await rest('POST', '/jobs/create', { ...body, includeConfigurations: true })).body.jobId);
  const out = await run({ type: 'export', outputBlobContainerUri: uri });
  assert.equal(out.status, 'completed', out.failureReason);
  const lines = lines_of(await text_of(container, 'configurations.txt')).map((line) => JSON.parse(line));
  const line = lines.find((l) => l.Id === id);
  assert.equal(line.Content.DeviceContent['properties.desired.x'].Kept, 1);
  await rest('DELETE', `/configurations/${id}`, undefined, { 'If-Match': '*' });
  await put_lines(container, [JSON.stringify(line), '{"Id":"NOT VALID"}'], 'configurations.txt');
  await put_lines(container, []);
  const back = await run({ type: 'import', inputBlobContainerUri: uri, outputBlobContainerUri: uri });
  assert.equal(back.status, 'completed', back.failureReason);
  assert.equal(lines_of(await text_of(container, 'importErrors.log')).length, 1);
  const { body } = await rest('GET', `/configurations/${id}`);
  assert.equal(body.priority, 7);
  assert.deepEqual(body.content, content);
  await rest('DELETE', `/configurations/${id}`, undefined, { 'If-Match': '*' });
});
