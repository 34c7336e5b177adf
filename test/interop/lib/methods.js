// Calling direct methods, and devices that answer them with the official SDK.
'use strict';

const { test, describe } = require('node:test');
const assert = require('node:assert/strict');
const { Client, ModuleClient } = require('azure-iot-device');
const { NoRetry } = require('azure-iot-common');
const { create_device, create_module, rest } = require('./registry');
const { with_deadline } = require('./until');

const path_of = (device) => `/twins/${device.id}${device.module_id ? `/modules/${device.module_id}` : ''}/methods`;

// A call with the same JSON as the SDK's, on any port.
async function call(device, name, more = {}) {
  const answer = await rest('POST', path_of(device), { methodName: name, ...more });
  return { ...answer.body, http: answer.status, error: answer.headers['iothub-errorcode'], text: answer.text };
}

async function opened(kind, device, transport, methods) {
  const client = kind.fromConnectionString(device.connection_string, transport);
  client.setRetryPolicy(new NoRetry());
  client.on('error', () => {});
  await with_deadline(client.open(), 'open');
  const register = kind === Client ? 'onDeviceMethod' : 'onMethod';
  for (const [name, handler] of Object.entries(methods)) client[register](name, handler);
  return client;
}

// Until the device SDK has subscribed, methods are not online: this waits for it.
const ready = (device) => call(device, 'ready', { responseTimeoutInSeconds: 20, connectTimeoutInSeconds: 15 });
const answer_ready = (request, response) => response.send(200, null, () => {});

// The same library code runs over every transport, so the same tests do. [name, transport, skip] each.
function define_method_tests(transports) {
  for (const [name, transport, skip] of transports) {
    describe(name, { skip }, () => {
      test('payloads of every kind arrive and come back', async () => {
        const device = await create_device('method');
        const client = await opened(Client, device, transport, { ready: answer_ready,
          echo: (request, response) => response.send(200, request.payload, () => {}) });
        assert.equal((await ready(device)).status, 200);
        for (const payload of [{ a: [1, 2.5, { b: null }] }, 'text ä€', 42, -0.5, true, [], {}]) {
          const answer = await call(device, 'echo', { payload });
          assert.equal(answer.http, 200, answer.text);
          assert.deepEqual(answer.payload, payload);
        }
        const large = 'x'.repeat(120 * 1024);
        assert.equal((await call(device, 'echo', { payload: large })).payload, large);
        assert.equal((await call(device, 'echo')).http, 200);
        await client.close();
      });

      test('a module has methods of its own; the status is the application’s', async () => {
        const device = await create_device('method');
        const module = await create_module(device.id, 'mod');
        const client = await opened(ModuleClient, module, transport, { ready: answer_ready,
          fail: (request, response) => response.send(1234, { why: request.methodName }, () => {}) });
        assert.equal((await ready(module)).status, 200);
        const answer = await call(module, 'fail');
        assert.deepEqual([answer.http, answer.status, answer.payload], [200, 1234, { why: 'fail' }]);
        assert.equal((await call(device, 'fail')).error, 'DeviceNotOnline');
        await client.close();
      });

      test('a hundred at once to one device', async () => {
        const device = await create_device('method');
        const client = await opened(Client, device, transport, { ready: answer_ready,
          echo: (request, response) => response.send(200, request.payload, () => {}) });
        assert.equal((await ready(device)).status, 200);
        const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => call(device, 'echo', { payload: { i } })));
        assert.deepEqual(answers.map((a) => a.payload?.i), Array.from({ length: 100 }, (_, i) => i));
        await client.close();
      });
    });
  }
}

module.exports = { define_method_tests, call, opened, ready, answer_ready };
