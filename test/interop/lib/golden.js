// Conversations with the service API as files (golden/*/*.http): what a program sends, what it must get.
//
//   # text                           anything; stands before an exchange
//   @needs POST /jobs/v2/x           the file is for a route that may not be there yet: then it is skipped
//   @device d1 200 {"ok":true}       from here on d1 is connected and answers every method so, status and payload
//   @desired d1 {"a":1}              the device that was connected so has been told exactly this
//   >>> PUT /devices/d1?api-version=2024-03-31      the path as it is encoded; then headers, an empty line and the body
//   Authorization: service                          the policy that signs; iothubowner if the line is missing
//   <<< 200                                         then headers that must be there, an empty line and the body
//   ! x-ms-continuation                             and headers that must not
//
// In answers {guid}, {etag}, {time}, … stand for text of that shape, and {etag:e1} gives it a name; {e1} in later lines is
// that very text, {host} the hub's name and {soon} an hour from now. Bodies in JSON are compared as values: all members, no
// others, in any order; an object with a member "..." may have more members than are written.
'use strict';

const fs = require('node:fs');
const https = require('node:https');
const { parse_connection_string, sas } = require('./sas');

const SHAPES = {
  guid: '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
  etag: '[A-Za-z0-9+/]+={0,2}',
  key: '[A-Za-z0-9+/]{43}=',
  ticks: '\\d{18}',
  time: '20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,7})?Z',
  tracking: '[0-9a-f]{32}-G:\\d-TimeStamp:\\d\\d/\\d\\d/\\d{4} \\d\\d:\\d\\d:\\d\\d',
  int: '-?\\d+',
  token: '[!-~]+',
  text: '[^;]+',
};
const PLACEHOLDER = /\{([a-z]+)(?::([a-z0-9]+))?\}|\{([a-z][a-z0-9]*)\}/g;

function parse(file) {
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  const out = { needs: undefined, steps: [] };
  let i = 0;
  const section = (ends) => {
    const headers = [];
    while (i < lines.length && lines[i] !== '' && !ends(lines[i])) headers.push(lines[i++]);
    const body = [];
    while (i < lines.length && !ends(lines[i])) body.push(lines[i++]);
    return { headers, body: body.join('\n').trim() };
  };
  while (i < lines.length) {
    const line = lines[i];
    if (line.startsWith('@needs ')) {
      out.needs = line.slice(7);
    } else if (line.startsWith('@')) {
      const [, kind, device, rest] = /^@(device|desired) (\S+) (.*)$/.exec(line);
      out.steps.push({ kind, line: i + 1, device, rest });
    } else if (line.startsWith('>>> ')) {
      const [, method, path] = /^>>> (\S+) (\S+)$/.exec(line);
      const step = { kind: 'exchange', line: ++i, method, path };
      step.request = section((l) => l.startsWith('<<< '));
      step.status = Number(lines[i++].slice(4));
      step.answer = section((l) => /^(>>> |#|@)/.test(l));
      out.steps.push(step);
      continue;
    } else if (line !== '' && !line.startsWith('#')) {
      throw new Error(`${file}:${i + 1}: ${line}`);
    }
    ++i;
  }
  return out;
}

const quoted = (text) => text.replace(/[.^$|()[\]{}*+?\\/]/g, '\\$&');

// The lines of a conversation with one hub, and what has been given names in it.
class Conversation {
  constructor({ info, ca }) {
    this.info = info;
    this.ca = ca;
    this.names = { host: info.hostName, soon: new Date(Date.now() + 3600_000).toISOString() };
  }

  spelled(text) {
    return text.replace(PLACEHOLDER, (all, shape, name, word) => this.names[name ?? shape ?? word] ?? all);
  }

  // Throws unless `actual` is what `expected` describes; binds what it names.
  match_text(expected, actual, where) {
    const names = [];
    let pattern = '';
    let last = 0;
    const text = this.spelled(expected);
    for (const found of text.matchAll(PLACEHOLDER)) {
      const shape = SHAPES[found[1]];
      if (!shape) continue;
      pattern += `${quoted(text.slice(last, found.index))}(${shape})`;
      last = found.index + found[0].length;
      names.push(found[2]);
    }
    const match = new RegExp(`^${pattern}${quoted(text.slice(last))}$`, 's').exec(actual);
    if (!match) throw new Error(`${where}: expected ${text}\n  got ${actual}`);
    names.forEach((name, k) => name && (this.names[name] = match[k + 1]));
  }

  match_value(expected, actual, where) {
    const fail = () => {
      throw new Error(`${where}: expected ${JSON.stringify(expected)}\n  got ${JSON.stringify(actual)}`);
    };
    if (typeof expected === 'string') {
      if (typeof actual !== 'string' && !/^\{int(:\w+)?\}$/.test(expected)) fail();
      this.match_text(expected, String(actual), where);
    } else if (expected === null || typeof expected !== 'object') {
      if (expected !== actual) fail();
    } else {
      if (actual === null || typeof actual !== 'object' || Array.isArray(actual) !== Array.isArray(expected)) fail();
      const keys = Object.keys(expected).filter((key) => key !== '...');
      const extra = '...' in expected ? [] : Object.keys(actual).filter((key) => !keys.includes(key));
      const missing = keys.filter((key) => !(key in actual));
      if (extra.length || missing.length) {
        throw new Error(`${where}: too much [${extra}], missing [${missing}]\n  got ${JSON.stringify(actual)}`);
      }
      for (const key of keys) this.match_value(expected[key], actual[key], `${where}.${key}`);
    }
  }

  authorization(policy) {
    if (policy === 'none') return undefined;
    const { SharedAccessKey } = parse_connection_string(this.info.connectionStrings[policy]);
    return sas(this.info.hostName, SharedAccessKey, { policy });
  }

  send(method, path, lines, body) {
    const headers = {};
    let policy = 'iothubowner';
    for (const line of lines.map((l) => this.spelled(l))) {
      const [, name, value] = /^([^:]+): ?(.*)$/.exec(line);
      if (name === 'Authorization') policy = value;
      else headers[name] = value;
    }
    const text = Buffer.from(this.spelled(body));
    const authorization = this.authorization(policy);
    if (authorization) headers.Authorization = authorization;
    if (text.length) headers['Content-Length'] = text.length;
    const options = { host: this.info.hostName, port: this.info.ports.https, ca: this.ca, method, path: this.spelled(path), headers };
    return new Promise((resolve, reject) => {
      const request = https.request(options, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() }));
      });
      request.on('error', reject);
      request.end(text);
    });
  }

  // What holds for every answer, whatever the file says (reference/service-rest.md §1.2, §4).
  check_envelope(answer, where) {
    this.match_text('{guid}', answer.headers['x-ms-request-id'] ?? '', `${where} x-ms-request-id`);
    if (answer.text && !/octet-stream|text/.test(answer.headers['content-type'] ?? '')) JSON.parse(answer.text);
    if (answer.status >= 400 && !answer.headers['iothub-errorcode']) throw new Error(`${where}: no iothub-errorcode`);
  }

  check(step, answer, where) {
    if (answer.status !== step.status) throw new Error(`${where}: expected ${step.status}, got ${answer.status} ${answer.text}`);
    this.check_envelope(answer, where);
    for (const line of step.answer.headers) {
      const absent = /^! (.*)$/.exec(line);
      if (absent) {
        if (absent[1].toLowerCase() in answer.headers) throw new Error(`${where}: there is a header ${absent[1]}`);
        continue;
      }
      const [, name, value] = /^([^:]+): (.*)$/.exec(line);
      this.match_text(value, answer.headers[name.toLowerCase()] ?? '(none)', `${where} ${name}`);
    }
    const json = /json/.test(answer.headers['content-type'] ?? '') && step.answer.body !== '';
    if (json) this.match_value(JSON.parse(step.answer.body), JSON.parse(answer.text), where);
    else this.match_text(step.answer.body, answer.text, where);
  }

  // Is there a route at all? {method, path} as "METHOD /path".
  async knows(needed) {
    const [method, path] = needed.split(' ');
    const answer = await this.send(method, `${path}?api-version=2024-03-31`, [], '');
    return !['GenericNotFound', 'GenericMethodNotAllowed'].includes(answer.headers['iothub-errorcode']);
  }
}

module.exports = { parse, Conversation };
