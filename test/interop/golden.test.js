// What `az iot` and Azure IoT Explorer send, and what they must get: the files of golden/, each on a hub of its own.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { Hub } = require('./lib/hub');
const { parse, Conversation } = require('./lib/golden');
const { MethodDevice } = require('./lib/method_device');

const files = ['az-iot', 'explorer'].flatMap((folder) =>
  fs.readdirSync(path.join(__dirname, 'golden', folder)).sort().map((name) => path.join(__dirname, 'golden', folder, name)));

async function play(hub, talk, steps) {
  const devices = new Map();
  try {
    for (const step of steps) {
      const where = `line ${step.line}`;
      if (step.kind === 'device') {
        const [, status, payload] = /^(\d+) (.*)$/.exec(step.rest);
        devices.set(step.device, await MethodDevice.connect(hub, step.device, Number(status), payload));
      } else if (step.kind === 'desired') {
        talk.match_value(JSON.parse(step.rest), await devices.get(step.device).next_desired(), where);
      } else {
        const answer = await talk.send(step.method, step.path, step.request.headers, step.request.body);
        talk.check(step, answer, `${where}: ${step.method} ${step.path}`);
      }
    }
  } finally {
    for (const device of devices.values()) device.close();
  }
}

assert.ok(files.length > 10);
for (const file of files) {
  test(path.relative(path.join(__dirname, 'golden'), file), async (t) => {
    const { needs, steps } = parse(file);
    assert.ok(steps.length > 0);
    const hub = await Hub.start({ memory: true });
    try {
      const talk = new Conversation(hub);
      if (needs && !(await talk.knows(needs))) return t.skip(`there is no ${needs} yet`);
      await play(hub, talk, steps);
    } finally {
      await hub.kill();
    }
  });
}
