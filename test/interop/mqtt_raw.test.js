// What no well-behaved SDK says: the checklist of reference/device-mqtt-https.md §13 with a raw client.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const context = require('./lib/context');
const { create_device, create_module, update_device, random_key } = require('./lib/registry');
const { sas, sas_raw, signature, FAR_FUTURE, parse_connection_string } = require('./lib/sas');
const { API, credentials, events_topic, open_raw, connected, resource_of } = require('./lib/mqtt_device');
const { TYPE, packet, text, uint16, connect_packet, publish_packet, subscribe_packet } = require('./lib/mqtt_raw');
const { watch_device } = require('./lib/events');

const host = context.host;

async function code_of(changes, device) {
  const client = await open_raw();
  const code = await client.connect(credentials(device, changes));
  if (code !== 0) await client.expect_close(`close after CONNACK ${code}`);
  else await client.disconnect();
  return code;
}

test('TLS 1.2 only and TLS 1.3 only clients both connect', async () => {
  const device = await create_device('tls');
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    const client = await connected(device, {}, { tls_options: { minVersion: version, maxVersion: version } });
    assert.equal(client.socket.getProtocol(), version);
    await client.ping();
    await client.disconnect();
  }
});

test('TLS 1.1 is refused', async () => {
  await assert.rejects(open_raw({ tls_options: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } }));
});

test('every spelling of the token for one identity', async (t) => {
  const device = await create_device('spelling');
  const resource = resource_of(device);
  const encoded = encodeURIComponent(resource);
  const lower = encoded.replace(/%2F/g, '%2f');
  const fields = (sr) => ({ sr: `sr=${sr}`, sig: `sig=${encodeURIComponent(signature(sr, device.key, FAR_FUTURE))}`, se: `se=${FAR_FUTURE}` });
  const spellings = {
    'sr encoded': sas_raw(encoded, device.key),
    'sr in lower hex': sas_raw(lower, device.key),
    'sr raw': sas_raw(resource, device.key),
    'skn empty': `${sas_raw(encoded, device.key)}&skn=`,
    'Java order': (({ sr, sig, se }) => `SharedAccessSignature ${sig}&${se}&${sr}`)(fields(resource)),
    'secondary key': sas_raw(encoded, device.secondary_key),
    'signature not percent-encoded': `SharedAccessSignature sr=${encoded}&sig=${signature(encoded, device.key, FAR_FUTURE)}&se=${FAR_FUTURE}`,
    'expiry of 2^62': sas_raw(encoded, device.key, { expiry: '4611686018427387904' }),
  };
  for (const [what, password] of Object.entries(spellings)) {
    await t.test(what, async () => assert.equal(await code_of({ password }, device), 0));
  }
});

test('ids that need encoding: raw, once and twice', async () => {
  const { rest } = require('./lib/registry');
  const id = `a@b%25-${Date.now()}`;
  const made = await rest('PUT', `/devices/${encodeURIComponent(id)}`, { deviceId: id });
  assert.equal(made.status, 200);
  const device = { id, key: made.body.authentication.symmetricKey.primaryKey };
  for (const segment of [id, encodeURIComponent(id), encodeURIComponent(encodeURIComponent(id))]) {
    assert.equal(await code_of({ password: sas_raw(`${host}/devices/${segment}`, device.key) }, device), 0, segment);
  }
  assert.equal(await code_of({ password: sas(`${host}/devices/${encodeURIComponent(id)}`, device.key) }, device), 0);
});

test('refused with CONNACK 5 and a close', async (t) => {
  const device = await create_device('refused');
  const other = await create_device('other');
  const good = sas(resource_of(device), device.key);
  const service = parse_connection_string(context.strings.service);
  const now = Math.floor(Date.now() / 1000);
  const cases = {
    'another key': { password: sas(resource_of(device), random_key()) },
    'the key of another device': { password: sas(resource_of(device), other.key) },
    'the token of another device': { password: sas(resource_of(other), other.key) },
    'another host as audience': { password: sas(`elsewhere.example/devices/${device.id}`, device.key) },
    'expired beyond the skew': { password: sas(resource_of(device), device.key, { expiry: now - 400 }) },
    'sr case changed after signing': { password: good.replace('%2Fdevices', '%2fdevices') },
    'no password': { password: undefined },
    'empty password': { password: '' },
    'not a token': { password: 'secret' },
    'token without expiry': { password: good.replace(/&se=\d+/, '') },
    'expiry not a number': { password: sas(resource_of(device), device.key, { expiry: 'soon' }) },
    'unknown device': { client_id: 'nobody', user: `${host}/nobody/${API}`, password: sas(`${host}/devices/nobody`, device.key) },
    'client id differs from user name': { client_id: other.id },
    'client id in other case': { client_id: device.id.toUpperCase() },
    'user name of another device': { user: `${host}/${other.id}/${API}` },
    'no user name': { user: undefined, password: undefined },
    'service policy may not connect devices': { password: sas(host, service.SharedAccessKey, { policy: 'service' }) },
    'unknown policy': { password: sas(host, device.key, { policy: 'nobody' }) },
    'empty client id': { client_id: '' },
  };
  for (const [what, changes] of Object.entries(cases)) {
    await t.test(what, async () => assert.equal(await code_of(changes, device), 5));
  }
});

test('within the clock skew an expired token still opens', async () => {
  const device = await create_device('skew');
  const now = Math.floor(Date.now() / 1000);
  assert.equal(await code_of({ password: sas(resource_of(device), device.key, { expiry: now - 60 }) }, device), 0);
});

test('user names without the question mark, with a raw model id, without api-version', async () => {
  const device = await create_device('user');
  for (const user of [
    `${host}/${device.id}/api-version=2018-06-30&DeviceClientType=x`,
    `${host}/${device.id}/${API}&model-id=dtmi:com:example:X;1`,
    `${host}/${device.id}/?DeviceClientType=py-azure-iot-device%2F2.0`,
    `${host.toUpperCase()}/${device.id}/${API}`,
  ]) assert.equal(await code_of({ user }, device), 0, user);
});

test('a device whose authentication is by certificate may not use a token', async () => {
  const thumb = 'b'.repeat(40);
  const device = await create_device('cert');
  await update_device(device.identity, { authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: thumb, secondaryThumbprint: thumb } } });
  assert.equal(await code_of({}, device), 5);
});

test('an unsupported protocol level: CONNACK 1 and a close', async () => {
  const device = await create_device('level');
  assert.equal(await code_of({ level: 3 }, device), 1);
});

test('each of these ends the connection', async (t) => {
  const device = await create_device('ends');
  const other = await create_device('ends-other');
  const topic = events_topic(device);
  const cases = {
    'PUBLISH at QoS 2': publish_packet({ topic, qos: 2 }),
    'PUBLISH at QoS 3': publish_packet({ topic, qos: 3 }),
    'PUBLISH to another device': publish_packet({ topic: events_topic(other) }),
    'PUBLISH to an unknown topic': publish_packet({ topic: 'home/kitchen' }),
    'PUBLISH with a wildcard': publish_packet({ topic: `${topic}#` }),
    'PUBLISH with packet id 0': publish_packet({ topic, id: 0 }),
    'PUBLISH without a topic': publish_packet({ topic: '' }),
    'SUBSCRIBE to everything': subscribe_packet(1, [['#', 0]]),
    'SUBSCRIBE to another device': subscribe_packet(1, [[`devices/${other.id}/messages/devicebound/#`, 1]]),
    'SUBSCRIBE without filters': packet(TYPE.SUBSCRIBE, 2, uint16(1)),
    'SUBSCRIBE with wrong flags': packet(TYPE.SUBSCRIBE, 0, uint16(1), text('$iothub/twin/res/#'), Buffer.from([0])),
    'a second CONNECT': connect_packet(credentials(device)),
    'a packet type that clients may not send': packet(TYPE.CONNACK, 0, Buffer.from([0, 0])),
    'packet type 0': packet(0, 0),
    'packet type 15': packet(15, 0),
    'a length of five bytes': Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x7f]),
    'a length beyond the limit': Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]),
    'a topic longer than its packet': Buffer.from([0x30, 3, 0xff, 0xff, 0x61]),
  };
  for (const [what, bytes] of Object.entries(cases)) {
    await t.test(what, async () => {
      const client = await connected(device);
      client.send(bytes);
      await client.expect_close(`close after ${what}`);
    });
  }
});

test('before CONNECT each of these ends the connection', async (t) => {
  const device = await create_device('early');
  const cases = {
    PUBLISH: publish_packet({ topic: events_topic(device) }),
    PINGREQ: packet(TYPE.PINGREQ, 0),
    // The first bytes announce a packet of 69 bytes that clients may not send first.
    'an HTTP request': Buffer.from(`GET / HTTP/1.1\r\nHost: ${'x'.repeat(100)}\r\n\r\n`),
    'zero bytes': Buffer.alloc(64),
    'a CONNECT of 20 MB announced': Buffer.from([0x10, 0xff, 0xff, 0xff, 0x09]),
    'reserved flag of CONNECT': packet(TYPE.CONNECT, 0, text('MQTT'), Buffer.from([4, 3]), uint16(60), text('x')),
    'a will of QoS 3': packet(TYPE.CONNECT, 0, text('MQTT'), Buffer.from([4, 2 | 4 | 24]), uint16(60), text('x'), text('t'), text('p')),
    'password without user name': packet(TYPE.CONNECT, 0, text('MQTT'), Buffer.from([4, 0x42]), uint16(60), text('x'), text('p')),
    'another protocol name': packet(TYPE.CONNECT, 0, text('MQIsdp'), Buffer.from([3, 2]), uint16(60), text('x')),
  };
  for (const [what, bytes] of Object.entries(cases)) {
    await t.test(what, async () => {
      const client = await open_raw();
      client.send(bytes);
      await client.expect_close(`close after ${what}`);
    });
  }
});

test('PUBLISH larger than 256 KB ends the connection, one of 256 KB passes', async () => {
  const device = await create_device('large');
  const client = await connected(device);
  assert.equal(await client.publish({ topic: events_topic(device), payload: Buffer.alloc(256 * 1024) }), 1);
  client.send(publish_packet({ topic: events_topic(device), payload: Buffer.alloc(256 * 1024 + 1), id: 2 }));
  await client.expect_close('close after a large PUBLISH');
});

test('properties count towards the 256 KB', async () => {
  const device = await create_device('largebag');
  const client = await connected(device);
  const payload = Buffer.alloc(256 * 1024 - 4);
  assert.equal(await client.publish({ topic: events_topic(device, 'ab=cd'), payload }), 1);
  client.send(publish_packet({ topic: events_topic(device, 'ab=cde'), payload, id: 2 }));
  await client.expect_close('close');
});

test('acknowledgements come in the order of the publishes', async () => {
  const device = await create_device('order');
  const client = await connected(device);
  const count = 2000;
  const many = Array.from({ length: count }, (_, i) => publish_packet({ topic: events_topic(device), payload: `${i}`, id: i + 1 }));
  client.send(Buffer.concat(many));
  for (let i = 0; i < count; ++i) {
    const { body } = await client.expect(TYPE.PUBACK);
    assert.equal(body.readUInt16BE(0), i + 1);
  }
  await client.disconnect();
});

test('packets sent with CONNECT, before its answer, count', async () => {
  const device = await create_device('pipe');
  const client = await open_raw();
  client.send(Buffer.concat([connect_packet(credentials(device)), subscribe_packet(5, [['$iothub/twin/res/#', 0]]),
    publish_packet({ topic: events_topic(device), id: 9 })]));
  const { body } = await client.expect(TYPE.CONNACK);
  assert.deepEqual([...body], [0, 0]);
  const answers = [await client.packets.next(), await client.packets.next()];
  assert.deepEqual(answers.map((a) => a.type).sort(), [TYPE.PUBACK, TYPE.SUBACK]);
  await client.disconnect();
});

test('subscriptions: QoS 2 is granted as 1; five in one packet; all the filters of the SDKs', async () => {
  const device = await create_device('subs');
  const client = await connected(device);
  const c2d = `devices/${device.id}/messages/devicebound/#`;
  assert.deepEqual(await client.subscribe(1, [[c2d, 2]]), [1]);
  assert.deepEqual(await client.subscribe(2, [[c2d, 1], ['$iothub/twin/res/#', 0], ['$iothub/twin/PATCH/properties/desired/#', 0],
    ['$iothub/methods/POST/#', 0]]), [1, 0, 0, 0]);
  client.send(packet(TYPE.UNSUBSCRIBE, 2, uint16(3), text(c2d)));
  const { body } = await client.expect(TYPE.UNSUBACK);
  assert.deepEqual([...body], [0, 3]);
  await client.disconnect();

  const module = await create_module(device.id, 'm');
  const other = await connected(module);
  const own = `devices/${device.id}/modules/m`;
  assert.deepEqual(await other.subscribe(1, [[`${own}/messages/devicebound/#`, 1], [`${own}/inputs/#`, 1], [`${own}/#`, 1]]), [1, 1, 1]);
  await other.disconnect();
});

test('a stored session is present on return; clean session forgets it', async () => {
  const device = await create_device('session');
  const first = await connected(device, { clean: false });
  assert.equal(first.session_present, false);
  await first.subscribe(1, [[`devices/${device.id}/messages/devicebound/#`, 1]]);
  await first.disconnect();
  const second = await connected(device, { clean: false });
  assert.equal(second.session_present, true);
  await second.disconnect();
  const clean = await connected(device, { clean: true });
  assert.equal(clean.session_present, false);
  await clean.disconnect();
  const last = await connected(device, { clean: false });
  assert.equal(last.session_present, false);
  await last.disconnect();
});

test('topics as the SDKs spell them, and what readers see', async () => {
  const device = await create_device('topics');
  const client = await connected(device);
  const publishes = [
    ['', 'plain'],
    ['$.mid=java-mid&a=b', 'java'],
    ['%24.mid=m&%24.ct=application/json&%24.ce=utf-8&k=v/w', 'c'],
    ['a=1/', 'trailing slash'],
    ['/', 'double slash'],
    ['?q=1', 'question mark'],
    ['null&empty=&eq=a=b', 'null value'],
    ['plus=a%2Bb&bad=%zz&dup=1&dup=2', 'odd'],
    ['%24.on=out1&%24.uid=u&%24.cid=c&%24.to=t&%24.ifid=if&%24.sub=comp&%24.schema=s', 'system'],
    ['retained=1', 'retain', { retain: true }],
  ];
  let id = 0;
  for (const [bag, payload, more] of publishes) await client.publish({ topic: events_topic(device, bag), payload, id: ++id, ...more });
  const slashless = `devices/${device.id}/messages/events`;
  await client.publish({ topic: slashless, payload: 'no slash', id: ++id });
  await client.publish({ topic: events_topic(device), payload: 'qos 0', qos: 0 });
  await client.publish({ topic: events_topic(device), payload: 'last', id: ++id });
  await client.disconnect();

  const reader = await watch_device(device.id);
  const events = await reader.inbox.take(publishes.length + 3, 'events');
  await reader.close();
  const by_body = Object.fromEntries(events.map((e) => [e.body.toString(), e]));
  assert.equal(by_body.java.messageId, 'java-mid');
  assert.deepEqual(by_body.java.properties, { a: 'b' });
  assert.equal(by_body.c.contentType, 'application/json');
  assert.deepEqual(by_body.c.properties, { k: 'v/w' });
  assert.deepEqual(by_body['trailing slash'].properties, { a: '1' });
  assert.deepEqual(by_body['double slash'].properties ?? {}, {});
  assert.deepEqual(by_body['question mark'].properties, { q: '1' });
  assert.equal(by_body['null value'].properties.null, null);
  assert.equal(by_body['null value'].properties.empty, '');
  assert.equal(by_body['null value'].properties.eq, 'a=b');
  assert.equal(by_body.odd.properties.plus, 'a+b');
  assert.equal(by_body.odd.properties.bad, '%zz');
  assert.equal(by_body.odd.properties.dup, '2');
  assert.equal(by_body.system.correlationId, 'c');
  assert.equal(by_body.system.systemProperties['dt-subject'], 'comp');
  assert.equal(by_body.system.systemProperties['iothub-interface-id'], 'if');
  assert.equal(by_body.retain.properties['mqtt-retain'], 'true');
  assert.ok(by_body['no slash']);
  assert.ok(by_body['qos 0']);
});

test('a will is sent after a broken connection and not after DISCONNECT', async () => {
  const device = await create_device('will');
  const will = { topic: events_topic(device, 'w=1'), payload: 'gone', qos: 1 };
  const polite = await connected(device, { will: { ...will, payload: 'polite' } });
  await polite.disconnect();
  const rude = await connected(device, { will });
  rude.abort();
  const reader = await watch_device(device.id);
  const received = await reader.inbox.next('will');
  await reader.close();
  assert.equal(received.body.toString(), 'gone');
  assert.equal(received.properties['iothub-MessageType'], 'Will');
  assert.equal(received.properties.w, '1');
});

test('silence beyond one and a half keep-alives ends the connection', async () => {
  const device = await create_device('silent');
  const client = await connected(device, { keep_alive: 1 });
  const since = Date.now();
  await client.expect_close('close after silence');
  assert.ok(Date.now() - since >= 1400, `closed after ${Date.now() - since} ms`);
});

test('the takeover closes the older connection without a packet', async () => {
  const device = await create_device('older');
  const older = await connected(device);
  const newer = await connected(device);
  await older.expect_close('close of the older connection');
  assert.deepEqual(older.packets.items.map((p) => p.type), ['close']);
  await newer.ping();
  await newer.disconnect();
});

test('a module does not take over its device', async () => {
  const device = await create_device('both');
  const module = await create_module(device.id, 'm');
  const first = await connected(device);
  const second = await connected(module);
  await first.ping();
  await second.ping();
  await first.disconnect();
  await second.disconnect();
});

test('one byte per segment', async () => {
  const device = await create_device('bytes');
  const client = await open_raw();
  client.socket.setNoDelay(true);
  const bytes = Buffer.concat([connect_packet(credentials(device)), publish_packet({ topic: events_topic(device), payload: 'slow', id: 7 })]);
  for (const byte of bytes) await new Promise((resolve) => client.socket.write(Buffer.from([byte]), resolve));
  assert.equal((await client.expect(TYPE.CONNACK)).body[1], 0);
  assert.equal((await client.expect(TYPE.PUBACK)).body.readUInt16BE(0), 7);
  await client.disconnect();
});
