// The matrix on a good network (lib/matrix.js).
'use strict';

const { test, before, after } = require('node:test');
const { Run, cells, table } = require('./lib/matrix');

const run = new Run();
const results = new Map();

before(async () => {
  run.began = new Date(Date.now() - 1000);
  await run.start_verifying();
});
after(async () => {
  await run.close();
  console.log(table(results));
});

for (const { name, skip, work } of cells()) {
  test(name, { skip }, async () => {
    results.set(name, 'FAILED');
    await (await work(run))();
    results.set(name, 'ok');
  });
}

test('the feedback of all cloud-to-device messages', async () => {
  for (const look of run.later) await look();
});
