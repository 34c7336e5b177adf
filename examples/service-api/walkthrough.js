// Walks through the service API of a running hub with Azure's own SDKs: 100,000 devices (or as many as the first argument
// says), queries over them, jobs, an automatic configuration, a digital twin, export and import.
//
//   nave serve &                                            # on its standard ports
//   export NODE_EXTRA_CA_CERTS=~/.local/share/nave/ca.pem
//   node walkthrough.js 100000
//
// What it makes begins with "walk-" and is removed at the end.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { Registry, JobClient, DigitalTwinClient, IoTHubTokenCredentials } = require('azure-iothub');
const { Client: DeviceClient } = require('azure-iot-device');
const { Mqtt } = require('azure-iot-device-mqtt');
const { BlobServiceClient } = require('@azure/storage-blob');

const COUNT = Number(process.argv[2] ?? 100_000);
const NAVE = process.env.NAVE_BIN ?? 'nave';
const BATCH = 100; // what one bulk request takes
const AT_ONCE = 8;

const nave = (...args) => execFileSync(NAVE, args, { encoding: 'utf8' }).trim();
const HUB = process.env.NAVE_CONNECTION_STRING ?? nave('connection-string', '--name', 'iothubowner');
const STORAGE = process.env.NAVE_STORAGE_CONNECTION_STRING ?? nave('storage', 'connection-string');

const registry = Registry.fromConnectionString(HUB);
const jobs = JobClient.fromConnectionString(HUB);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const id_of = (i) => `walk-${String(i).padStart(7, '0')}`;

const started = Date.now();
let last = started;
function say(text) {
  const now = Date.now();
  console.log(`${((now - started) / 1000).toFixed(1).padStart(7)} s  ${text}  (${now - last} ms)`);
  last = now;
}

// Runs `work(first)` for 0, BATCH, 2 BATCH, … AT_ONCE at a time.
async function in_batches(work) {
  let next = 0;
  const worker = async () => {
    for (let first = next; first < COUNT; first = next) {
      next += BATCH;
      await work(first, Math.min(BATCH, COUNT - first));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function rows(query) {
  const cursor = registry.createQuery(query, 1000);
  const out = [];
  while (cursor.hasMoreResults) out.push(...(await cursor.next(cursor.continuationToken)).result);
  return out;
}

async function job_done(id) {
  for (;;) {
    const { jobStatus: job } = await jobs.getJob(id);
    if (['completed', 'failed', 'cancelled'].includes(job.status)) return job;
    await pause(100);
  }
}

async function create_devices() {
  await in_batches((first, n) =>
    registry.addDevices(
      Array.from({ length: n }, (_, k) => ({
        deviceId: id_of(first + k),
        tags: { walk: true, site: `site-${(first + k) % 20}`, floor: (first + k) % 7 },
        properties: { desired: { interval: 60 } },
      })),
    ));
  say(`${COUNT} devices with tags and desired properties, ${BATCH} a request`);
  const { responseBody: again } = await registry.addDevices([{ deviceId: id_of(0) }]).catch((e) => e);
  assert.ok(!again?.isSuccessful, 'a device exists once');
  const { responseBody: statistics } = await registry.getRegistryStatistics();
  say(`statistics: ${JSON.stringify(statistics)}`);
}

async function ask() {
  const [{ n }] = await rows("SELECT COUNT() AS n FROM devices WHERE tags.walk = true AND tags.site = 'site-3'");
  say(`COUNT of one site: ${n}`);
  assert.equal(n, Math.ceil((COUNT - 3) / 20));
  const floors = await rows('SELECT tags.floor AS floor, COUNT() AS n FROM devices WHERE tags.walk = true GROUP BY tags.floor');
  say(`GROUP BY floor: ${floors.map((f) => `${f.floor}:${f.n}`).join(' ')}`);
  const some = await rows("SELECT deviceId FROM devices WHERE tags.site = 'site-3' AND tags.walk = true");
  assert.equal(some.length, n);
  say(`the same as ${some.length} rows, in pages of 1000`);
}

async function schedule() {
  const id = `walk-twin-${process.pid}`;
  await jobs.scheduleTwinUpdate(id, "tags.site = 'site-3'", { etag: '*', properties: { desired: { interval: 30 } } },
    new Date(), 3600);
  const job = await job_done(id);
  say(`job ${job.type}: ${job.status}, ${JSON.stringify(job.deviceJobStatistics)}`);
  const [{ n }] = await rows("SELECT COUNT() AS n FROM devices WHERE tags.site = 'site-3' AND properties.desired.interval = 30");
  assert.equal(n, job.deviceJobStatistics.succeededCount);
  const device_rows = await rows(`SELECT * FROM devices.jobs WHERE devices.jobs.jobId = '${id}'`);
  say(`its rows in devices.jobs: ${device_rows.length}, the first is ${device_rows[0].status}`);
}

async function connect_device() {
  const { responseBody: identity } = await registry.get(id_of(0));
  const host = /HostName=([^;]+)/.exec(HUB)[1];
  const key = identity.authentication.symmetricKey.primaryKey;
  const client = DeviceClient.fromConnectionString(`HostName=${host};DeviceId=${identity.deviceId};SharedAccessKey=${key}`, Mqtt);
  await client.setOptions({ modelId: 'dtmi:example:Walker;1' });
  await client.open();
  client.onDeviceMethod('reboot', (request, response) => response.send(200, { after: request.payload?.delay ?? 0 }));
  const twin = await client.getTwin();
  return { client, twin };
}

async function call_methods() {
  const id = `walk-method-${process.pid}`;
  await jobs.scheduleDeviceMethod(id, `deviceId IN ['${id_of(0)}', '${id_of(1)}']`,
    { methodName: 'reboot', payload: { delay: 5 }, responseTimeoutInSeconds: 10 }, new Date(), 60);
  const job = await job_done(id);
  const outcomes = await rows(`SELECT * FROM devices.jobs WHERE devices.jobs.jobId = '${id}'`);
  const shown = outcomes.map((r) => `${r.deviceId} ${r.status} ${JSON.stringify(r.outcome?.deviceMethodResponse ?? r.error?.code)}`);
  say(`method job: ${job.status}; ${shown.join('; ')}`);
}

async function configure(twin) {
  const id = `walk-${process.pid}`;
  const heard = new Promise((resolve) => twin.on('properties.desired.mode', resolve));
  await registry.addConfiguration({
    id,
    content: { deviceContent: { 'properties.desired.mode': 'eco' } },
    targetCondition: "tags.site = 'site-0' AND tags.walk = true",
    priority: 10,
    metrics: { queries: { eco: "SELECT deviceId FROM devices WHERE properties.desired.mode = 'eco'" } },
  });
  say(`the connected device hears of the configuration: mode = ${await heard}`);
  const wanted = Math.ceil(COUNT / 20);
  for (;;) {
    const { responseBody: c } = await registry.getConfiguration(id);
    if (c.systemMetrics.results.appliedCount === wanted) {
      say(`configuration applied: ${JSON.stringify(c.systemMetrics.results)}, ${JSON.stringify(c.metrics.results)}`);
      break;
    }
    await pause(200);
  }
  await registry.removeConfiguration(id);
}

async function digital_twin(twin) {
  await new Promise((resolve, reject) => twin.properties.reported.update({ temperature: 21.5 }, (e) => (e ? reject(e) : resolve())));
  const client = new DigitalTwinClient(new IoTHubTokenCredentials(HUB));
  const shown = await client.getDigitalTwin(id_of(0));
  say(`digital twin: model ${shown.$metadata.$model}, temperature ${shown.temperature}`);
  const answer = await client.invokeCommand(id_of(0), 'reboot', { delay: 1 });
  say(`its command answers ${answer.xMsCommandStatuscode} ${JSON.stringify(answer.body)}`);
}

async function transfer() {
  const container = BlobServiceClient.fromConnectionString(STORAGE).getContainerClient(`walk-${process.pid}`);
  await container.create();
  const uri = nave('storage', 'sas', '--container-name', container.containerName);
  const out = await registry.exportDevicesToBlob(uri, false);
  const ended = async (id) => {
    for (;;) {
      const job = await registry.getJob(id);
      if (['completed', 'failed', 'cancelled'].includes(job.status)) return job;
      await pause(200);
    }
  };
  const exported = await ended(out.jobId);
  const { contentLength } = await container.getBlobClient('devices.txt').getProperties();
  say(`export: ${exported.status}, ${contentLength} bytes in ${container.containerName}/devices.txt`);
  const back = await registry.importDevicesFromBlob(uri, uri);
  const imported = await ended(back.jobId);
  say(`import of the same: ${imported.status}, ${imported.failureReason ?? 'no failure'}`);
  await container.delete();
}

async function fail_on_purpose() {
  for (const [what, call] of [
    ['a device that is not there', () => registry.get('walk-nobody')],
    ['a device that is', () => registry.create({ deviceId: id_of(0) })],
    ['a query that is none', () => registry.createQuery('SELECT * FROM nowhere').nextAsTwin()],
  ]) {
    const error = await call().then(() => assert.fail(what), (e) => e);
    say(`${what}: ${error.name}: ${error.message}`);
  }
}

async function clean_up() {
  await in_batches((first, n) => registry.removeDevices(
    Array.from({ length: n }, (_, k) => ({ deviceId: id_of(first + k) })), true));
  const [{ n }] = await rows('SELECT COUNT() AS n FROM devices WHERE tags.walk = true');
  assert.equal(n, 0);
  say('all of them removed');
}

async function main() {
  await create_devices();
  await ask();
  await schedule();
  const { client, twin } = await connect_device();
  await call_methods();
  await configure(twin);
  await digital_twin(twin);
  await transfer();
  await fail_on_purpose();
  await client.close();
  await clean_up();
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
