// Runs `node --test` over files and sums up what it printed.
'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');

// {code, text}; the text is also passed on as it comes.
async function run(command, args, options = {}) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
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

// A program that fails without saying what failed is one failure.
function settled(code, [passed, failed, skipped]) {
  return [passed, code !== 0 && failed === 0 ? 1 : failed, skipped];
}

// [passed, failed, skipped] of `node --test`.
async function run_node_tests(files, { concurrency = 2, env = {} } = {}) {
  // A test that fails may leave its connections open, which would keep its process alive for ever.
  const args = ['--test', '--test-reporter=tap', '--test-force-exit', '--test-timeout=600000',
    `--test-concurrency=${concurrency}`, ...files];
  const { code, text } = await run(process.execPath, args, { env: { ...process.env, ...env } });
  const [pass, fail, skip, cancelled] =
    ['pass', 'fail', 'skipped', 'cancelled'].map((word) => number_after(new RegExp(`^# ${word} (\\d+)`, 'm'), text));
  return settled(code, [pass, fail + cancelled, skip]);
}

// [passed, failed, skipped] of a program whose last line says so.
async function run_counting(command, args, env = {}) {
  const { code, text } = await run(command, args, { env: { ...process.env, ...env } });
  const last = /(\d+) passed, (\d+) failed, (\d+) skipped\s*$/.exec(text);
  return settled(code, last ? last.slice(1).map(Number) : [0, 1, 0]);
}

// Prints the sum as the last line and sets the exit code.
function finish(counts) {
  const total = counts.reduce((sum, one) => sum.map((n, i) => n + one[i]), [0, 0, 0]);
  console.log(`${total[0]} passed, ${total[1]} failed, ${total[2]} skipped`);
  process.exitCode = total[1] === 0 ? 0 : 1;
}

// The *.test.js files of a folder, those first that are named in `wanted` if any are.
function chosen_files(folder, wanted) {
  const fs = require('node:fs');
  const path = require('node:path');
  return fs.readdirSync(folder)
    .filter((name) => name.endsWith('.test.js') && (wanted.length === 0 || wanted.some((w) => name.includes(w))))
    .map((name) => path.join(folder, name));
}

module.exports = { run_node_tests, run_counting, finish, chosen_files };
