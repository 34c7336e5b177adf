// A bad network between clients and a hub: a TCP proxy that delays, splits and cuts. Everything it does follows from one
// seed, as far as the clients do the same again.
'use strict';

const net = require('node:net');
const { once } = require('node:events');

// A small generator of numbers in [0, 1) (mulberry32).
function random_of(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const DELAY_MS_MAX = 15;
const PIECE_BYTES_MAX = 400;
const PIECES_MAX = 6;  // of one read; the rest goes as it is, or large messages would take for ever

class RoughProxy {
  // Listens at `address` on each of `ports` and passes on to the same port at `to`.
  static async start({ address, to, ports, seed, life_ms = [700, 4000] }) {
    const proxy = new RoughProxy();
    Object.assign(proxy, { random: random_of(seed), life_ms, cutting: true, cuts: 0, connections: 0, pairs: new Set() });
    proxy.servers = ports.map((port) => net.createServer((client) => proxy.join(client, net.connect(port, to)))
      .listen(port, address));
    await Promise.all(proxy.servers.map((server) => once(server, 'listening')));
    return proxy;
  }

  between(low, high) { return low + Math.floor(this.random() * (high - low + 1)); }

  join(client, server) {
    const pair = { client, server };
    this.pairs.add(pair);
    this.connections += 1;
    const end = () => {
      clearTimeout(pair.timer);
      this.pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const [from, to] of [[client, server], [server, client]]) {
      from.setNoDelay(true);
      from.on('error', end);
      from.on('close', end);
      this.pass(from, to);
    }
    if (this.cutting) {
      pair.timer = setTimeout(() => {
        this.cuts += 1;
        end();
      }, this.between(...this.life_ms));
    }
  }

  // One read after the other, in pieces, each after a while: order is kept and a slow receiver slows the sender.
  async pass(from, to) {
    try {
      for await (let bytes of from) {
        for (let pieces = 1; bytes.length > 0 && !to.destroyed; ++pieces) {
          const size = pieces < PIECES_MAX ? Math.min(bytes.length, this.between(1, PIECE_BYTES_MAX)) : bytes.length;
          await new Promise((resolve) => setTimeout(resolve, this.between(0, DELAY_MS_MAX)));
          if (!to.write(bytes.subarray(0, size)) && !to.destroyed) await Promise.race([once(to, 'drain'), once(to, 'close')]);
          bytes = bytes.subarray(size);
        }
      }
    } catch { /* the other end was cut */ }
  }

  // From now on connections live as long as their ends want.
  calm() {
    this.cutting = false;
    for (const pair of this.pairs) clearTimeout(pair.timer);
  }

  async close() {
    for (const { client, server } of this.pairs) {
      client.destroy();
      server.destroy();
    }
    await Promise.all(this.servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

module.exports = { RoughProxy };
