// Everything in the event log, over AMQP, partition by partition: [[{sequence, offset, device, body}]].
'use strict';

const { parse_connection_string } = require('../interop/lib/sas');
const { open_at, plain_at, close, attach_receiver, attach_sender, filter } = require('../interop/lib/amqp');

async function ask(connection, application_properties) {
  const { deliveries, receiver } = await attach_receiver(connection, { address: '$management' }, { target: { address: 'me' } });
  const { sender } = await attach_sender(connection, { address: '$management' });
  sender.send({ message_id: 'ask', reply_to: 'me', application_properties: { operation: 'READ', ...application_properties } });
  const { message } = await deliveries.next('answer of $management');
  sender.close();
  receiver.close();
  return message.body;
}

async function read_partition(connection, entity, partition) {
  const state = await ask(connection, { type: 'com.microsoft:partition', name: entity, partition });
  if (state.is_partition_empty) return [];
  const { receiver, deliveries } = await attach_receiver(connection,
    { address: `${entity}/ConsumerGroups/$Default/Partitions/${partition}`, filter: filter("amqp.annotation.x-opt-offset > '-1'") },
    { credit_window: 2000 });
  const events = [];
  for (;;) {
    const { message } = await deliveries.next(`event ${events.length} of partition ${partition}`);
    const annotations = message.message_annotations;
    events.push({ sequence: annotations['x-opt-sequence-number'], offset: annotations['x-opt-offset'],
      device: annotations['iothub-connection-device-id'], body: message.body.content.toString() });
    if (events.at(-1).sequence >= state.last_enqueued_sequence_number) break;
  }
  receiver.close();
  return events;
}

async function read_back(hub) {
  const entity = parse_connection_string(hub.info.connectionStrings.eventHub).EntityPath;
  const connection = await open_at(hub, plain_at(hub));
  const { partition_ids } = await ask(connection, { type: 'com.microsoft:eventhub', name: entity });
  const partitions = [];
  for (const partition of partition_ids) partitions.push(await read_partition(connection, entity, partition));
  await close(connection);
  return partitions;
}

module.exports = { read_back };
