// Digital twins: the service SDK's DigitalTwinClient against a Plug and Play device on the device SDK; then the calls of
// the other SDKs and of `az iot`, replayed from the wire reference (reference/service-rest.md §17).
'use strict';

const { test, describe } = require('node:test');
const assert = require('node:assert/strict');
const { Client } = require('azure-iot-device');
const { Mqtt, MqttWs } = require('azure-iot-device-mqtt');
const { NoRetry } = require('azure-iot-common');
const { DigitalTwinClient, IoTHubTokenCredentials } = require('azure-iothub');
const rhea = require('rhea');
const context = require('./lib/context');
const { create_device, rest } = require('./lib/registry');
const { with_deadline, Inbox } = require('./lib/until');
const { call } = require('./lib/methods');
const { sas } = require('./lib/sas');

const MODEL = 'dtmi:com:example:TemperatureController;1';
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const service = () => new DigitalTwinClient(new IoTHubTokenCredentials(context.strings.service));

// The error body of commands: a document inside the message.
const inner = (body) => JSON.parse(body.Message);

// updateDigitalTwin's promise is empty when the answer has no body; its callback gets the answer itself.
const update = (id, patch, tag) => new Promise((resolve, reject) => {
  const done = (error, _, response) => (error ? reject(error) : resolve(response));
  if (tag) service().updateDigitalTwin(id, patch, tag, done);
  else service().updateDigitalTwin(id, patch, done);
});

// A device of the temperature controller model. `patches` gets what it is told of its desired properties.
async function controller(transport = Mqtt) {
  const device = await create_device('pnp');
  const client = Client.fromConnectionString(device.connection_string, transport);
  client.setRetryPolicy(new NoRetry());
  client.on('error', () => {});
  await client.setOptions({ modelId: MODEL });
  await with_deadline(client.open(), 'open');
  const twin = await with_deadline(client.getTwin(), 'twin');
  const patches = new Inbox();
  twin.on('properties.desired', (patch) => patches.push(patch));
  await patches.next('the first desired properties');
  const answer = (status) => (request, response) =>
    response.send(status, { name: request.methodName, got: request.payload ?? null }, () => {});
  client.onDeviceMethod('reboot', answer(200));
  client.onDeviceMethod('thermostat1*getMaxMinReport', answer(203));
  client.onDeviceMethod('ready', answer(200));
  await call(device, 'ready', { responseTimeoutInSeconds: 20, connectTimeoutInSeconds: 15 });
  return { id: device.id, client, twin, patches };
}

const report = (twin, patch) => with_deadline(new Promise((resolve, reject) =>
  twin.properties.reported.update(patch, (error) => (error ? reject(error) : resolve()))), 'report');

for (const [name, transport, skip] of [['MQTT', Mqtt, context.skip_443], ['MQTT over WebSocket', MqttWs, context.skip_443]]) {
  describe(`DigitalTwinClient, device over ${name}`, { skip }, () => {
    test('getDigitalTwin and updateDigitalTwin, with the acknowledgement of the device', async () => {
      const { id, client, twin, patches } = await controller(transport);
      await report(twin, { serialNumber: 'alwinexlepaho8329', thermostat1: { __t: 'c', maxTempSinceLastReboot: 25.3 } });
      const pnp = service();
      const first = await pnp.getDigitalTwin(id);
      assert.equal(first.$dtId, id);
      assert.equal(first.$metadata.$model, MODEL);
      assert.equal(first.serialNumber, 'alwinexlepaho8329');
      assert.deepEqual(Object.keys(first.thermostat1), ['maxTempSinceLastReboot', '$metadata']);

      const patch = [{ op: 'add', path: '/thermostat1/targetTemperature', value: 21.8 }];
      const updated = await update(id, patch, first._response.parsedHeaders.eTag);
      assert.equal(updated.status, 202);
      assert.ok(updated.parsedHeaders.eTag);
      assert.match(updated.parsedHeaders.location, new RegExp(`^https://.*/digitaltwins/${id}$`));
      const desired = await patches.next('desired patch');
      assert.deepEqual(desired.thermostat1, { __t: 'c', targetTemperature: 21.8 });

      await report(twin, { thermostat1: { __t: 'c',
        targetTemperature: { value: 21.8, ac: 200, av: desired.$version, ad: 'Successfully executed patch' } } });
      const second = await pnp.getDigitalTwin(id);
      assert.equal(second.thermostat1.targetTemperature, 21.8);
      const state = second.thermostat1.$metadata.targetTemperature;
      assert.deepEqual({ ...state, lastUpdateTime: 0 }, { desiredValue: 21.8, desiredVersion: desired.$version,
        ackVersion: desired.$version, ackCode: 200, ackDescription: 'Successfully executed patch', lastUpdateTime: 0 });
      assert.ok(!Number.isNaN(Date.parse(state.lastUpdateTime)));
      await client.close();
    });

    test('invokeCommand and invokeComponentCommand', async () => {
      const { id, client } = await controller(transport);
      const pnp = service();
      const root = await pnp.invokeCommand(id, 'reboot', { delay: 5 });
      assert.equal(root.xMsCommandStatuscode, 200);
      assert.match(root.xMsRequestId, GUID);
      assert.deepEqual(root.body, { name: 'reboot', got: { delay: 5 } });
      const component = await pnp.invokeComponentCommand(id, 'thermostat1', 'getMaxMinReport', '2026-01-01T00:00:00Z',
        { connectTimeoutInSeconds: 5, responseTimeoutInSeconds: 10 });
      assert.equal(component._response.status, 200);
      assert.equal(component._response.headers.get('x-ms-command-statuscode'), '203');
      assert.deepEqual(JSON.parse(component._response.bodyAsText),
        { name: 'thermostat1*getMaxMinReport', got: '2026-01-01T00:00:00Z' });
      await client.close();
    });
  });
}

describe('errors as the DigitalTwinClient sees them', { skip: context.skip_443 }, () => {
  test('an unknown device, a device that is not there', async () => {
    await assert.rejects(service().getDigitalTwin('nobody'), (error) => {
      assert.equal(error.statusCode, 404);
      assert.equal(error.response.headers.get('iothub-errorcode'), 'DeviceNotFound');
      return true;
    });
    const device = await create_device('pnp');
    await assert.rejects(service().invokeCommand(device.id, 'c', {}), (error) => {
      assert.deepEqual([error.statusCode, inner(JSON.parse(error.message)).errorCode, inner(JSON.parse(error.message)).info], [404, 404103, null]);
      return true;
    });
  });

  test('a stale tag, patches that are refused', async () => {
    const { id } = await create_device('pnp');
    const set = [{ op: 'add', path: '/a', value: 1 }];
    const tag = (await update(id, set)).parsedHeaders.eTag;
    assert.equal((await update(id, set, tag)).status, 202);
    for (const [patch, if_match, status, name] of [
      [set, tag, 412, 'PreconditionFailed'],
      [[{ op: 'copy', path: '/a' }], undefined, 400, 'InvalidDigitalTwinJsonPatch'],
      [[{ op: 'add', path: '/a', value: [1] }], undefined, 400, 'InvalidDigitalTwinPayload'],
      [[{ op: 'add', path: '/c', value: { $metadata: { x: 1 } } }], undefined, 400, 'InvalidDigitalTwinPatch'],
      [[{ op: 'add', path: '/a b', value: 1 }], undefined, 400, 'InvalidDigitalTwinPatchPath'],
      [[{ op: 'add', path: '/a/b', value: 1 }], undefined, 400, 'ArgumentInvalid'],
    ]) {
      await assert.rejects(update(id, patch, if_match), (error) => {
        assert.deepEqual([error.statusCode, error.response.headers.get('iothub-errorcode')], [status, name]);
        return true;
      });
    }
  });
});

// What the other clients put on the wire (§1, §5, §17).
describe('replays', () => {
  const patch_text = '[{"op":"add","path":"/thermostat1","value":{"targetTemperature":21.4,"$metadata":{}}}]';

  test('C#: api-version 2020-09-30, a quoted tag, PATCH', async () => {
    const { id } = await create_device('pnp');
    const twin = await rest('GET', `/digitaltwins/${id}?api-version=2020-09-30`);
    const done = await rest('PATCH', `/digitaltwins/${id}?api-version=2020-09-30`, undefined,
      { 'If-Match': twin.headers.etag, 'Content-Type': 'application/json; charset=utf-8' }, patch_text);
    assert.deepEqual([done.status, done.text], [202, '']);
    assert.notEqual(done.headers.etag, twin.headers.etag);
    assert.ok(done.headers.location);
  });

  test('Java: POST with X-HTTP-Method-Override, a bare tag', async () => {
    const { id } = await create_device('pnp');
    const override = { 'X-HTTP-Method-Override': 'PATCH' };
    const bare = (await rest('GET', `/digitaltwins/${id}`)).headers.etag.replaceAll('"', '');
    const send = (tag) => rest('POST', `/digitaltwins/${id}`, undefined, { ...override, 'If-Match': tag }, patch_text);
    assert.equal((await send(bare)).status, 202);
    assert.equal((await send(bare)).status, 412);
    assert.equal((await send('*')).status, 202);
  });

  test('Python and az iot: application/json, If-Match "*", a command without a body', async () => {
    const { id } = await create_device('pnp');
    const done = await rest('PATCH', `/digitaltwins/${id}?api-version=2024-03-31`, undefined, { 'If-Match': '"*"' }, patch_text);
    assert.equal(done.status, 202);
    const query = 'connectTimeoutInSeconds=0&responseTimeoutInSeconds=5';
    const refused = await rest('POST', `/digitaltwins/${id}/components/thermostat1/commands/getMaxMinReport?${query}`);
    assert.deepEqual([refused.status, refused.headers['iothub-errorcode'], inner(refused.body).errorCode],
      [404, 'DeviceNotOnline', 404103]);
  });

  test('the model of an AMQP connect is in the twin and the digital twin', async () => {
    const device = await create_device('pnp');
    const model = 'dtmi:com:example:Thermostat;2';
    const resource = `${context.host}/devices/${device.id}`;
    const connection = rhea.create_container().connect({ host: context.host, port: context.info.ports.amqp, transport: 'tls',
      ca: [context.ca], username: `${device.id}@sas.${context.host}`, password: sas(resource, device.key),
      reconnect: false, idle_time_out: 60000 });
    connection.on('connection_error', () => {});
    connection.on('disconnected', () => {});
    const opened = new Promise((resolve, reject) => {
      connection.on('sender_open', resolve);
      connection.on('sender_error', ({ sender }) => reject(sender.error));
    });
    connection.open_sender({ target: { address: `/devices/${device.id}/messages/events` },
      properties: { 'com.microsoft:model-id': model } });
    await with_deadline(opened, 'link');
    await with_deadline((async () => {
      while ((await rest('GET', `/twins/${device.id}`)).body.modelId !== model) await new Promise((r) => setImmediate(r));
    })(), 'model in the twin');
    assert.equal((await rest('GET', `/digitaltwins/${device.id}`)).body.$metadata.$model, model);
    connection.close();
  });
});
