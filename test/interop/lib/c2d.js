// Cloud-to-device messages: the back end's side over REST, and what a raw MQTT device gets.
'use strict';

const assert = require('node:assert/strict');
const { TYPE, packet, uint16 } = require('./mqtt_raw');

// Of a hub given by its rest function.
function back_end(rest) {
  const path_of = (device) =>
    `/devices/${encodeURIComponent(device.id)}${device.module_id ? `/modules/${device.module_id}` : ''}`;
  return {
    // headers: iothub-messageid, iothub-ack, iothub-app-{name}, …
    async send(device, body, headers = {}) {
      const answer = await rest('POST', `${path_of(device)}/messages/deviceBound`, undefined, headers, body);
      assert.ok(answer.status === 204 || answer.status === 200, `send: ${answer.status} ${answer.text}`);
    },
    // How many messages are in its queue.
    async waiting(device) {
      return (await rest('GET', path_of(device))).body.cloudToDeviceMessageCount;
    },
  };
}

const filter_of = (device) => `devices/${device.id}/messages/devicebound/#`;

// A PUBLISH, taken apart; `properties` as a parser of the topic sees them.
function parse_publish({ flags, body }) {
  const qos = (flags >> 1) & 3;
  const length = body.readUInt16BE(0);
  const topic = body.subarray(2, 2 + length).toString();
  const bag = topic.split('/')[4] ?? '';
  const properties = Object.fromEntries(
    bag.split('&').filter(Boolean).map((pair) => pair.split('=').map(decodeURIComponent)));
  return { topic, properties, qos, dup: (flags & 8) !== 0, retain: (flags & 1) !== 0,
    id: qos ? body.readUInt16BE(2 + length) : 0, payload: body.subarray(2 + length + (qos ? 2 : 0)).toString() };
}

async function next_message(client, what = 'message') {
  return parse_publish(await client.expect(TYPE.PUBLISH, what));
}

const acknowledge = (client, id) => client.send(packet(TYPE.PUBACK, 0, uint16(id)));

module.exports = { back_end, filter_of, parse_publish, next_message, acknowledge };
