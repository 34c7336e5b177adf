// Waiting for what a test expects, with a deadline that says what was missing.
'use strict';

const DEADLINE_MS = 20000;

function with_deadline(promise, what, timeout_ms = DEADLINE_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} within ${timeout_ms} ms`)), timeout_ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// The first `name` event of `emitter`, as its first argument.
function event(emitter, name, timeout_ms) {
  return with_deadline(new Promise((resolve) => emitter.once(name, resolve)), `'${name}' event`, timeout_ms);
}

// Items arrive by push(); next() and take(n) wait for them.
class Inbox {
  constructor() {
    this.items = [];
    this.waiters = [];
  }
  push(item) {
    const waiter = this.waiters.shift();
    if (waiter) waiter(item);
    else this.items.push(item);
  }
  next(what = 'item', timeout_ms) {
    if (this.items.length) return Promise.resolve(this.items.shift());
    return with_deadline(new Promise((resolve) => this.waiters.push(resolve)), what, timeout_ms);
  }
  async take(count, what = 'items', timeout_ms) {
    const taken = [];
    while (taken.length < count) taken.push(await this.next(`${what} (${taken.length} of ${count})`, timeout_ms));
    return taken;
  }
}

module.exports = { with_deadline, event, Inbox };
