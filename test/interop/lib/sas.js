// Tokens and connection strings, written from the wire reference and not with the hub's own code.
'use strict';

const crypto = require('node:crypto');

const FAR_FUTURE = 4102444800;

function parse_connection_string(text) {
  const fields = {};
  for (const part of text.split(';')) {
    const at = part.indexOf('=');
    if (at > 0) fields[part.slice(0, at)] = part.slice(at + 1);
  }
  return fields;
}

function signature(resource, key, expiry) {
  return crypto.createHmac('sha256', Buffer.from(key, 'base64')).update(`${resource}\n${expiry}`).digest('base64');
}

// `resource` goes in and is signed exactly as given.
function sas_raw(resource, key, { expiry = FAR_FUTURE, policy } = {}) {
  const skn = policy === undefined ? '' : `&skn=${policy}`;
  return `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature(resource, key, expiry))}` +
    `&se=${expiry}${skn}`;
}

function sas(resource, key, options) {
  return sas_raw(encodeURIComponent(resource), key, options);
}

module.exports = { parse_connection_string, signature, sas, sas_raw, FAR_FUTURE };
