// The Event Hubs SDK against the Event-Hubs-compatible endpoint, over AMQP and AMQP over WebSocket.
'use strict';

const { test, describe } = require('node:test');
const assert = require('node:assert/strict');
const { EventHubConsumerClient, EventHubProducerClient, latestEventPosition, earliestEventPosition } = require('@azure/event-hubs');
const context = require('./lib/context');
const { create_device, random_key } = require('./lib/registry');
const { consumer, watch, watch_device, device_of } = require('./lib/events');
const { send_numbers } = require('./lib/send');
const { connected, events_topic } = require('./lib/mqtt_device');
const { with_deadline } = require('./lib/until');

// Sends `count` events and reads them back: [{i, offset, sequenceNumber, enqueuedTimeUtc, partitionId}].
async function sent_and_read(device, count) {
  await send_numbers(device, 0, count);
  const reader = await watch_device(device.id);
  const events = await reader.inbox.take(count, 'events');
  await reader.close();
  assert.deepEqual(events.map((e) => e.body.i), Array.from({ length: count }, (_, i) => i));
  return events;
}

async function first_after(device, partition, startPosition) {
  const reader = await watch({ partition, keep: (e) => device_of(e) === device.id,
    options: { startPosition, maxBatchSize: 500, maxWaitTimeInSeconds: 0.2 } });
  const event = await reader.inbox.next('first event');
  await reader.close();
  return event.body.i;
}

for (const [name, web_socket, skip] of [['AMQP', false, false], ['AMQP over WebSocket', true, context.skip_443]]) {
  describe(name, { skip }, () => {
    test('the hub and its partitions describe themselves', async () => {
      const client = consumer({ web_socket });
      const hub = await client.getEventHubProperties();
      assert.equal(hub.name, context.event_hub.EntityPath);
      assert.ok(hub.createdOn instanceof Date && hub.createdOn.getTime() > 0 && hub.createdOn.getTime() <= Date.now());
      assert.deepEqual(hub.partitionIds, hub.partitionIds.map((_, i) => `${i}`));
      assert.ok(hub.partitionIds.length >= 2);
      for (const id of hub.partitionIds) {
        const partition = await client.getPartitionProperties(id);
        assert.equal(partition.partitionId, id);
        assert.equal(partition.eventHubName, hub.name);
        assert.equal(typeof partition.lastEnqueuedSequenceNumber, 'number');
        assert.match(partition.lastEnqueuedOffset, /^-?\d+$/);
      }
      await client.close();
    });

    test('partition properties follow what is sent', async () => {
      const device = await create_device('props');
      const events = await sent_and_read(device, 3);
      const client = consumer({ web_socket });
      const partition = await client.getPartitionProperties(events[0].partitionId);
      assert.ok(partition.lastEnqueuedSequenceNumber >= events[2].sequenceNumber);
      assert.ok(BigInt(partition.lastEnqueuedOffset) >= BigInt(events[2].offset));
      assert.ok(partition.lastEnqueuedOnUtc.getTime() >= events[2].enqueuedTimeUtc.getTime());
      assert.ok(partition.beginningSequenceNumber <= events[0].sequenceNumber);
      assert.equal(partition.isEmpty, false);
      await client.close();
    });

    test('events carry exactly the annotations of the wire reference', async () => {
      const device = await create_device('annot');
      await send_numbers(device, 7, 1, '%24.mid=id1&%24.ct=application%2Fjson&%24.ce=utf-8&app=1');
      const reader = await watch_device(device.id, { client: consumer({ web_socket }) });
      const event = await reader.inbox.next('event');
      await reader.close();
      const annotations = event.getRawAmqpMessage().messageAnnotations;
      assert.deepEqual(Object.keys(annotations).sort(), [
        'iothub-connection-auth-generation-id', 'iothub-connection-auth-method', 'iothub-connection-device-id',
        'iothub-enqueuedtime', 'iothub-message-source', 'x-opt-enqueued-time', 'x-opt-offset', 'x-opt-sequence-number']);
      assert.equal(typeof annotations['x-opt-sequence-number'], 'number');
      assert.match(annotations['x-opt-offset'], /^\d+$/);
      assert.ok(annotations['x-opt-enqueued-time'] instanceof Date);
      assert.ok(annotations['iothub-enqueuedtime'] instanceof Date);
      assert.equal(annotations['iothub-message-source'], 'Telemetry');
      const { properties } = event.getRawAmqpMessage();
      assert.equal(properties.messageId, 'id1');
      assert.equal(properties.contentType, 'application/json');
      assert.equal(properties.contentEncoding, 'utf-8');
      assert.deepEqual(event.properties, { app: '1' });
      assert.deepEqual(event.body, { i: 7 });
    });

    test('start positions: each kind, exclusive and inclusive', async () => {
      const device = await create_device('start');
      const events = await sent_and_read(device, 6);
      const { partitionId } = events[0];
      const third = events[2];
      assert.equal(await first_after(device, partitionId, earliestEventPosition), 0);
      assert.equal(await first_after(device, partitionId, { offset: third.offset }), 3);
      assert.equal(await first_after(device, partitionId, { offset: third.offset, isInclusive: true }), 2);
      assert.equal(await first_after(device, partitionId, { sequenceNumber: third.sequenceNumber }), 3);
      assert.equal(await first_after(device, partitionId, { sequenceNumber: third.sequenceNumber, isInclusive: true }), 2);
      const time = third.enqueuedTimeUtc.getTime() - 1;
      const expected = events.findIndex((e) => e.enqueuedTimeUtc.getTime() > time);
      assert.equal(await first_after(device, partitionId, { enqueuedOn: new Date(time) }), expected);
    });

    test('from the latest only what comes later', async () => {
      const device = await create_device('latest');
      await send_numbers(device, 0, 3);
      const reader = await watch({ keep: (e) => device_of(e) === device.id, client: consumer({ web_socket }),
        options: { startPosition: latestEventPosition } });
      const mqtt = await connected(device);
      let number = 2;
      const send = () => mqtt.send(require('./lib/mqtt_raw').publish_packet({ topic: events_topic(device), qos: 0, payload: JSON.stringify({ i: ++number }) }));
      const timer = setInterval(send, 100);  // the link attaches at some unknown moment
      const [first, second] = await reader.inbox.take(2, 'events');
      clearInterval(timer);
      await mqtt.disconnect();
      await reader.close();
      assert.ok(first.body.i >= 3, `got ${first.body.i}, sent before the subscription`);
      assert.equal(second.body.i, first.body.i + 1);
    });

    test('ten thousand events, in order per device, sequence numbers without gaps', async () => {
      const devices = await Promise.all([1, 2, 3, 4].map((n) => create_device(`bulk${n}`)));
      const ids = new Map(devices.map((d, n) => [d.id, n]));
      const reader = await watch({ keep: (e) => ids.has(device_of(e)), client: consumer({ web_socket }),
        options: { startPosition: earliestEventPosition, maxBatchSize: 500 } });
      await Promise.all(devices.map((d) => send_numbers(d, 0, 2500)));
      const events = await reader.inbox.take(10000, 'events', 60000);
      await reader.close();
      for (const device of devices) {
        const own = events.filter((e) => device_of(e) === device.id);
        assert.deepEqual(own.map((e) => e.body.i), Array.from({ length: 2500 }, (_, i) => i));
      }
    });
  });
}

test('a large event comes in several frames, whole', async () => {
  const device = await create_device('frames');
  const mqtt = await connected(device);
  const payload = Buffer.alloc(200 * 1024, 0).map((_, i) => i % 251);
  await mqtt.publish({ topic: events_topic(device), payload });
  await mqtt.disconnect();
  const reader = await watch_device(device.id, { options: { skipParsingBodyAsJson: true } });
  const event = await reader.inbox.next('event');
  await reader.close();
  assert.ok(Buffer.from(event.body).equals(payload));
});

test('a new owner of a higher level evicts the older one; a lower one is refused', async () => {
  const start = (ownerLevel) => watch({ partition: '0', options: { startPosition: latestEventPosition, ownerLevel } });
  const first = await start(5);
  const second = await start(6);
  const error = await first.errors.next('eviction');
  assert.equal(error.code, 'ReceiverDisconnectedError');
  assert.match(error.message, /epoch/i);
  const third = await start(4);
  assert.equal((await third.errors.next('refusal')).code, 'ReceiverDisconnectedError');
  const fourth = await watch({ partition: '0', options: { startPosition: latestEventPosition } });
  assert.equal((await fourth.errors.next('refusal without a level')).code, 'ReceiverDisconnectedError');
  for (const reader of [first, second, third, fourth]) await reader.close();
});

test('a group nobody made: MessagingEntityNotFoundError', async () => {
  const reader = await watch({ partition: '0', client: consumer({ group: 'nobody' }), options: { startPosition: latestEventPosition } });
  assert.equal((await reader.errors.next('error')).code, 'MessagingEntityNotFoundError');
  await reader.close();
});

test('a partition that does not exist', async () => {
  const client = consumer();
  await assert.rejects(client.getPartitionProperties('99'));
  await client.close();
  const reader = await watch({ partition: '99', options: { startPosition: latestEventPosition } });
  assert.ok(await reader.errors.next('error'));
  await reader.close();
});

test('another entity name is not found', async () => {
  const client = new EventHubConsumerClient('$Default', context.strings.eventHub.replace(/EntityPath=[^;]*/, 'EntityPath=other'),
    { retryOptions: { maxRetries: 0, timeoutInMs: 10000 } });
  await assert.rejects(with_deadline(client.getEventHubProperties(), 'answer'), (error) =>
    ['MessagingEntityNotFoundError', 'UnauthorizedError'].includes(error.code) || assert.fail(`${error.code}: ${error.message}`));
  await client.close();
});

test('a wrong key and a policy without ServiceConnect are unauthorized', async () => {
  const { parse_connection_string } = require('./lib/sas');
  const device = parse_connection_string(context.strings.device);
  const base = `Endpoint=sb://${context.host}/;EntityPath=${context.event_hub.EntityPath}`;
  for (const text of [
    `${base};SharedAccessKeyName=iothubowner;SharedAccessKey=${random_key()}`,
    `${base};SharedAccessKeyName=device;SharedAccessKey=${device.SharedAccessKey}`,
  ]) {
    // The SDK would try again for minutes: it takes 401 for something that passes.
    const once = new EventHubConsumerClient('$Default', text, { retryOptions: { maxRetries: 0, timeoutInMs: 10000 } });
    await assert.rejects(once.getPartitionIds(), (error) => /Unauthorized/i.test(`${error.code} ${error.name} ${error.message}`));
    await once.close();
  }
});

test('the service policy reads events', async () => {
  const { parse_connection_string } = require('./lib/sas');
  const service = parse_connection_string(context.strings.service);
  const client = consumer({ connection_string:
    `Endpoint=sb://${context.host}/;SharedAccessKeyName=service;SharedAccessKey=${service.SharedAccessKey};EntityPath=${context.event_hub.EntityPath}` });
  assert.ok((await client.getPartitionIds()).length >= 2);
  await client.close();
});

test('last enqueued event properties are tracked when asked for', async () => {
  const device = await create_device('track');
  await send_numbers(device, 0, 3);
  const client = consumer();
  const seen = await with_deadline(new Promise((resolve, reject) => {
    const subscription = client.subscribe({
      processEvents: async (events, partition) => {
        if (!events.some((e) => device_of(e) === device.id)) return;
        resolve({ subscription, last: partition.lastEnqueuedEventProperties, event: events.at(-1) });
      },
      processError: async (error) => reject(error),
    }, { startPosition: earliestEventPosition, trackLastEnqueuedEventProperties: true, maxBatchSize: 500, maxWaitTimeInSeconds: 0.2 });
  }), 'tracked properties');
  await seen.subscription.close();
  await client.close();
  assert.ok(seen.last.sequenceNumber >= seen.event.sequenceNumber);
  assert.ok(BigInt(seen.last.offset) >= BigInt(seen.event.offset));
});

test('producing through the built-in endpoint is refused', async () => {
  const producer = new EventHubProducerClient(context.strings.eventHub, { retryOptions: { maxRetries: 0, timeoutInMs: 10000 } });
  await assert.rejects(producer.sendBatch([{ body: 'x' }]));
  await producer.close();
});
