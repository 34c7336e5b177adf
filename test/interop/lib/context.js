// What the runner (run.js) tells every suite about the one hub they share.
'use strict';

const fs = require('node:fs');
const { parse_connection_string } = require('./sas');

const info = JSON.parse(fs.readFileSync(process.env.NAVE_READY_FILE, 'utf8'));
const https_443 = info.ports.https === 443;

module.exports = {
  info,
  host: info.hostName,
  ca: fs.readFileSync(info.caFile, 'utf8'),
  strings: info.connectionStrings,
  owner: parse_connection_string(info.connectionStrings.iothubowner),
  event_hub: parse_connection_string(info.connectionStrings.eventHub),
  // For `{ skip }` of tests whose SDK has port 443 built in.
  skip_443: https_443 ? false : 'port 443 needs a permission that this user does not have',
};
