// The hub's Blob service, as Azure's storage SDK sees it.
'use strict';

const crypto = require('node:crypto');
const { BlobServiceClient, StorageSharedKeyCredential, ContainerSASPermissions, generateBlobSASQueryParameters } =
  require('@azure/storage-blob');
// Loaded late: suites with hubs of their own have no shared one.
const shared = () => require('./context');

function storage(text = shared().info.connectionStrings.storage) {
  const fields = Object.fromEntries(text.split(';').filter(Boolean).map((f) => [f.slice(0, f.indexOf('=')), f.slice(f.indexOf('=') + 1)]));
  return { text, account: fields.AccountName, key: fields.AccountKey, endpoint: fields.BlobEndpoint,
    credential: new StorageSharedKeyCredential(fields.AccountName, fields.AccountKey) };
}

const service = (of = storage()) =>
  BlobServiceClient.fromConnectionString(of.text, { retryOptions: { maxTries: 1 } });
const container_url = (name, of = storage()) => `${of.endpoint}/${name}`;

async function new_container(of = storage()) {
  const container = service(of).getContainerClient(`c-${crypto.randomUUID()}`);
  await container.create();
  return container;
}

// A container's address with a signature, as import and export jobs take it.
function signed_url(name, permissions = 'racwdl', of = storage()) {
  const sas = generateBlobSASQueryParameters({ containerName: name, permissions: ContainerSASPermissions.parse(permissions),
    expiresOn: new Date(Date.now() + 3600e3) }, of.credential);
  return `${container_url(name, of)}?${sas}`;
}

module.exports = { storage, service, container_url, new_container, signed_url };
