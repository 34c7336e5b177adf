// The twin operations of a device on raw MQTT: every byte of request and response is the test's.
'use strict';

const { device_on } = require('./client');
const { TYPE, publish_packet } = require('./mqtt_raw');

// A PUBLISH, taken apart.
function published({ flags, body }) {
  const length = body.readUInt16BE(0);
  const qos = (flags >> 1) & 3;
  const rest = body.subarray(2 + length + (qos ? 2 : 0));
  return { topic: body.subarray(2, 2 + length).toString(), qos, text: rest.toString() };
}

class TwinClient {
  // Subscribed to responses, and with `desired` to changes.
  static async connect(device, { hub = require('./context'), desired = false, changes, options } = {}) {
    const client = new TwinClient();
    client.mqtt = await device_on(hub, device, { clean: true, ...changes }, options);
    const filters = [['$iothub/twin/res/#', 0], ...(desired ? [['$iothub/twin/PATCH/properties/desired/#', 0]] : [])];
    await client.mqtt.subscribe(1, filters);
    client.notifications = [];  // [{version, body}]
    client.requests = 0;
    return client;
  }

  // {status, version, text, body}. Desired changes that come before go to `notifications`.
  async ask(operation, payload) {
    const rid = `r${++this.requests}`;

    this.mqtt.send(publish_packet({ topic: `$iothub/twin/${operation}/?$rid=${rid}`, payload, qos: 0 }));
    for (;;) {
      const packet = await this.mqtt.packets.next(`response to ${operation}`);
      if (packet.type !== TYPE.PUBLISH) throw new Error(`packet type ${packet.type} instead of a response`);
      const { topic, text } = published(packet);
      const desired = /^\$iothub\/twin\/PATCH\/properties\/desired\/\?\$version=(\d+)$/.exec(topic);
      if (desired) {
        this.notifications.push({ version: Number(desired[1]), body: JSON.parse(text) });
        continue;
      }
      const found = /^\$iothub\/twin\/res\/(\d{3})\/\?\$rid=([^&]+)(?:&\$version=(\d+))?$/.exec(topic);
      if (!found || found[2] !== rid) throw new Error(`unexpected ${topic}`);
      return { status: Number(found[1]), version: found[3] && Number(found[3]), text,
        get body() { return text ? JSON.parse(text) : null; } };
    }
  }
  get() { return this.ask('GET', ' '); }
  report(text) { return this.ask('PATCH/properties/reported', text); }

  close() { return this.mqtt.disconnect(); }
}

module.exports = { TwinClient, published };
