// A device that speaks HTTPS without an SDK, on whatever port the hub has.
'use strict';

const https = require('node:https');
const context = require('./context');
const { resource_at } = require('./client');
const { sas } = require('./sas');

function events_path(device) {
  const module = device.module_id ? `/modules/${encodeURIComponent(device.module_id)}` : '';
  return `/devices/${encodeURIComponent(device.id)}${module}/messages/events`;
}

// {status, headers, text}. `options`: path, method, headers, token, chunked.
function post(device, body, { path = `${events_path(device)}?api-version=2021-04-12`, method = 'POST', headers = {}, token, chunked = false } = {}) {
  const bytes = Buffer.from(body);
  const own = { Authorization: token ?? sas(resource_at(context.host, device), device.key) };
  if (!chunked) own['Content-Length'] = bytes.length;
  return new Promise((resolve, reject) => {
    const request = https.request({ host: context.host, port: context.info.ports.https, ca: context.ca, method, path,
      headers: { ...own, ...headers } }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers,
        raw_headers: response.rawHeaders, text }));
    });
    request.on('error', reject);
    request.write(bytes);
    request.end();
  });
}

const BATCH = { 'Content-Type': 'application/vnd.microsoft.iothub.json' };

module.exports = { post, events_path, BATCH };
