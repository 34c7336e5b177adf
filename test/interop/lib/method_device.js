// A device on raw MQTT that answers every method with the same status and payload and keeps what it is told of its desired
// properties.
'use strict';

const { TYPE, publish_packet } = require('./mqtt_raw');
const { device_on, described, rest_of } = require('./client');
const { Inbox } = require('./until');

class MethodDevice {
  // `id` was made before; resolves once it takes methods.
  static async connect(hub, id, status, payload) {
    const identity = (await rest_of(hub)('GET', `/devices/${encodeURIComponent(id)}`)).body;
    const device = new MethodDevice();
    device.answer = { status, payload };
    device.desired = new Inbox();
    device.client = await device_on(hub, described(hub.info.hostName, identity));
    await device.client.subscribe(1, [['$iothub/methods/POST/#', 0], ['$iothub/twin/PATCH/properties/desired/#', 0]]);
    device.done = device.run();
    return device;
  }

  async run() {
    for (;;) {
      const packet = await this.client.expect(TYPE.PUBLISH, 'publish').catch(() => null);
      if (packet === null || this.closed) return;
      const length = packet.body.readUInt16BE(0);
      const topic = packet.body.subarray(2, 2 + length).toString();
      const request = /^\$iothub\/methods\/POST\/[^/]+\/\?\$rid=([^&]+)$/.exec(topic);
      if (request) {
        this.client.send(publish_packet({ topic: `$iothub/methods/res/${this.answer.status}/?$rid=${request[1]}`,
          payload: this.answer.payload, qos: 0 }));
      } else {
        this.desired.push(JSON.parse(packet.body.subarray(2 + length).toString()));
      }
    }
  }

  next_desired() { return this.desired.next('desired properties'); }
  close() {
    this.closed = true;
    this.client.abort();
  }
}

module.exports = { MethodDevice };
