// Peers that mean harm, on every listener at once: memory stays bounded and a well-behaved device does not notice.
'use strict';

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const net = require('node:net');
const tls = require('node:tls');
const { Hub } = require('../interop/lib/hub');
const { make_device, rest_of, device_on, events_topic, credentials_at } = require('../interop/lib/client');
const { connect_packet, publish_packet } = require('../interop/lib/mqtt_raw');
const { with_deadline } = require('../interop/lib/until');

const GROWTH_KIB_MAX = 64 * 1024;

let hub;
let device;
before(async () => {
  hub = await Hub.start();
  device = await make_device(hub, 'well-behaved');
});
after(async () => assert.deepEqual(await hub.stop(), { code: 0, signal: null }));

const ports = () => Object.values(hub.ports);

function plain_socket(port) {
  return new Promise((resolve) => {
    const socket = net.connect({ host: hub.address, port }, () => resolve(socket));
    socket.on('error', () => resolve(socket));
  });
}

function tls_socket(port, options = {}) {
  return with_deadline(new Promise((resolve, reject) => {
    const socket = tls.connect({ host: hub.address, port, ca: hub.ca, ...options }, () => resolve(socket));
    socket.on('error', reject);
  }), 'handshake');
}

const closed = (socket) => with_deadline(new Promise((resolve) => {
  if (socket.destroyed) resolve();
  socket.on('error', () => {});
  socket.on('close', resolve);
  socket.resume();
}), 'close by the hub', 40000);

// One publish, one registry read, in reasonable time.
async function others_are_served() {
  await with_deadline((async () => {
    const client = await device_on(hub, device);
    await client.publish({ topic: events_topic(device), payload: 'still here' });
    await client.disconnect();
    assert.equal((await rest_of(hub)('GET', `/devices/${device.id}`)).status, 200);
  })(), 'service for others', 5000);
}

async function bounded(body) {
  const before_kib = hub.resident_kib();
  await body();
  const grown = hub.resident_kib() - before_kib;
  assert.ok(grown < GROWTH_KIB_MAX, `grew by ${grown} KiB`);
}

test('connections that never say anything', async () => {
  await bounded(async () => {
    const sockets = await Promise.all(Array.from({ length: 300 }, (_, i) => plain_socket(ports()[i % 3])));
    await others_are_served();
    for (const socket of sockets) socket.destroy();
  });
});

test('half a TLS handshake', async () => {
  const hello = Buffer.from('16030100c8010000c40303', 'hex');
  await bounded(async () => {
    const sockets = await Promise.all(Array.from({ length: 300 }, (_, i) => plain_socket(ports()[i % 3])));
    for (const socket of sockets) socket.write(hello);
    await others_are_served();
    for (const socket of sockets) socket.destroy();
  });
});

test('garbage instead of a handshake is cut off', async () => {
  for (const port of ports()) {
    for (const bytes of [crypto.randomBytes(4096), Buffer.from('GET / HTTP/1.0\r\n\r\n'), Buffer.alloc(5000), Buffer.from('16030100ff', 'hex')]) {
      const socket = await plain_socket(port);
      socket.end(bytes);
      await closed(socket);
    }
  }
  await others_are_served();
});

test('garbage inside TLS is cut off', async () => {
  for (const port of ports()) {
    for (let i = 0; i < 10; ++i) {
      const socket = await tls_socket(port);
      socket.on('error', () => {});
      socket.end(crypto.randomBytes(1 + i * 300));
      await closed(socket);
    }
  }
  await others_are_served();
});

test('sockets that vanish in the middle of everything', async () => {
  await bounded(async () => {
    for (let i = 0; i < 200; ++i) {
      const socket = await plain_socket(ports()[i % 3]);
      socket.write(crypto.randomBytes(i));
      socket.resetAndDestroy();
    }
    for (let i = 0; i < 60; ++i) {
      const socket = await tls_socket(ports()[i % 3]);
      socket.on('error', () => {});
      socket.write(crypto.randomBytes(1 + (i % 20)));
      socket.destroy();
    }
    await others_are_served();
  });
});

test('giant lengths are announced and no memory is spent', async () => {
  const announcements = {
    mqtt: [Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]), Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f])],
    amqp: [Buffer.concat([Buffer.from('AMQP\x00\x01\x00\x00', 'latin1'), Buffer.from('7fffffff02000000', 'hex')]),
      Buffer.concat([Buffer.from('AMQP\x03\x01\x00\x00', 'latin1'), Buffer.from('ffffffff02010000', 'hex')])],
    https: [Buffer.from('PUT /devices/x?api-version=2021-04-12 HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n'),
      Buffer.from(`GET /${'x'.repeat(200000)} HTTP/1.1\r\nHost: x\r\n\r\n`),
      Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\n${'A: b\r\n'.repeat(30000)}`)],
  };
  await bounded(async () => {
    for (const [listener, messages] of Object.entries(announcements)) {
      for (const bytes of messages) {
        for (let i = 0; i < 20; ++i) {
          const socket = await tls_socket(hub.ports[listener]);
          socket.on('error', () => {});
          socket.write(bytes);
          await closed(socket);
        }
      }
    }
    await others_are_served();
  });
});

test('a WebSocket frame that announces 2^62 bytes', async () => {
  const socket = await tls_socket(hub.ports.https);
  socket.write(`GET /$iothub/websocket HTTP/1.1\r\nHost: ${hub.address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Key: ${crypto.randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`);
  const head = await with_deadline(new Promise((resolve) => socket.once('data', resolve)), '101');
  assert.match(head.toString(), /^HTTP\/1\.1 101/);
  assert.match(head.toString(), /Sec-WebSocket-Protocol: mqtt\r\n/);
  await bounded(async () => {
    socket.write(Buffer.from('82ff400000000000000000000000', 'hex'));
    await closed(socket);
  });
  await others_are_served();
});

test('a publisher that never reads its acknowledgements is bounded', async () => {
  const greedy = await make_device(hub, 'greedy');
  await bounded(async () => {
    const socket = await tls_socket(hub.ports.mqtt);
    socket.on('error', () => {});
    socket.pause();
    socket.write(connect_packet(credentials_at(hub.address, greedy)));
    const burst = Buffer.concat(Array.from({ length: 500 }, (_, i) =>
      publish_packet({ topic: events_topic(greedy), payload: 'x'.repeat(64), id: (i % 65535) + 1 })));
    // Until the hub stops reading or closes; at most 60 MB of publishes.
    let sent = 0;
    while (sent < 60e6 && !socket.destroyed && socket.writableLength < 4e6) {
      socket.write(burst);
      sent += burst.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await others_are_served();
    socket.destroy();
  });
});

test('a thousand refused logins', async () => {
  await bounded(async () => {
    for (let i = 0; i < 25; ++i) {
      await Promise.all(Array.from({ length: 40 }, () => device_on(hub, device, { password: 'wrong' }).then(
        () => assert.fail('let in'), (error) => assert.match(error.message, /CONNACK 5|instead of packet type 2/))));
    }
    await others_are_served();
  });
  assert.ok(hub.output.text.length < 60000, `${hub.output.text.length} bytes of log for one cause`);
});

test('TLS renegotiation and a client that asks for it endlessly', async () => {
  const socket = await tls_socket(hub.ports.mqtt, { maxVersion: 'TLSv1.2' });
  socket.on('error', () => {});
  const refused = await with_deadline(new Promise((resolve) => {
    socket.once('close', () => resolve(true));
    if (socket.renegotiate({}, (error) => resolve(Boolean(error))) === false) resolve(true);
  }), 'refusal of renegotiation');
  assert.equal(refused, true);
  socket.destroy();
  await others_are_served();
});

test('HTTP requests that do not belong together', async () => {
  for (const request of [
    'GET / HTTP/9.9\r\n\r\n', 'BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n', 'GET\r\n\r\n', '\r\n\r\n\r\n\r\nGET',
    'POST /devices/query HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST /devices HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n',
    'PUT /devices/x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', 'GET /%00%ff/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n',
  ]) {
    const socket = await tls_socket(hub.ports.https);
    socket.on('error', () => {});
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk));
    socket.end(request);
    await closed(socket);
    if (answer) assert.match(answer, /^HTTP\/1\.1 (4\d\d|501|505) /, JSON.stringify(request));
  }
  await others_are_served();
});
