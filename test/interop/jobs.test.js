// Scheduled jobs with the service SDK: JobClient orders, cancels and lists them, devices of the device SDK get the twin
// changes and answer the methods; raw requests where no SDK reaches.
'use strict';

const { test, describe } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { setTimeout: after_ms } = require('node:timers/promises');
const { JobClient } = require('azure-iothub');
const { Client, ModuleClient } = require('azure-iot-device');
const { Mqtt } = require('azure-iot-device-mqtt');
const context = require('./lib/context');
const { create_device, create_module, registry, rest } = require('./lib/registry');
const { opened, ready, answer_ready } = require('./lib/methods');
const { event } = require('./lib/until');

const skip = context.skip_443;
const jobs = () => JobClient.fromConnectionString(context.strings.service);
const new_id = () => `job-${crypto.randomUUID()}`;
const ids_of = (devices) => `deviceId IN [${devices.map(({ id }) => `'${id}'`).join(', ')}]`;
const ENDED = ['completed', 'failed', 'cancelled'];
const PATCH = { etag: '*', tags: { site: 'north' }, properties: { desired: { interval: 60 } } };

async function ended(id) {
  for (let i = 0; i < 600; ++i) {
    const { body } = await rest('GET', `/jobs/v2/${id}`);
    check_job(body);
    if (ENDED.includes(body.status)) return body;
    await after_ms(50);
  }
  throw new Error(`${id} does not end`);
}

// What the parsers of Java and C# demand of every job.
function check_job(job) {
  for (const name of ['jobType', 'startTimeUtc', 'endTimeUtc', 'createdDateTimeUtc', 'outcome', 'error']) {
    assert.ok(!(name in job), name);
  }
  for (const [name, value] of Object.entries(job)) assert.notEqual(value, null, name);
  assert.equal('endTime' in job, ENDED.includes(job.status));
  assert.equal('updateTwin' in job, job.type === 'scheduleUpdateTwin');
  assert.equal('cloudToDeviceMethod' in job, job.type === 'scheduleDeviceMethod');
}

function check_statistics(job, { devices, failed = 0, succeeded = 0, pending = 0 }) {
  assert.deepEqual(job.deviceJobStatistics,
    { deviceCount: devices, failedCount: failed, succeededCount: succeeded, runningCount: 0, pendingCount: pending });
}

async function rows_of(where) {
  const query = registry().createQuery(`SELECT * FROM devices.jobs WHERE ${where}`, 2);
  const rows = [];
  while (query.hasMoreResults) rows.push(...(await query.next(query.continuationToken)).result);
  return rows;
}

const fleet = (size) => Promise.all(Array.from({ length: size }, () => create_device('jobs')));

describe('twin jobs', { skip }, () => {
  test('scheduleTwinUpdate changes the twins, and a connected device hears of it', async () => {
    const devices = await fleet(3);
    const client = await opened(Client, devices[0], Mqtt, {});
    const twin = await client.getTwin();
    const changed = event(twin, 'properties.desired.interval');
    const id = new_id();
    const { jobStatus, response } = await jobs().scheduleTwinUpdate(id, ids_of(devices), PATCH, new Date(), 300);
    assert.equal(response.statusCode, 200);
    assert.deepEqual([jobStatus.jobId, jobStatus.type, jobStatus.status], [id, 'scheduleUpdateTwin', 'queued']);
    assert.equal(jobStatus.maxExecutionTimeInSeconds, 300);
    assert.deepEqual(jobStatus.updateTwin, PATCH);
    assert.equal(await changed, 60);
    const job = await ended(id);
    assert.equal(job.status, 'completed');
    check_statistics(job, { devices: 3, succeeded: 3 });
    for (const device of devices) {
      const { body } = await rest('GET', `/twins/${device.id}`);
      assert.deepEqual([body.tags, body.properties.desired.interval, body.properties.desired.$version],
        [{ site: 'north' }, 60, 2]);
    }
    const rows = await rows_of(`devices.jobs.jobId = '${id}'`);
    assert.deepEqual(rows.map((row) => [row.deviceId, row.status, row.jobType]),
      devices.map((d) => d.id).sort().map((d) => [d, 'completed', 'scheduleUpdateTwin']));
    for (const row of rows) {
      assert.ok(!('outcome' in row) && !('error' in row));
      for (const name of ['startTimeUtc', 'endTimeUtc', 'createdDateTimeUtc', 'lastUpdatedDateTimeUtc']) {
        assert.ok(Date.parse(row[name]) > Date.now() - 600000, `${name} ${row[name]}`);
      }
    }
    await client.close();
  });

  test('a job id that is a number; no start; a start that is past', async () => {
    const [device] = await fleet(1);
    const number = crypto.randomInt(2 ** 40);
    await jobs().scheduleTwinUpdate(number, ids_of([device]), PATCH, null, 60);
    assert.equal((await ended(number)).jobId, String(number));
    const past = new_id();
    await jobs().scheduleTwinUpdate(past, ids_of([device]), PATCH, new Date(Date.now() - 86400000), 60);
    check_statistics(await ended(past), { devices: 1, succeeded: 1 });
    assert.equal((await rest('GET', `/twins/${device.id}`)).body.properties.desired.$version, 3);
  });

  test('the ETag of the patch must be a star', async () => {
    for (const patch of [{ tags: { a: 1 } }, { etag: 'AAAAAAAAAAE=', tags: { a: 1 } }]) {
      await assert.rejects(jobs().scheduleTwinUpdate(new_id(), '*', patch, new Date(), 60), { name: 'ArgumentError' });
    }
  });

  test('modules jobs', async () => {
    const [device] = await fleet(1);
    for (const name of ['one', 'two']) await create_module(device.id, name);
    const id = new_id();
    await jobs().scheduleTwinUpdate(id, `FROM devices.modules WHERE deviceId = '${device.id}' AND moduleId = 'two'`,
      PATCH, new Date(), 60);
    check_statistics(await ended(id), { devices: 1, succeeded: 1 });
    assert.equal((await rest('GET', `/twins/${device.id}/modules/two`)).body.properties.desired.interval, 60);
    assert.equal((await rest('GET', `/twins/${device.id}/modules/one`)).body.properties.desired.interval, undefined);
    assert.deepEqual((await rows_of(`jobId = '${id}'`)).map((row) => row.moduleId), ['two']);
  });

  test('null removes, as in a PATCH; a condition sees what was just written', async () => {
    const [device] = await fleet(1);
    const mark = crypto.randomUUID();
    await rest('PATCH', `/twins/${device.id}`, { tags: { mark, old: 1 } });
    const id = new_id();
    await jobs().scheduleTwinUpdate(id, `tags.mark = '${mark}'`, { etag: '*', tags: { old: null } }, new Date(), 60);
    check_statistics(await ended(id), { devices: 1, succeeded: 1 });
    assert.deepEqual((await rest('GET', `/twins/${device.id}`)).body.tags, { mark });
  });
});

describe('method jobs', { skip }, () => {
  test('answers are kept, and a device that is not there fails in its row only', async () => {
    const devices = await fleet(3);
    const clients = [];
    for (const [i, device] of devices.slice(0, 2).entries()) {
      clients.push(await opened(Client, device, Mqtt, { ready: answer_ready,
        reboot: (request, response) => response.send(200 + i, { got: request.payload }, () => {}) }));
      assert.equal((await ready(device)).status, 200);
    }
    const id = new_id();
    const params = { methodName: 'reboot', payload: { delay: 5 }, responseTimeoutInSeconds: 15 };
    const { jobStatus } = await jobs().scheduleDeviceMethod(id, ids_of(devices), params, new Date(), 300);
    assert.deepEqual([jobStatus.type, jobStatus.status], ['scheduleDeviceMethod', 'queued']);
    assert.deepEqual(jobStatus.cloudToDeviceMethod.payload, { delay: 5 });
    const job = await ended(id);
    assert.equal(job.status, 'completed');
    check_statistics(job, { devices: 3, succeeded: 2, failed: 1 });
    const [first] = await rows_of(`devices.jobs.deviceId = '${devices[0].id}'`);
    assert.deepEqual([first.status, first.outcome],
      ['completed', { deviceMethodResponse: { status: 200, payload: { got: { delay: 5 } } } }]);
    const [offline] = await rows_of(`jobId = '${id}' AND status = 'Failed'`);
    assert.deepEqual([offline.deviceId, offline.error.code], [devices[2].id, 'DeviceNotOnline']);
    assert.ok(!('outcome' in offline));
    for (const client of clients) await client.close();
  });

  test('to modules', async () => {
    const [device] = await fleet(1);
    const module = await create_module(device.id, 'mod');
    const client = await opened(ModuleClient, module, Mqtt, { ready: answer_ready,
      go: (request, response) => response.send(204, null, () => {}) });
    assert.equal((await ready(module)).status, 200);
    const id = new_id();
    await jobs().scheduleDeviceMethod(id, `FROM devices.modules WHERE deviceId = '${device.id}'`, { methodName: 'go' },
      new Date(), 60);
    check_statistics(await ended(id), { devices: 1, succeeded: 1 });
    assert.deepEqual((await rows_of(`jobId = '${id}'`))[0].outcome,
      { deviceMethodResponse: { status: 204, payload: null } });
    await client.close();
  });
});

describe('the life of a job', { skip }, () => {
  const later = () => new Date(Date.now() + 3600000);

  test('scheduled, cancelled, and what cannot be cancelled', async () => {
    const id = new_id();
    const made = await jobs().scheduleTwinUpdate(id, '*', PATCH, later(), 60);
    assert.equal(made.jobStatus.status, 'scheduled');
    assert.equal((await jobs().getJob(id)).jobStatus.status, 'scheduled');
    assert.equal((await jobs().cancelJob(id)).jobStatus.status, 'cancelled');
    assert.equal((await jobs().getJob(id)).jobStatus.status, 'cancelled');
    await assert.rejects(jobs().cancelJob(id), (error) => error.response.statusCode === 405);
    await assert.rejects(jobs().cancelJob(new_id()), (error) => error.response.statusCode === 404);
  });

  test('an id is for one job; too far ahead; an unknown type; an unknown job', async () => {
    const id = new_id();
    await jobs().scheduleTwinUpdate(id, "deviceId = 'nobody'", PATCH, new Date(), 60);
    await assert.rejects(jobs().scheduleTwinUpdate(id, '*', PATCH, new Date(), 60), { name: 'DeviceAlreadyExistsError' });
    const far = new Date(Date.now() + 169 * 3600000);
    await assert.rejects(jobs().scheduleTwinUpdate(new_id(), '*', PATCH, far, 60), { name: 'ArgumentError' });
    const wrong = await rest('PUT', `/jobs/v2/${new_id()}`,
      { type: 'scheduleTwinUpdate', queryCondition: '*', updateTwin: PATCH });
    assert.deepEqual([wrong.status, wrong.headers['iothub-errorcode']], [400, 'GenericBadRequest']);
    const nobody = new_id();
    assert.deepEqual((await jobs().getJob(nobody)).jobStatus, { jobId: nobody, type: 'unknown', status: 'unknown' });
  });

  test('a bad condition is taken, and the job fails', async () => {
    const id = new_id();
    const made = await jobs().scheduleTwinUpdate(id, 'tags.a ===', PATCH, new Date(), 60);
    assert.equal(made.jobStatus.status, 'queued');
    const job = await ended(id);
    assert.equal(job.status, 'failed');
    assert.match(job.failureReason, /^SQL query parse failed due to following errors: Line 1:/);
  });

  test('createQuery lists them, page after page', async () => {
    const mine = [];
    for (let i = 0; i < 3; ++i) {
      mine.push(new_id());
      await jobs().scheduleTwinUpdate(mine[i], '*', PATCH, later(), 60);
    }
    const query = jobs().createQuery('scheduleUpdateTwin', 'scheduled', 2);
    const seen = [];
    while (query.hasMoreResults) {
      const { result, message } = await query.next(query.continuationToken);
      assert.ok(Array.isArray(result) && result.length > 0 && result.length <= 2);
      assert.equal(message.headers['x-ms-item-type'], 'JobResponse');
      result.forEach(check_job);
      seen.push(...result.map((job) => job.jobId));
    }
    assert.deepEqual(seen.filter((id) => mine.includes(id)), mine);
    for (const id of mine) await jobs().cancelJob(id);
    const cancelled = (await jobs().createQuery('ScheduleUpdateTwin', 'Cancelled', 1000).next()).result;
    assert.ok(mine.every((id) => cancelled.some((job) => job.jobId === id)));
    assert.deepEqual((await jobs().createQuery('export', undefined, 10).next()).result, []);
  });

  test('no more than ten that have not ended', async () => {
    const made = [];
    const make = async () => {
      const id = new_id();
      await jobs().scheduleTwinUpdate(id, '*', PATCH, later(), 60);
      made.push(id);
    };
    for (let i = 0; i < 10; ++i) await make();
    await assert.rejects(make(), { name: 'ThrottlingError' });
    for (const id of made) await jobs().cancelJob(id);
    await make();
    await jobs().cancelJob(made.pop());
  });

  test('a thousand devices', async () => {
    const mark = crypto.randomUUID();
    const devices = [];
    for (let i = 0; i < 10; ++i) devices.push(...(await fleet(100)));
    const tagging = new_id();
    await jobs().scheduleTwinUpdate(tagging, ids_of(devices.slice(0, 100)), { etag: '*', tags: { mark } }, new Date(), 60);
    check_statistics(await ended(tagging), { devices: 100, succeeded: 100 });
    const id = new_id();
    await jobs().scheduleTwinUpdate(id, `tags.mark = '${mark}'`, PATCH, new Date(), 60);
    check_statistics(await ended(id), { devices: 100, succeeded: 100 });
    const all = new_id();
    await jobs().scheduleTwinUpdate(all, "STARTSWITH(deviceId, 'jobs-')", PATCH, new Date(), 300);
    const job = await ended(all);
    assert.ok(job.deviceJobStatistics.succeededCount >= 1000);
    assert.equal(job.deviceJobStatistics.succeededCount, job.deviceJobStatistics.deviceCount);
    assert.equal((await rows_of(`jobId = '${all}' AND deviceId = '${devices[999].id}'`)).length, 1);
  });
});
