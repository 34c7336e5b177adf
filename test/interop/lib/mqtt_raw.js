// A raw MQTT 3.1.1 client over TLS: enough to say what no library would say.
'use strict';

const tls = require('node:tls');
const { Inbox, with_deadline } = require('./until');

const TYPE = { CONNECT: 1, CONNACK: 2, PUBLISH: 3, PUBACK: 4, SUBSCRIBE: 8, SUBACK: 9, UNSUBSCRIBE: 10, UNSUBACK: 11,
  PINGREQ: 12, PINGRESP: 13, DISCONNECT: 14 };

function text(value) {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function uint16(value) {
  return Buffer.from([value >> 8, value & 0xff]);
}

function packet(type, flags, ...parts) {
  const body = Buffer.concat(parts);
  const head = [(type << 4) | flags];
  for (let rest = body.length; ;) {
    const digit = rest % 128;
    rest = Math.floor(rest / 128);
    head.push(rest ? digit | 0x80 : digit);
    if (!rest) break;
  }
  return Buffer.concat([Buffer.from(head), body]);
}

function connect_packet({ client_id = '', user, password, clean = true, keep_alive = 60, will, level = 4, protocol = 'MQTT' }) {
  const flags = (clean ? 2 : 0) | (will ? 4 | ((will.qos ?? 0) << 3) | (will.retain ? 32 : 0) : 0) |
    (password !== undefined ? 64 : 0) | (user !== undefined ? 128 : 0);
  return packet(TYPE.CONNECT, 0, text(protocol), Buffer.from([level, flags]), uint16(keep_alive), text(client_id),
    ...(will ? [text(will.topic), text(will.payload)] : []),
    ...(user !== undefined ? [text(user)] : []), ...(password !== undefined ? [text(password)] : []));
}

function publish_packet({ topic, payload = '', qos = 1, id = 1, retain = false, dup = false }) {
  return packet(TYPE.PUBLISH, (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0), text(topic), ...(qos ? [uint16(id)] : []),
    Buffer.from(payload));
}

function subscribe_packet(id, filters) {
  return packet(TYPE.SUBSCRIBE, 2, uint16(id), ...filters.flatMap(([filter, qos]) => [text(filter), Buffer.from([qos])]));
}

class RawMqtt {
  // Resolves after the TLS handshake.
  static async open({ host, port = 8883, ca, tls_options = {} }) {
    const client = new RawMqtt();
    client.packets = new Inbox();
    client.received = Buffer.alloc(0);
    client.socket = tls.connect({ host, port, ca, ...tls_options });
    client.closed = new Promise((resolve) => client.socket.once('close', resolve));
    client.closed.then(() => client.packets.push({ type: 'close' }));
    client.socket.on('error', () => {});  // a reset is a way of closing; `closed` tells
    client.socket.on('data', (chunk) => client.feed(chunk));
    const failed = new Promise((_, reject) => client.socket.once('error', reject));
    await with_deadline(Promise.race([new Promise((resolve) => client.socket.once('secureConnect', resolve)), failed]),
      'TLS handshake');
    return client;
  }

  feed(chunk) {
    this.received = this.received.length ? Buffer.concat([this.received, chunk]) : chunk;
    for (;;) {
      let length = 0;
      let at = 1;
      for (let shift = 1; ; shift *= 128) {
        if (at >= this.received.length) return;
        const digit = this.received[at++];
        length += (digit & 0x7f) * shift;
        if (!(digit & 0x80)) break;
      }
      if (this.received.length < at + length) return;
      this.packets.push({ type: this.received[0] >> 4, flags: this.received[0] & 15,
        body: this.received.subarray(at, at + length) });
      this.received = this.received.subarray(at + length);
    }
  }

  send(bytes) { this.socket.write(bytes); }

  async expect(type, what) {
    const received = await this.packets.next(what ?? `packet of type ${type}`);
    if (received.type !== type) throw new Error(`${received.type} instead of packet type ${type}`);
    return received;
  }

  // The CONNACK's return code.
  async connect(options) {
    this.send(connect_packet(options));
    const { body } = await this.expect(TYPE.CONNACK, 'CONNACK');
    this.session_present = (body[0] & 1) === 1;
    return body[1];
  }

  async publish(options) {
    this.send(publish_packet(options));
    if ((options.qos ?? 1) === 0) return null;
    const { body } = await this.expect(TYPE.PUBACK, 'PUBACK');
    return body.readUInt16BE(0);
  }

  async subscribe(id, filters) {
    this.send(subscribe_packet(id, filters));
    const { body } = await this.expect(TYPE.SUBACK, 'SUBACK');
    return [...body.subarray(2)];
  }

  async ping() {
    this.send(packet(TYPE.PINGREQ, 0));
    await this.expect(TYPE.PINGRESP, 'PINGRESP');
  }

  expect_close(what = 'close') { return with_deadline(this.closed, what); }

  // Orderly end.
  async disconnect() {
    this.socket.end(packet(TYPE.DISCONNECT, 0));
    await this.expect_close('close after DISCONNECT');
  }
  abort() { this.socket.destroy(); }
}

module.exports = { RawMqtt, TYPE, packet, text, uint16, connect_packet, publish_packet, subscribe_packet };
