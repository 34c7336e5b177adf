// Numbered telemetry over a raw connection, for suites about reading.
'use strict';

const { connected, events_topic } = require('./mqtt_device');
const { TYPE, publish_packet } = require('./mqtt_raw');

// Sends JSON {"i": from}, … and resolves when all are acknowledged.
async function send_numbers(device, from, count, bag = '') {
  const client = await connected(device);
  for (let i = 0; i < count; ++i) {
    client.send(publish_packet({ topic: events_topic(device, bag), payload: JSON.stringify({ i: from + i }), id: (i % 65535) + 1 }));
  }
  for (let i = 0; i < count; ++i) await client.expect(TYPE.PUBACK);
  await client.disconnect();
}

module.exports = { send_numbers };
