// AMQP with rhea, below the SDKs: SASL, claims, redirects, filters, refusals (reference/amqp.md §2, §3, §8, §9).
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const tls = require('node:tls');
const context = require('./lib/context');
const { create_device, random_key } = require('./lib/registry');
const { send_numbers } = require('./lib/send');
const { sas, parse_connection_string } = require('./lib/sas');
const { rhea, open_at, plain_at, close, attach_receiver, attach_sender, put_token, filter, FILTER } = require('./lib/amqp');
const { watch_device } = require('./lib/events');
const { with_deadline, Inbox } = require('./lib/until');

const open = (options) => open_at(context, options);
const plain = () => plain_at(context);
const entity = context.event_hub.EntityPath;
const partition_path = (partition, group = '$Default') => `${entity}/ConsumerGroups/${group}/Partitions/${partition}`;
const owner_token = (resource = `sb://${context.host}/${entity}`) =>
  sas(resource, context.owner.SharedAccessKey, { policy: 'iothubowner' });

// The raw answer to `bytes` until the peer closes or `length` bytes are here.
async function raw_exchange(bytes, length) {
  const socket = tls.connect({ host: context.host, port: context.info.ports.amqp, ca: context.ca });
  const received = [];
  const done = new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received.push(chunk);
      if (Buffer.concat(received).length >= length) resolve();
    });
    socket.on('close', resolve);
  });
  socket.write(bytes);
  await with_deadline(done, `${length} bytes`);
  socket.destroy();
  return Buffer.concat(received);
}

test('the SASL mechanisms frame is byte for byte the recorded one', async () => {
  const recorded = '0000003f02010000005340c03201e02f04b30000000845585445524e414c000000074d53534243425300000009414e4f4e594d4f555300000005504c41494e';
  const answer = await raw_exchange(Buffer.from('AMQP\x03\x01\x00\x00', 'latin1'), 8 + recorded.length / 2);
  assert.equal(answer.subarray(0, 8).toString('latin1'), 'AMQP\x03\x01\x00\x00');
  assert.equal(answer.subarray(8).toString('hex'), recorded);
});

test('an unknown protocol header is answered with ours and a close', async () => {
  const answer = await raw_exchange(Buffer.from('AMQP\x09\x01\x00\x00', 'latin1'), 1 << 20);
  assert.equal(answer.subarray(0, 4).toString(), 'AMQP');
  assert.equal(answer.length, 8);
});

test('open is answered with the profile of the real hub', async () => {
  const connection = await open();
  assert.equal(connection.remote.open.max_frame_size, 65536);
  assert.ok(connection.remote.open.channel_max >= 1000);
  assert.ok(connection.remote.open.idle_time_out >= 5000);
  await close(connection);
});

test('SASL: ANONYMOUS, PLAIN right, PLAIN wrong', async () => {
  await close(await open({ username: 'anonymous' }));
  await close(await open(plain()));
  const wrong = { ...plain(), password: sas(`${context.host}/messages/events`, random_key(), { policy: 'iothubowner' }) };
  await assert.rejects(open(wrong));
  await assert.rejects(open({ ...plain(), username: `nobody@sas.root.${context.host.split('.')[0]}` }));
});

test('without a SASL layer: an open connection that may attach nothing but $cbs', async () => {
  const connection = await open();
  const { error } = await attach_receiver(connection, { address: partition_path(0) });
  assert.equal(error.condition, 'amqp:unauthorized-access');
  await close(connection);
});

test('put-token: 200 OK with an int status and the correlation of the request', async () => {
  const connection = await open({ username: 'anonymous' });
  const answer = await put_token(connection, owner_token(), `sb://${context.host}/${entity}`);
  assert.equal(answer['status-code'], 200);
  assert.equal(answer['status-description'], 'OK');
  assert.equal(answer.correlation_id, 'request-1');
  const { receiver } = await attach_receiver(connection, { address: partition_path(0) });
  assert.ok(receiver);
  await close(connection);
});

test('put-token: every spelling of resource and type', async (t) => {
  for (const [name, type] of [
    [`sb://${context.host}/${entity}`, 'servicebus.windows.net:sastoken'],
    [`amqps://${context.host}:5671/${entity}`, 'azure-devices.net:sastoken'],
    [`amqps://${context.host}/${entity}/ConsumerGroups/$Default/Partitions/0`, 'SERVICEBUS.windows.net:SASTOKEN'],
    [`sb://${context.host}/${entity}/$management`, 'servicebus.windows.net:sastoken'],
    [context.host, 'servicebus.windows.net:sastoken'],
  ]) {
    await t.test(`${type} ${name}`, async () => {
      const connection = await open({ username: 'anonymous' });
      assert.equal((await put_token(connection, owner_token(name), name, type))['status-code'], 200);
      await close(connection);
    });
  }
});

test('put-token: what is wrong gets 401 or 400 and leaves the connection open', async () => {
  const connection = await open({ username: 'anonymous' });
  const name = `sb://${context.host}/${entity}`;
  const forged = sas(name, random_key(), { policy: 'iothubowner' });
  const expired = sas(name, context.owner.SharedAccessKey, { policy: 'iothubowner', expiry: 1000000000 });
  assert.equal((await put_token(connection, forged, name))['status-code'], 401);
  assert.equal((await put_token(connection, expired, name))['status-code'], 401);
  assert.equal((await put_token(connection, 'nonsense', name))['status-code'] >= 400, true);
  assert.equal((await put_token(connection, owner_token(), name, 'no:such-type'))['status-code'], 400);
  assert.equal((await put_token(connection, owner_token(), name))['status-code'], 200);
  await close(connection);
});

test('the redirect from the IoT endpoint names host, port and address', async () => {
  const connection = await open(plain());
  for (const address of [`amqps://${context.host}/messages/events/$management`, 'messages/events/$management', '/messages/events/$management']) {
    const { error } = await attach_receiver(connection, { address });
    assert.equal(error.condition, 'amqp:link:redirect');
    const { info } = error;
    assert.equal(info.hostname, context.host);
    assert.equal(info['network-host'], context.host);
    assert.equal(Number(info.port), context.info.ports.amqp);
    assert.match(info.address, /:\d+\/(.*)\/\$management/);
    assert.equal(/5671\/(.*)\/\$management/.exec(info.address)[1], entity);
  }
  await close(connection);
});

test('the way of the published sample: IoT connection string to Event Hubs connection string', async () => {
  const { EventHubConsumerClient } = require('@azure/event-hubs');
  const connection = await open(plain());
  const { error } = await attach_receiver(connection, { address: `amqps://${context.host}/messages/events/$management` });
  await close(connection);
  const name = /:\d+\/(.*)\/\$management/.exec(error.info.address)[1];
  const { SharedAccessKeyName, SharedAccessKey } = context.owner;
  const client = new EventHubConsumerClient('$Default',
    `Endpoint=sb://${error.info.hostname}/;EntityPath=${name};SharedAccessKeyName=${SharedAccessKeyName};SharedAccessKey=${SharedAccessKey}`);
  assert.ok((await client.getPartitionIds()).length >= 2);
  await client.close();
});

test('filters of every SDK start where they say, and are echoed', async () => {
  const device = await create_device('filter');
  await send_numbers(device, 0, 5);
  const reader = await watch_device(device.id);
  const events = await reader.inbox.take(5, 'events');
  await reader.close();
  const { partitionId, offset, sequenceNumber, enqueuedTimeUtc } = events[1];
  const time = enqueuedTimeUtc.getTime();
  const after_time = events.findIndex((e) => e.enqueuedTimeUtc.getTime() > time);
  const connection = await open(plain());
  const own = (message) => message.message_annotations['iothub-connection-device-id'] === device.id;
  const symbol = (text) => ({ [FILTER]: rhea.types.wrap_described(text, rhea.types.wrap_symbol(FILTER)) });
  for (const [what, wanted, expected] of [
    ['exclusive offset', filter(`amqp.annotation.x-opt-offset > '${offset}'`), 2],
    ['inclusive offset', filter(`amqp.annotation.x-opt-offset >= '${offset}'`), 1],
    ['bare value', filter(`amqp.annotation.x-opt-offset > ${offset}`), 2],
    ['symbol descriptor', symbol(`amqp.annotation.x-opt-sequence-number > '${sequenceNumber}'`), 2],
    ['inclusive sequence', symbol(`amqp.annotation.x-opt-sequence-number >= '${sequenceNumber}'`), 1],
    ['start of the log', filter("amqp.annotation.x-opt-offset > '-1'"), 0],
    ['inclusive time', filter(`amqp.annotation.x-opt-enqueued-time >= '${time}'`), events.findIndex((e) => e.enqueuedTimeUtc.getTime() >= time)],
    ['CLI spelling of time', filter(`amqp.annotation.x-opt-enqueuedtimeutc > ${time - 1}`), events.findIndex((e) => e.enqueuedTimeUtc.getTime() >= time)],
    ...(after_time > 0 ? [['exclusive time', filter(`amqp.annotation.x-opt-enqueued-time > '${time}'`), after_time]] : []),
  ]) {
    const { receiver, deliveries } = await attach_receiver(connection, { address: partition_path(partitionId), filter: wanted });
    assert.ok(receiver.source.filter && FILTER in receiver.source.filter, `${what}: filter echoed`);
    let delivery;
    do delivery = await deliveries.next(what);
    while (!own(delivery.message));
    assert.equal(JSON.parse(delivery.message.body.content.toString()).i, expected, what);
    receiver.close();
  }
  await close(connection);
});

test('a filter nobody understands is refused', async () => {
  const connection = await open(plain());
  for (const text of ["amqp.annotation.x-opt-offset < '1'", "color = 'red'", "amqp.annotation.x-opt-sequence-number > 'abc'", '']) {
    const { error } = await attach_receiver(connection, { address: partition_path(0), filter: filter(text) });
    assert.ok(error, `refused: ${text}`);
    assert.match(error.condition, /argument|invalid/);
  }
  await close(connection);
});

test('credit is obeyed: no more events than asked for', async () => {
  const device = await create_device('credit');
  await send_numbers(device, 0, 20);
  const reader = await watch_device(device.id);
  const [{ partitionId, offset }] = await reader.inbox.take(20, 'events');
  await reader.close();
  const connection = await open(plain());
  const { receiver, deliveries } = await attach_receiver(connection,
    { address: partition_path(partitionId), filter: filter(`amqp.annotation.x-opt-offset >= '${offset}'`) }, { credit_window: 0 });
  receiver.add_credit(3);
  await deliveries.take(3, 'deliveries');
  const drained = new Promise((resolve) => receiver.once('receiver_drained', resolve));
  receiver.drain_credit();
  await with_deadline(drained, 'drained');
  assert.equal(deliveries.items.length, 0);
  receiver.add_credit(2);
  await deliveries.take(2, 'deliveries');
  await close(connection);
});

test('five receivers without a level share a partition, the sixth is refused', async () => {
  const connection = await open(plain());
  const address = partition_path(1);
  for (let i = 0; i < 5; ++i) assert.ok((await attach_receiver(connection, { address })).receiver);
  const { error } = await attach_receiver(connection, { address });
  assert.equal(error.condition, 'amqp:resource-limit-exceeded');
  await close(connection);
});

test('unknown addresses: refused with not-found, the connection goes on', async () => {
  const connection = await open(plain());
  for (const address of ['nowhere', partition_path(99), partition_path(0, 'nobody'), `${entity}/ConsumerGroups/$Default`, 'a/'.repeat(500)]) {
    const { error } = await attach_receiver(connection, { address });
    assert.ok(error, address);
    assert.match(error.condition, /not-found|argument/, address);
  }
  assert.ok((await attach_receiver(connection, { address: partition_path(0) })).receiver);
  await close(connection);
});

test('a link name with every byte is echoed', async () => {
  const connection = await open(plain());
  const name = 'link-\u00e4-\u{1F600}-' + 'x'.repeat(200);
  const { receiver } = await attach_receiver(connection, { address: partition_path(2) }, { name });
  assert.equal(receiver.name, name);
  await close(connection);
});

test('a policy without ServiceConnect gets no events', async () => {
  const { SharedAccessKey } = parse_connection_string(context.strings.registryRead);
  const connection = await open({ username: 'anonymous' });
  const name = `sb://${context.host}/${entity}`;
  await put_token(connection, sas(name, SharedAccessKey, { policy: 'registryRead' }), name);
  const { error } = await attach_receiver(connection, { address: partition_path(0) });
  assert.equal(error.condition, 'amqp:unauthorized-access');
  await close(connection);
});

test('$management with a uuid, a ulong and a string message id', async () => {
  const connection = await open(plain());
  const { deliveries } = await attach_receiver(connection, { address: '$management' }, { target: { address: 'me' } });
  const { sender } = await attach_sender(connection, { address: '$management' });
  for (const message_id of ['text', rhea.types.wrap_ulong(77), rhea.types.wrap_uuid(Buffer.alloc(16, 7))]) {
    sender.send({ message_id, reply_to: 'me', body: null,
      application_properties: { operation: 'READ', type: 'com.microsoft:eventhub', name: entity } });
    const { message } = await deliveries.next('answer');
    assert.equal(message.application_properties['status-code'], 200);
    assert.equal(message.body.name, entity);
    assert.equal(message.body.partition_count, message.body.partition_ids.length);
    const expected = message_id.value ?? message_id;
    assert.deepEqual(message.correlation_id?.value ?? message.correlation_id, expected);
  }
  await close(connection);
});

test('five hundred sessions on one connection', async () => {
  const connection = await open(plain());
  const opened = new Inbox();
  connection.on('session_open', () => opened.push(1));
  for (let i = 0; i < 500; ++i) connection.create_session().begin();
  await opened.take(500, 'begin');
  await close(connection);
});

test('a frame longer than announced in open closes the connection with an error', async () => {
  const header = Buffer.from('AMQP\x00\x01\x00\x00', 'latin1');
  const answer = await raw_exchange(Buffer.concat([header, Buffer.from('7fffffff02000000', 'hex')]), 1 << 20);
  assert.ok(answer.length < 4096);
});
