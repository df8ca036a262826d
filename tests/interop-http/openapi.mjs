// Holds the running gateway against its own description: the document is valid OpenAPI 3.1, every operation is called,
// and each request and answer fits its schema.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { call, signUp, trustAuthority } from './gateway.mjs';

trustAuthority();
const { Validator } = await import('@seriousme/openapi-schema-validator');
const { default: Ajv } = await import('ajv/dist/2020.js');
const { default: addFormats } = await import('ajv-formats');

const document = (await call('GET', '/openapi.json')).body;
const validity = await new Validator().validate(structuredClone(document));
assert.equal(validity.valid, true, JSON.stringify(validity.errors, null, 1));
assert.match(document.openapi, /^3\.1\./);

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema({ $id: 'doc', components: document.components });
const localized = (schema) => JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"doc#/components/'));
function fits(schema, value, what) {
  const check = ajv.compile(localized(schema));
  assert.ok(check(value), `${what}: ${JSON.stringify(check.errors)}\n${JSON.stringify(value)}`);
}

const operations = new Map();
for (const [path, methods] of Object.entries(document.paths)) {
  for (const [method, operation] of Object.entries(methods)) operations.set(operation.operationId, { path, method, ...operation });
}
const called = new Map();

/** Calls an operation, with checks on both sides. `refused`: the request is to be wrong, so only the answer is checked. */
async function run(id, { parameters = {}, body, token, headers, refused = false, expect } = {}) {
  const operation = operations.get(id);
  assert.ok(operation, `no operation ${id}`);
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => parameters[name]);
  if (!refused && body !== undefined) fits(operation.requestBody.content['application/json'].schema, body, `${id}: request`);
  if (!refused) assert.ok(body !== undefined || !operation.requestBody?.required, `${id} needs a body`);
  const answer = await call(operation.method.toUpperCase(), path, { body, token, headers });
  const described = operation.responses[answer.status] ?? (answer.status >= 400 ? operation.responses.default : undefined);
  assert.ok(described, `${id}: ${answer.status} is not described: ${JSON.stringify(answer.body)}`);
  if (expect) assert.equal(answer.status, expect, `${id}: ${JSON.stringify(answer.body)}`);
  const content = Object.entries(described.content ?? {});
  if (content.length === 0) {
    assert.equal(answer.body, '', `${id}: a body where none is described`);
  } else {
    const [type, { schema }] = content[0];
    assert.ok(answer.type.startsWith(type), `${id}: ${answer.type}, described is ${type}`);
    fits(schema, answer.body, `${id}: answer ${answer.status}`);
  }
  called.set(id, (called.get(id) ?? new Set()).add(answer.status));
  return answer.body;
}

for (const id of ['healthz', 'readyz', 'metrics', 'openapi', 'vaultHealth']) await run(id, { expect: 200 });

const ada = await signUp();
const { token } = ada;
const credentials = { email: ada.email, password: ada.password };
await run('signUp', { body: { email: `other-${process.pid}@example.org`, password: 'long enough' }, expect: 201 });
await run('signUp', { body: credentials, expect: 409 });
await run('signIn', { body: credentials, expect: 200 });
await run('signIn', { body: { ...credentials, password: 'wrong' }, expect: 401 });
await run('refresh', { token, expect: 200 });
await run('generateWallet', { token, body: { name: 'savings' }, headers: { 'Idempotency-Key': 'a1' }, expect: 201 });
await run('generateWallet', { token, body: { name: 'savings' }, headers: { 'Idempotency-Key': 'a1' }, expect: 201 });
await run('generateWallet', { token, body: { name: 'other' }, headers: { 'Idempotency-Key': 'a1' }, expect: 422 });
await run('listWallets', { token, expect: 200 });
await run('listWallets', { expect: 401 });

const { transfer } = await import('./transfer.mjs');
const message = transfer(ada.wallet.publicKey, randomBytes(32));
const unsigned = Buffer.concat([Buffer.from([1]), Buffer.alloc(64), message]).toString('base64');
await run('signTransaction', { token, body: { transaction: unsigned }, expect: 200 });
await run('signTransaction', { token, body: { transaction: 'AAAA' }, expect: 400 });
await run('signMessage', { token, body: { message: 'hello', wallet: 'savings' }, expect: 200 });
await run('signMessage', { token, body: { message: 'hello', extra: 1 }, refused: true, expect: 400 });
await run('signMessage', { token, body: { message: 'hello', wallet: 'none' }, expect: 404 });
await run('sharesHealth', { token, expect: 200 });
await run('shareStatus', { token, parameters: { userId: 'me' }, expect: 200 });
await run('shareStatus', { token, parameters: { userId: '0'.repeat(32) }, expect: 403 });
await run('rotateShares', { token, body: { wallet: 'savings', force: true }, expect: 200 });
await run('rotateShares', { token, expect: 200 });
await run('recoverShares', { token, expect: 200 });
const cron = readFileSync(process.env.WAAS_CRON_SECRET_FILE, 'utf8').trim();
await run('cronRotateShares', { token: cron, body: { limit: 10 }, expect: 200 });
await run('cronRotateShares', { token, expect: 403 });

const wallet = ada.wallet.walletId;
const headers = { 'X-Vault-Token': token };
const input = message.toString('base64');
await run('vaultKey', { headers, parameters: { wallet }, expect: 200 });
await run('vaultKey', { headers, parameters: { wallet: 'none' }, expect: 400 });
for (const id of ['vaultSign', 'vaultSignPut']) await run(id, { headers, parameters: { wallet }, body: { input }, expect: 200 });
await run('vaultSignNamed', { headers, parameters: { wallet, algorithm: 'sha2-256' }, body: { input }, expect: 200 });
await run('vaultSign', { headers, parameters: { wallet }, body: { batch_input: [{ input, reference: 'r' }, { input: '!' }] }, expect: 200 });
await run('vaultSign', { headers, parameters: { wallet }, body: { input: 'aGVsbG8=' }, expect: 403 });
await run('vaultSign', { parameters: { wallet }, body: { input }, expect: 403 });
await run('signOut', { token, body: { everywhere: true }, expect: 204 });

for (const id of operations.keys()) assert.ok(called.has(id), `${id} was not called`);
console.log(`${called.size} operations, ${[...called.values()].reduce((sum, statuses) => sum + statuses.size, 0)} kinds of answers`);
