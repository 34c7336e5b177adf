// A device that publishes numbered messages as fast as a window allows and remembers which were acknowledged. A number
// is never sent twice, so a message that shows up twice in the log was duplicated by the hub.
'use strict';

const { device_on, events_topic } = require('../interop/lib/client');
const { TYPE, publish_packet } = require('../interop/lib/mqtt_raw');

const WINDOW = 48;

class Publisher {
  constructor(device, index, random) {
    this.device = device;
    this.index = index;
    this.random = random;
    this.next_number = 0;
    this.acknowledged = new Set();
    this.topic = events_topic(device, `n=${index}`);
  }

  // Publishes until the connection breaks or `budget` messages are acknowledged. Resolves either way.
  async run(hub, budget) {
    let client;
    try {
      client = await device_on(hub, this.device);
    } catch {
      return;  // killed while connecting
    }
    const in_flight = new Map();
    let id = 0;
    let acknowledged = 0;
    const send_one = () => {
      id = (id % 65535) + 1;
      const number = this.next_number++;
      in_flight.set(id, number);
      const padding = 'x'.repeat(this.random.below(200));
      client.send(publish_packet({ topic: this.topic, id, payload: `${this.index}:${number}:${padding}` }));
    };
    client.socket.cork();
    for (let i = 0; i < WINDOW; ++i) send_one();
    client.socket.uncork();
    for (;;) {
      const { type, body } = await client.packets.next('acknowledgement');
      if (type !== TYPE.PUBACK) break;
      const packet_id = body.readUInt16BE(0);
      this.acknowledged.add(in_flight.get(packet_id));
      in_flight.delete(packet_id);
      if (++acknowledged < budget) send_one();
      else if (in_flight.size === 0) break;
    }
    client.abort();
  }
}

module.exports = { Publisher };
