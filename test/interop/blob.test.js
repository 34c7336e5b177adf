// The Blob service, through Azure's storage SDK: containers, block and append blobs, ranges, conditions, signatures.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { storage, service, container_url, new_container } = require('./lib/storage');
const { ContainerClient, BlobServiceClient, ContainerSASPermissions, generateBlobSASQueryParameters,
  BlobSASPermissions, AccountSASPermissions, generateAccountSASQueryParameters, AccountSASResourceTypes,
  AccountSASServices } = require('@azure/storage-blob');

const read_all = async (blob, ...range) => blob.downloadToBuffer(...range);
const rejects = (promise, statusCode, code) => assert.rejects(promise, (e) => {
  assert.equal(e.statusCode, statusCode, e.message);
  if (code) assert.equal(e.code, code);
  return true;
});

test('containers are made, listed, found and removed', async () => {
  const name = `c-${crypto.randomUUID()}`;
  const container = service().getContainerClient(name);
  assert.equal(await container.exists(), false);
  await container.create({ metadata: { colour: 'green' } });
  await rejects(container.create(), 409, 'ContainerAlreadyExists');
  assert.equal((await container.getProperties()).metadata.colour, 'green');
  const found = [];
  for await (const item of service().listContainers({ prefix: name, includeMetadata: true })) found.push(item);
  assert.deepEqual(found.map((c) => [c.name, c.metadata.colour]), [[name, 'green']]);
  await container.delete();
  assert.equal(await container.exists(), false);
  await rejects(container.delete(), 404, 'ContainerNotFound');
});

test('a single put comes back byte by byte, with its headers and metadata', async () => {
  const container = await new_container();
  const name = 'folder/ä name & more+%41?.bin';
  const blob = container.getBlockBlobClient(name);
  const bytes = crypto.randomBytes(3 << 20);
  const put = await blob.upload(bytes, bytes.length, {
    metadata: { owner: 'me' }, blobHTTPHeaders: { blobContentType: 'text/x-test', blobCacheControl: 'no-store' } });
  assert.match(put.etag, /^"0x[0-9A-F]+"$/);
  const properties = await blob.getProperties();
  assert.equal(properties.contentLength, bytes.length);
  assert.equal(properties.contentType, 'text/x-test');
  assert.equal(properties.cacheControl, 'no-store');
  assert.equal(properties.metadata.owner, 'me');
  assert.equal(properties.blobType, 'BlockBlob');
  assert.deepEqual(Buffer.from(properties.contentMD5), crypto.createHash('md5').update(bytes).digest());
  assert.ok((await read_all(blob)).equals(bytes));
  assert.ok((await read_all(blob, 1000, 70000)).equals(bytes.subarray(1000, 71000)));
  await rejects(blob.download(bytes.length), 416, 'InvalidRange');
  const names = [];
  for await (const item of container.listBlobsFlat()) names.push(item.name);
  assert.deepEqual(names, [name]);
  await blob.delete();
  await rejects(blob.getProperties(), 404);
});

test('a large upload in blocks, in parallel, and a download of it', async () => {
  const container = await new_container();
  const blob = container.getBlockBlobClient('large');
  const bytes = crypto.randomBytes(20 << 20);
  await blob.uploadData(bytes, { maxSingleShotSize: 1 << 20, blockSize: 4 << 20, concurrency: 4 });
  assert.ok((await read_all(blob)).equals(bytes));
  const list = await blob.getBlockList('all');
  assert.equal(list.committedBlocks.length, 5);
  assert.equal(list.uncommittedBlocks?.length ?? 0, 0);
});

test('a single put larger than any buffer', async () => {
  const container = await new_container();
  const blob = container.getBlockBlobClient('single');
  const bytes = crypto.randomBytes(48 << 20);
  await blob.upload(bytes, bytes.length);
  assert.ok((await read_all(blob)).equals(bytes));
});

test('blocks are seen only once they are committed, and in the order of the list', async () => {
  const container = await new_container();
  const blob = container.getBlockBlobClient('blocks');
  const id = (n) => Buffer.from(`block-${n}`).toString('base64');
  for (const n of [1, 2, 3]) await blob.stageBlock(id(n), String(n).repeat(4), 4);
  assert.equal(await blob.exists(), false);
  assert.deepEqual((await blob.getBlockList('uncommitted')).uncommittedBlocks.map((b) => b.name), [id(1), id(2), id(3)]);
  await rejects(blob.commitBlockList([id(9)]), 400, 'InvalidBlockList');
  await blob.commitBlockList([id(3), id(1)]);
  assert.equal(String(await read_all(blob)), '33331111');
  await blob.stageBlock(id(4), 'four', 4);
  await blob.commitBlockList([id(1), id(4), id(3)]);
  assert.equal(String(await read_all(blob)), '1111four3333');
});

test('append blobs', async () => {
  const container = await new_container();
  const blob = container.getAppendBlobClient('log');
  await blob.create();
  for (const line of ['one\n', 'two\n']) await blob.appendBlock(line, line.length);
  const third = await blob.appendBlock('3', 1, { conditions: { appendPosition: 8 } });
  assert.equal(third.blobAppendOffset, '8');
  await rejects(blob.appendBlock('x', 1, { conditions: { appendPosition: 8 } }), 412, 'AppendPositionConditionNotMet');
  assert.equal(String(await read_all(blob)), 'one\ntwo\n3');
  await rejects(container.getAppendBlobClient('none').appendBlock('x', 1), 404, 'BlobNotFound');
});

test('conditions', async () => {
  const container = await new_container();
  const blob = container.getBlockBlobClient('conditional');
  const first = await blob.upload('a', 1, { conditions: { ifNoneMatch: '*' } });
  await rejects(blob.upload('b', 1, { conditions: { ifNoneMatch: '*' } }), 409, 'BlobAlreadyExists');
  const second = await blob.upload('b', 1, { conditions: { ifMatch: first.etag } });
  await rejects(blob.upload('c', 1, { conditions: { ifMatch: first.etag } }), 412, 'ConditionNotMet');
  await rejects(blob.download(0, undefined, { conditions: { ifNoneMatch: second.etag } }), 304);
  await rejects(blob.download(0, undefined, { conditions: { ifMatch: first.etag } }), 412);
  await rejects(blob.delete({ conditions: { ifMatch: first.etag } }), 412, 'ConditionNotMet');
  await blob.setMetadata({ k: 'v' });
  assert.equal((await blob.getProperties()).metadata.k, 'v');
  await blob.setHTTPHeaders({ blobContentType: 'a/b' });
  assert.equal((await blob.getProperties()).contentType, 'a/b');
});

test('lists: prefixes, pages, hierarchy', async () => {
  const container = await new_container();
  for (const name of ['a/1', 'a/2', 'a/b/3', 'c', 'd/4']) await container.getBlockBlobClient(name).upload(name, name.length);
  const pages = [];
  for await (const page of container.listBlobsFlat().byPage({ maxPageSize: 2 })) {
    pages.push(page.segment.blobItems.map((b) => b.name));
  }
  assert.deepEqual(pages, [['a/1', 'a/2'], ['a/b/3', 'c'], ['d/4']]);
  const level = [];
  for await (const item of container.listBlobsByHierarchy('/')) level.push([item.kind, item.name]);
  assert.deepEqual(level.sort(), [['blob', 'c'], ['prefix', 'a/'], ['prefix', 'd/']].sort());
  const below = [];
  for await (const item of container.listBlobsByHierarchy('/', { prefix: 'a/' })) below.push(item.name);
  assert.deepEqual(below.sort(), ['a/1', 'a/2', 'a/b/'].sort());
});

test('a signature gives what it says and no more', async () => {
  const container = await new_container();
  await container.getBlockBlobClient('there').upload('x', 1);
  const signed = (permissions, options = {}) => {
    const sas = generateBlobSASQueryParameters({ containerName: container.containerName,
      permissions: ContainerSASPermissions.parse(permissions), expiresOn: new Date(Date.now() + 600e3), ...options },
    storage().credential);
    return new ContainerClient(`${container_url(container.containerName)}?${sas}`);
  };
  const reader = signed('r').getBlockBlobClient('there');
  assert.equal(String(await read_all(reader)), 'x');
  await rejects(reader.upload('y', 1), 403, 'AuthorizationPermissionMismatch');
  await rejects(reader.delete(), 403, 'AuthorizationPermissionMismatch');
  await assert.rejects(async () => { for await (const b of signed('r').listBlobsFlat()) void b; }, { statusCode: 403 });
  const maker = signed('c');
  await maker.getBlockBlobClient('new').upload('n', 1);
  await rejects(maker.getBlockBlobClient('there').upload('n', 1), 403);
  await signed('w').getBlockBlobClient('there').upload('z', 1);
  await signed('d').getBlockBlobClient('there').delete();
  const names = [];
  for await (const b of signed('l').listBlobsFlat()) names.push(b.name);
  assert.deepEqual(names, ['new']);
  await rejects(signed('r', { expiresOn: new Date(Date.now() - 1000) }).getBlockBlobClient('new').download(), 403,
    'AuthenticationFailed');
  await rejects(signed('r', { startsOn: new Date(Date.now() + 60e3) }).getBlockBlobClient('new').download(), 403);
  await rejects(signed('racwd', { blobName: 'other', permissions: BlobSASPermissions.parse('racwd') })
    .getBlockBlobClient('new').download(), 403, 'AuthenticationFailed');
  const other = await new_container();
  const sas = generateBlobSASQueryParameters({ containerName: container.containerName,
    permissions: ContainerSASPermissions.parse('r'), expiresOn: new Date(Date.now() + 600e3) }, storage().credential);
  await rejects(new ContainerClient(`${container_url(other.containerName)}?${sas}`).getBlobClient('x').download(), 403);
});

test('a signature of the account', async () => {
  const sas = generateAccountSASQueryParameters({ permissions: AccountSASPermissions.parse('rwcl'),
    expiresOn: new Date(Date.now() + 600e3), services: AccountSASServices.parse('b').toString(),
    resourceTypes: AccountSASResourceTypes.parse('sco').toString() }, storage().credential);
  const client = new BlobServiceClient(`${storage().endpoint}?${sas}`);
  const container = client.getContainerClient(`c-${crypto.randomUUID()}`);
  await container.create();
  await container.getBlockBlobClient('b').upload('x', 1);
  await rejects(container.delete(), 403, 'AuthorizationPermissionMismatch');
});

test('without the key nothing is told', async () => {
  const container = await new_container();
  await rejects(new ContainerClient(container_url(container.containerName)).getBlobClient('x').download(), 403);
  const { StorageSharedKeyCredential } = require('@azure/storage-blob');
  const wrong = new StorageSharedKeyCredential(storage().account, crypto.randomBytes(64).toString('base64'));
  await rejects(new ContainerClient(container_url(container.containerName), wrong).create(), 403, 'AuthenticationFailed');
});

test('a wrong MD5 is told, and nothing is kept', async () => {
  const container = await new_container();
  const blob = container.getBlockBlobClient('sum');
  const id = Buffer.from('1').toString('base64');
  await rejects(blob.stageBlock(id, 'abc', 3, { transactionalContentMD5: crypto.createHash('md5').update('x').digest() }),
    400, 'Md5Mismatch');
  assert.equal(await blob.exists(), false);
});

test('answers say which version and request they are of', async () => {
  const container = await new_container();
  const answer = await container.getBlockBlobClient('v').upload('1', 1);
  assert.match(answer.requestId, /^[0-9a-f-]{36}$/);
  assert.equal(answer.version, '2020-10-02');
  assert.ok(answer.date instanceof Date);
  assert.ok(answer.clientRequestId);
});
