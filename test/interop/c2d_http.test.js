// Cloud-to-device messages over HTTPS: the device SDK, and requests as other SDKs write them
// (reference/device-mqtt-https.md §8.3, §8.6).
'use strict';

const { test, describe } = require('node:test');
const assert = require('node:assert/strict');
const { Client } = require('azure-iot-device');
const { Http } = require('azure-iot-device-http');
const context = require('./lib/context');
const { create_device, create_module, rest } = require('./lib/registry');
const { post } = require('./lib/https_device');
const { Inbox } = require('./lib/until');

function devicebound(device) {
  const module = device.module_id ? `/modules/${device.module_id}` : '';
  return `/devices/${device.id}${module}/messages/devicebound`;
}

async function send_to(device, body, headers = {}) {
  const answer = await rest('POST', devicebound(device), undefined, { 'Content-Type': 'text/plain', ...headers }, body);
  assert.equal(answer.status, 204, answer.text);
}

function request(device, method, path, headers = {}) {
  return post(device, '', { method, path, headers });
}

async function receive(device, query = '', headers = {}) {
  return request(device, 'GET', `${devicebound(device)}?api-version=2021-04-12${query}`, headers);
}

function lock_of(answer) {
  const [, lock] = /^"([0-9a-f-]{36})"$/.exec(answer.headers.etag);
  return lock;
}

async function count(device) {
  return (await rest('GET', `/devices/${device.id}`)).body.cloudToDeviceMessageCount;
}

// Batches until `wanted` records of these ids are there; each is completed. Other suites share the hub.
async function feedback_of(ids) {
  const found = new Map();
  const deadline = Date.now() + 40000;
  while (found.size < ids.length) {
    assert.ok(Date.now() < deadline, `feedback: ${[...found.keys()]} of ${ids}`);
    const batch = await rest('GET', '/messages/serviceBound/feedback');
    if (batch.status === 204) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      continue;
    }
    assert.equal(batch.headers['content-type'], 'application/vnd.microsoft.iothub.feedback.json');
    assert.match(batch.text, /^[\x20-\x7e]*$/);
    assert.ok(!batch.text.includes('\\'));
    for (const record of batch.body) if (ids.includes(record.originalMessageId)) found.set(record.originalMessageId, record);
    const done = await rest('DELETE', `/messages/serviceBound/feedback/${lock_of(batch)}`);
    assert.equal(done.status, 204);
  }
  return found;
}

describe('the device SDK over HTTPS', { skip: context.skip_443 }, () => {
  // It polls once a second.
  async function listening(device) {
    const client = Client.fromConnectionString(device.connection_string, Http);
    const inbox = new Inbox();
    await client.open();
    client.on('message', (message) => inbox.push(message));
    return { client, inbox };
  }

  test('receives with every property and completes', async () => {
    const device = await create_device('c2d');
    await send_to(device, 'hello', {
      'iothub-messageid': 'm-1', 'iothub-correlationid': 'c-1', 'iothub-ack': 'full',
      'iothub-expiry': '2035-01-01T00:00:00Z', 'iothub-app-level': 'storm',
    });
    const { client, inbox } = await listening(device);
    const message = await inbox.next('message');
    assert.equal(message.getData().toString(), 'hello');
    assert.equal(message.messageId, 'm-1');
    assert.equal(message.correlationId, 'c-1');
    assert.equal(message.to, devicebound(device));
    assert.equal(message.expiryTimeUtc, '2035-01-01T00:00:00.0000000Z');
    assert.equal(message.properties.getValue('iothub-app-level'), 'storm', 'Node keeps the name of the header');
    assert.match(message.lockToken, /^[0-9a-f-]{36}$/);
    await client.complete(message);
    await assert.rejects(client.complete(message), 'the second time');
    await client.close();
    assert.equal(await count(device), 0);
    assert.equal((await feedback_of(['m-1'])).get('m-1').statusCode, 'Success');
  });

  test('abandons, gets it again, rejects', async () => {
    const device = await create_device('c2d');
    const id = `reject-${device.id}`;
    await send_to(device, 'again', { 'iothub-messageid': id, 'iothub-ack': 'negative' });
    const { client, inbox } = await listening(device);
    const first = await inbox.next('message');
    await client.abandon(first);
    const second = await inbox.next('message again');
    assert.equal(second.getData().toString(), 'again');
    assert.notEqual(second.lockToken, first.lockToken);
    await client.reject(second);
    await client.close();
    assert.equal(await count(device), 0);
    const record = (await feedback_of([id])).get(id);
    assert.equal(record.statusCode, 'Rejected');
    assert.equal(record.deviceId, device.id);
    assert.equal(record.deviceGenerationId, device.identity.generationId);
  });
});

describe('requests as other SDKs write them', () => {
  test('C: exact names in the answer, quoted If-Match, 204', async () => {
    const device = await create_device('c2dc');
    await send_to(device, '{}', { 'Content-Type': 'application/json', 'Content-Encoding': 'utf-8', 'iothub-messageid': 'x',
      'iothub-userid': 'u-1' });
    const answer = await request(device, 'GET', `${devicebound(device)}?api-version=2016-11-14`);
    assert.equal(answer.status, 200);
    const raw = answer.raw_headers;
    for (const name of ['ETag', 'ContentType', 'ContentEncoding', 'iothub-messageid', 'iothub-userid',
       'iothub-to', 'iothub-enqueuedtime']) {
      assert.ok(raw.includes(name), `${name} in ${raw}`);
    }
    const done = await request(device, 'DELETE', `${devicebound(device)}/${lock_of(answer)}?api-version=2016-11-14`,
      { 'If-Match': `"${lock_of(answer)}"` });
    assert.equal(done.status, 204);
    assert.equal(await count(device), 0);
  });

  test('C#: other case, the lock time in the query, IfMatch, reject without a value', async () => {
    const device = await create_device('c2dcs');
    await send_to(device, 'x');
    const path = devicebound(device).replace('devicebound', 'deviceBound');
    const first = await request(device, 'GET', `${path}?api-version=2020-09-30&iothub-messagelocktimeout=60`);
    const abandoned = await request(device, 'POST', `${path}/${lock_of(first)}/abandon?api-version=2020-09-30`,
      { IfMatch: `"${lock_of(first)}"` });
    assert.equal(abandoned.status, 204);
    const second = await request(device, 'GET', `${path}?api-version=2020-09-30&iothub-messagelocktimeout=60`);
    assert.equal(second.headers['iothub-deliverycount'], '1');
    const rejected = await request(device, 'DELETE', `${path}/${lock_of(second)}?reject&api-version=2020-09-30`,
      { 'If-Match': `"${lock_of(second)}"` });
    assert.equal(rejected.status, 204);
    assert.equal(await count(device), 0);
  });

  test('Java: the lock time in a header, a one-byte body for abandon, ?reject', async () => {
    const device = await create_device('c2dj');
    await send_to(device, 'x');
    const first = await receive(device, '', { 'iothub-messagelocktimeout': '60' });
    const abandoned = await post(device, 'x', { path: `${devicebound(device)}/${lock_of(first)}/abandon?api-version=2020-09-30`,
      headers: { 'If-Match': lock_of(first) } });
    assert.equal(abandoned.status, 204);
    const second = await receive(device);
    const rejected = await request(device, 'DELETE', `${devicebound(device)}/${lock_of(second)}?api-version=2020-09-30&%3Freject=true`,
      { 'If-Match': lock_of(second) });
    assert.equal(rejected.status, 204);
  });

  test('a lock that runs out: visible again, and lost', async () => {
    const device = await create_device('c2dlock');
    await send_to(device, 'x');
    const first = await receive(device, '&iothub-messagelocktimeout=1');
    assert.equal((await receive(device)).status, 204);
    let second;
    for (let i = 0; i < 100 && second?.status !== 200; ++i) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      second = await receive(device);
    }
    assert.equal(second.status, 200);
    assert.equal(second.headers['iothub-deliverycount'], '0', 'only an abandon counts');
    const lost = await request(device, 'DELETE', `${devicebound(device)}/${lock_of(first)}`);
    assert.equal(lost.status, 412);
    assert.equal(lost.headers['iothub-errorcode'], 'DeviceMessageLockLost');
    assert.equal((await request(device, 'DELETE', `${devicebound(device)}/${lock_of(second)}`)).status, 204);
  });

  test('a module', async () => {
    const device = await create_device('c2dmod');
    const module = await create_module(device.id, 'm');
    await send_to(module, 'for m');
    assert.equal((await receive(device)).status, 204);
    const answer = await receive(module);
    assert.equal(answer.text, 'for m');
    assert.equal((await request(module, 'DELETE', `${devicebound(module)}/${lock_of(answer)}`)).status, 204);
  });
});

describe('back ends', () => {
  test('fifty messages, then 403; purge; feedback on each', async () => {
    const device = await create_device('c2dfull');
    const ids = Array.from({ length: 50 }, (_, i) => `${device.id}-${i}`);
    for (const id of ids) await send_to(device, id, { 'iothub-messageid': id, 'iothub-ack': 'full' });
    const refused = await rest('POST', devicebound(device), undefined, {}, 'x');
    assert.equal(refused.status, 403);
    assert.equal(refused.headers['iothub-errorcode'], 'DeviceMaximumQueueDepthExceeded');
    const purged = await rest('DELETE', `/devices/${device.id}/commands`);
    assert.deepEqual(purged.body, { totalMessagesPurged: 50, deviceId: device.id, moduleId: null });
    const records = await feedback_of(ids);
    for (const record of records.values()) assert.equal(record.statusCode, 'Purged');
    assert.equal(await count(device), 0);
  });

  test('an expiry in the past is refused, one that passes ends the message', async () => {
    const device = await create_device('c2dttl');
    const past = await rest('POST', devicebound(device), undefined, { 'iothub-expiry': '2020-01-01T00:00:00Z' }, 'x');
    assert.equal(past.status, 400);
    assert.equal(past.headers['iothub-errorcode'], 'InvalidMessageExpiryTime');
    const id = `ttl-${device.id}`;
    await send_to(device, 'x', { 'iothub-messageid': id, 'iothub-ack': 'negative',
      'iothub-expiry': new Date(Date.now() + 4000).toISOString() });
    assert.equal((await feedback_of([id])).get(id).statusCode, 'Expired');
    assert.equal((await receive(device)).status, 204);
  });
});
