// One hub for all suites: starts it, runs `node --test` and the Python suites against it, sums up, stops it.
'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { Hub } = require('./lib/hub');

const here = __dirname;

async function run(command, args, env) {
  const child = spawn(command, args, { cwd: here, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
    process.stdout.write(chunk);
  });
  const [code] = await once(child, 'close');
  return { code, text };
}

function number_after(pattern, text) {
  const found = pattern.exec(text);
  return found ? Number(found[1]) : 0;
}

function node_counts({ code, text }) {
  const counts = [/^# pass (\d+)/m, /^# fail (\d+)/m, /^# skipped (\d+)/m].map((p) => number_after(p, text));
  counts[1] += number_after(/^# cancelled (\d+)/m, text);
  return code !== 0 && counts[1] === 0 ? [counts[0], 1, counts[2]] : counts;
}

function python_counts({ code, text }) {
  const last = /(\d+) passed, (\d+) failed, (\d+) skipped\s*$/.exec(text);
  const counts = last ? last.slice(1).map(Number) : [0, 1, 0];
  return code !== 0 && counts[1] === 0 ? [counts[0], 1, counts[2]] : counts;
}

async function main() {
  const wanted = process.argv.slice(2);
  const suites = fs.readdirSync(here).filter((name) => name.endsWith('.test.js'));
  const chosen = suites.filter((name) => wanted.length === 0 || wanted.some((w) => name.includes(w)));
  const hub = await Hub.start({ fixed_ports: true });
  const env = { NAVE_READY_FILE: hub.ready_file, NODE_EXTRA_CA_CERTS: hub.info.caFile };
  const totals = [0, 0, 0];
  const add = (counts) => counts.forEach((n, i) => (totals[i] += n));
  if (chosen.length) {
    const args = ['--test', '--test-reporter=tap', '--test-concurrency=2', ...chosen.map((n) => path.join(here, n))];
    add(node_counts(await run(process.execPath, args, env)));
  }
  if (wanted.length === 0 || wanted.some((w) => w.startsWith('py'))) {
    add(python_counts(await run('/usr/bin/python3', [path.join(here, 'python', 'run.py')], env)));
  }
  const ended = await hub.stop();
  if (ended.code !== 0) {
    console.log(`not ok - the hub ended with ${ended.code ?? ended.signal}: ${hub.output.text}`);
    totals[1] += 1;
  }
  console.log(`${totals[0]} passed, ${totals[1]} failed, ${totals[2]} skipped`);
  process.exitCode = totals[1] === 0 ? 0 : 1;
}

main().catch((error) => {
  console.log(error.stack);
  console.log('0 passed, 1 failed, 0 skipped');
  process.exitCode = 1;
});
