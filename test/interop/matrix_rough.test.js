// The matrix on a bad network: a proxy between everybody and a hub of this suite's own delays, splits and cuts connections
// while the cells work. Nothing hangs, and nothing that was acknowledged is lost.
'use strict';

const { test, before, after } = require('node:test');
const fs = require('node:fs');
const path = require('node:path');
const { Hub, own_address, temporary_folder } = require('./lib/hub');
const { RoughProxy } = require('./lib/rough_proxy');

// The SDKs' text for a log line follows an error's `amqpError`, which for a WebSocket that broke is the error itself: it
// would recurse for ever. Everything else of theirs is left alone.
for (const file of ['azure-iothub/dist/common-amqp/amqp_common_errors', 'azure-iot-amqp-base/dist/amqp_common_errors']) {
  require(file).getErrorName = (error) => `${error?.condition ?? error?.name}`;
}

const AT_ONCE = 8;
const seed = Number(process.env.NAVE_PROXY_SEED ?? Math.floor(Math.random() * 2 ** 31));

let hub;
let proxy;
let data;
before(async () => {
  // Node trusts one more CA only, named before it starts: this hub signs with that of the hub that the suites share.
  data = temporary_folder();
  const shared = path.dirname(JSON.parse(fs.readFileSync(process.env.NAVE_READY_FILE, 'utf8')).caFile);
  for (const file of ['ca.pem', 'ca-key.pem']) fs.copyFileSync(path.join(shared, file), path.join(data, file));
  const [address, bind] = [own_address(), own_address()];
  hub = await Hub.start({ address, bind, data, fixed_ports: true });
  proxy = await RoughProxy.start({ address, to: bind, ports: Object.values(hub.ports), seed });
  process.env.NAVE_READY_FILE = hub.ready_file;  // before any of the suites' libraries looks
});
after(async () => {
  await proxy?.close();
  await hub?.stop();
  if (data) fs.rmSync(data, { recursive: true, force: true });
});

test(`the matrix behind a rough proxy (NAVE_PROXY_SEED=${seed})`, async (t) => {
  const { Run, cells, table } = require('./lib/matrix');
  const run = new Run({ rough: true });
  run.began = new Date(Date.now() - 1000);
  const results = new Map();
  const todo = cells().filter((cell) => !cell.skip);
  const verifications = [];
  const worker = async () => {
    for (let cell = todo.shift(); cell; cell = todo.shift()) {
      const { name } = cell;
      results.set(name, 'FAILED');
      try {
        verifications.push([name, await cell.work(run)]);
      } catch (error) {
        verifications.push([name, () => Promise.reject(error)]);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  proxy.calm();
  await run.start_verifying();
  for (const [name, verify] of verifications) {
    await t.test(name, async () => {
      await verify();
      results.set(name, 'ok');
    });
  }
  await t.test('the feedback of all cloud-to-device messages', async () => {
    for (const look of run.later) await look();
  });
  await t.test('connections were cut', () => {
    if (proxy.cuts < 20) throw new Error(`only ${proxy.cuts} of ${proxy.connections}`);
  });
  await run.close();
  console.log(`${table(results)}\n${proxy.cuts} of ${proxy.connections} connections cut`);
});
