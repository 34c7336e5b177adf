// Starts and stops a hub of its own for a test: own loopback address, own temporary data folder, nothing left behind.
'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');

const START_MS_MAX = 20000;
const STOP_MS_MAX = 20000;

let hubs_started = 0;

// A loopback address that no other test process uses: the SDKs have the ports built in, so hubs differ by address.
function own_address() {
  const n = process.pid * 16 + (hubs_started++ % 16);
  const digit = (place) => 1 + (Math.floor(n / 250 ** place) % 250);
  return `127.${digit(2)}.${digit(1)}.${digit(0)}`;
}

function can_listen(host, port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

function temporary_folder() {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'nave-test-'));
}

// Resolves when `file` exists; the hub renames it into place, so it is whole then.
function wait_for_file(file, child, output) {
  return new Promise((resolve, reject) => {
    let watcher = null;
    const finish = (action, value) => {
      clearTimeout(deadline);
      if (watcher) watcher.close();
      child.off('exit', on_exit);
      action(value);
    };
    const look = () => fs.existsSync(file) && finish(resolve);
    const on_exit = (code, signal) =>
      finish(reject, new Error(`hub ended while starting (${code ?? signal}): ${output.text}`));
    const deadline = setTimeout(
      () => finish(reject, new Error(`hub not ready after ${START_MS_MAX} ms: ${output.text}`)), START_MS_MAX);
    child.once('exit', on_exit);
    watcher = fs.watch(path.dirname(file), look);
    look();
  });
}

function binary() {
  if (!process.env.NAVE_BIN) throw new Error('NAVE_BIN names no binary');
  return process.env.NAVE_BIN;
}

// Runs `nave` to its end; never rejects on a non-zero exit.
async function run_nave(args, timeout_ms = STOP_MS_MAX) {
  const child = spawn(binary(), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const deadline = setTimeout(() => child.kill('SIGKILL'), timeout_ms);
  const [code, signal] = await once(child, 'close');
  clearTimeout(deadline);
  return { code, signal, stdout, stderr };
}

class Hub {
  // options: address, bind (where to listen, if something else of the test's stands at the address), data (a folder that
  // the caller owns), memory, args, ports, fixed_ports (the ones that SDKs have built in), on_spawn(child) before the hub
  // is ready.
  static async start(options = {}) {
    const hub = new Hub();
    hub.address = options.address ?? own_address();
    hub.owns_data = options.data === undefined;
    hub.data = options.data ?? temporary_folder();
    hub.ready_folder = temporary_folder();
    hub.output = { text: '' };
    const ready_file = path.join(hub.ready_folder, 'ready.json');
    const fixed = options.fixed_ports ?? false;
    const bind = options.bind ?? hub.address;
    hub.has_https_443 = fixed && (await can_listen(bind, 443));
    const ports = fixed ? [8883, 5671, hub.has_https_443 ? 443 : 0] : (options.ports ?? [0, 0, 0]);
    const args = ['serve', '--data', hub.data, '--host', hub.address, '--bind', bind,
      '--mqtt-port', `${ports[0]}`, '--amqp-port', `${ports[1]}`, '--https-port', `${ports[2]}`,
      '--ready-file', ready_file, ...(options.memory ? ['--memory'] : []), ...(options.args ?? [])];
    hub.child = spawn(binary(), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    hub.exited = once(hub.child, 'exit');
    if (options.on_spawn) options.on_spawn(hub.child);
    const keep = (chunk) => (hub.output.text = (hub.output.text + chunk).slice(-65536));
    hub.child.stdout.on('data', keep);
    hub.child.stderr.on('data', keep);
    try {
      await wait_for_file(ready_file, hub.child, hub.output);
    } catch (error) {
      hub.child.kill('SIGKILL');
      hub.forget_folders();
      throw error;
    }
    hub.info = JSON.parse(fs.readFileSync(ready_file, 'utf8'));
    hub.ready_file = ready_file;
    hub.ca = fs.readFileSync(hub.info.caFile, 'utf8');
    return hub;
  }

  get ports() { return this.info.ports; }
  get pid() { return this.child.pid; }

  resident_kib() {
    const status = fs.readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)[1]);
  }

  async end_with(signal) {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    const deadline = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS_MAX);
    const [code, by_signal] = await this.exited;
    clearTimeout(deadline);
    this.forget_folders();
    return { code, signal: by_signal };
  }
  // An orderly end; the caller asserts on {code, signal}.
  stop() { return this.end_with('SIGTERM'); }
  kill() { return this.end_with('SIGKILL'); }

  forget_folders() {
    fs.rmSync(this.ready_folder, { recursive: true, force: true });
    if (this.owns_data) fs.rmSync(this.data, { recursive: true, force: true });
  }
}

module.exports = { Hub, own_address, can_listen, temporary_folder, run_nave, binary };
