// One hub for all suites: starts it, runs `node --test` and the Python suites against it, sums up, stops it.
'use strict';

const path = require('node:path');
const { Hub } = require('./lib/hub');
const { run_node_tests, run_counting, finish, chosen_files } = require('./lib/suite');

async function main(wanted) {
  const hub = await Hub.start({ fixed_ports: true });
  const env = { NAVE_READY_FILE: hub.ready_file, NODE_EXTRA_CA_CERTS: hub.info.caFile };
  const counts = [];
  const files = chosen_files(__dirname, wanted);
  // One suite at a time: five receivers may share a partition, and some suites count them.
  if (files.length) counts.push(await run_node_tests(files, { env, concurrency: 1 }));
  if (wanted.length === 0 || wanted.some((w) => w.startsWith('py'))) {
    counts.push(await run_counting('/usr/bin/python3', ['-B', path.join(__dirname, 'python', 'run.py')], env));
  }
  const ended = await hub.stop();
  if (ended.code !== 0) {
    console.log(`not ok - the hub ended with ${ended.code ?? ended.signal}: ${hub.output.text}`);
    counts.push([0, 1, 0]);
  }
  finish(counts);
}

main(process.argv.slice(2)).catch((error) => {
  console.log(error.stack);
  finish([[0, 1, 0]]);
});
