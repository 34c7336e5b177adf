// kill -9 again and again while one import runs: it ends by itself, every line took place, and the log of errors has each
// bad line exactly once.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const { Hub, own_address, temporary_folder } = require('../interop/lib/hub');
const { rest_of } = require('../interop/lib/client');
const { seeded } = require('./random');

const KILLS = Number(process.env.NAVE_FAULT_IMPORT_KILLS ?? 6);
const LINES = Number(process.env.NAVE_FAULT_IMPORT_LINES ?? 12000);
const SEED = Number(process.env.NAVE_FAULT_SEED ?? Date.now() % 2 ** 32);
const BAD_EVERY = 97;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The storage SDK trusts what the process trusts, so the hub's address goes through node's own client instead.
function storage_of(hub) {
  const crypto = require('node:crypto');
  const https = require('node:https');
  const fields = Object.fromEntries(hub.info.connectionStrings.storage.split(';').filter(Boolean)
    .map((f) => [f.slice(0, f.indexOf('=')), f.slice(f.indexOf('=') + 1)]));
  const signed = (values, text) => {
    const sig = crypto.createHmac('sha256', Buffer.from(fields.AccountKey, 'base64')).update(text).digest('base64');
    return new URLSearchParams({ ...values, sig }).toString().replace(/\+/g, '%20');
  };
  const se = new Date(Date.now() + 3600e3).toISOString().slice(0, 19) + 'Z';
  const version = '2020-10-02';
  const account = signed({ sv: version, ss: 'b', srt: 'sco', se, sp: 'rwdlac' },
    `${fields.AccountName}\nrwdlac\nb\nsco\n\n${se}\n\n\n${version}\n`);
  return {
    container_url(name) {
      const query = signed({ sv: version, se, sr: 'c', sp: 'racwdl' },
        `racwdl\n\n${se}\n/blob/${fields.AccountName}/${name}\n\n\n\n${version}\nc\n\n\n\n\n\n`);
      return `${fields.BlobEndpoint}/${name}?${query}`;
    },
    call(method, path, headers = {}, body = '') {
      const url = new URL(`${fields.BlobEndpoint}/${path}${path.includes('?') ? '&' : '?'}${account}`);
      return new Promise((resolve, reject) => {
        const request = https.request(url, { method, ca: hub.ca, headers: { 'x-ms-version': version,
          'Content-Length': Buffer.byteLength(body), ...headers } }, (response) => {
          const parts = [];
          response.on('data', (part) => parts.push(part));
          response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(parts).toString() }));
        });
        request.on('error', reject);
        request.end(body);
      });
    },
  };
}

test(`kill -9 during an import of ${LINES} lines, ${KILLS} times`, { timeout: 300000 }, async (t) => {
  t.diagnostic(`NAVE_FAULT_SEED=${SEED}`);
  const random = seeded(SEED);
  const data = temporary_folder();
  const address = own_address();
  // The address of a container has the port in it, so that stays the same.
  const start = (port = 0) => Hub.start({ data, address, ports: [0, 0, port] });
  try {
    let hub = await start();
    const port = hub.info.ports.https;
    const storage = storage_of(hub);
    assert.equal((await storage.call('PUT', 'box?restype=container')).status, 201);
    const lines = [];
    const bad = [];
    for (let i = 0; i < LINES; i += 1) {
      lines.push(JSON.stringify({ id: `d-${i}`, importMode: 'create', status: 'enabled', tags: { n: i },
        properties: { desired: { n: i } } }));
      if (i % BAD_EVERY === 0) {
        bad.push(`bad-${i}`);
        lines.push(JSON.stringify({ id: `bad-${i}`, importMode: 'update', status: 'enabled' }));
      }
    }
    const put = await storage.call('PUT', 'box/devices.txt', { 'x-ms-blob-type': 'BlockBlob' }, lines.join('\n'));
    assert.equal(put.status, 201, put.text);
    const url = storage.container_url('box');
    const made = await rest_of(hub)('POST', '/jobs/create',
      { jobId: 'import', type: 'import', inputBlobContainerUri: url, outputBlobContainerUri: url });
    assert.equal(made.status, 200, JSON.stringify(made.body));
    let while_running = 0;
    for (let i = 0; i < KILLS; i += 1) {
      await pause(20 + random.below(250));
      const { body } = await rest_of(hub)('GET', '/jobs/import');
      if (body.status === 'running' || body.status === 'enqueued') while_running += 1;
      await hub.kill();
      hub = await start(port);
    }
    const rest = rest_of(hub);
    let job;
    do {
      await pause(50);
      job = (await rest('GET', '/jobs/import')).body;
    } while (job.status === 'running' || job.status === 'enqueued');
    assert.equal(job.status, 'completed', JSON.stringify(job));
    const counts = (await rest('GET', '/statistics/devices')).body;
    assert.equal(counts.totalDeviceCount, LINES + 1, 'and the first device');
    for (let i = 0; i < 50; i += 1) {
      const n = random.below(LINES);
      const twin = (await rest('GET', `/twins/d-${n}`)).body;
      assert.equal(twin.tags.n, n);
      assert.equal(twin.properties.desired.n, n);
      assert.equal(twin.properties.desired.$version, 1, 'written once');
    }
    const log = (await storage_of(hub).call('GET', 'box/importErrors.log')).text;
    const logged = log.split('\n').filter(Boolean).map((line) => JSON.parse(line).deviceId);
    assert.deepEqual(logged.sort(), bad.sort());
    t.diagnostic(`${while_running} of ${KILLS} kills came while it ran`);
    assert.ok(while_running > 0, 'the import was over before the first kill: the test did not test');
    assert.deepEqual(await hub.stop(), { code: 0, signal: null });
  } finally {
    fs.rmSync(data, { recursive: true, force: true });
  }
});
