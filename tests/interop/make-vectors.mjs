// Writes tests/vectors/solana/*.json and the seeds of the fuzz corpora by Solana's own libraries. Run by hand when the
// libraries change (`npm ci && node make-vectors.mjs`); the output is kept in the tree and is the same on every run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import {
  Random,
  base64,
  describeWithKit,
  describeWithWeb3,
  fromBase58,
  hex,
  keyFrom,
  kit,
  libraryVersions,
  makeWithKit,
  makeWithWeb3,
  offchain,
  toBase58,
  web3,
} from './libraries.mjs';
import { isDeepStrictEqual } from 'node:util';

const VECTORS = new URL('../vectors/solana/', import.meta.url);
const CORPUS = new URL('../fuzz/corpus/', import.meta.url);
const random = new Random('waas vectors');
const keys = [];
for (let i = 0; i < 12; ++i) keys.push(await keyFrom(random.bytes(32)));

const publicKey = (key) => key.web3.publicKey.toBytes();
const SYSTEM = new Uint8Array(32);
const transferData = (lamports) => {
  const data = Buffer.alloc(12);
  data.writeUInt32LE(2, 0);
  data.writeBigUInt64LE(lamports, 4);
  return new Uint8Array(data);
};
const transfer = (from, to, lamports) => ({
  program: SYSTEM,
  metas: [
    { key: publicKey(from), signer: true, writable: true },
    { key: to, signer: false, writable: true },
  ],
  data: transferData(lamports),
});
const call = (metas, size = 8, program = random.bytes(32)) => ({ program, metas, data: random.bytes(size) });
const accounts = (count, writable) =>
  Array.from({ length: count }, () => ({ key: random.bytes(32), signer: false, writable }));
const signerMeta = (key, writable) => ({ key: publicKey(key), signer: true, writable });

function plans() {
  const lifetime = random.bytes(32);
  const looked = accounts(6, true);
  const readonly = accounts(5, false);
  const tables = [
    { table: random.bytes(32), addresses: [random.bytes(32), ...looked.map((m) => m.key)] },
    { table: random.bytes(32), addresses: [...readonly.map((m) => m.key), random.bytes(32)] },
  ];
  const one = { payer: keys[0], signers: [], lifetime };
  const several = {
    payer: keys[0],
    signers: keys.slice(1, 5),
    lifetime,
    instructions: [
      call([signerMeta(keys[1], true), signerMeta(keys[2], false), ...accounts(2, true), ...accounts(2, false)]),
      call([signerMeta(keys[3], true), signerMeta(keys[4], false)], 0),
    ],
  };
  const nonce = {
    ...one,
    instructions: [
      {
        program: SYSTEM,
        metas: [
          { key: random.bytes(32), signer: false, writable: true },
          { key: fromBase58('SysvarRecentB1ockHashes11111111111111111111'), signer: false, writable: false },
          signerMeta(keys[0], false),
        ],
        data: new Uint8Array([4, 0, 0, 0]),
      },
      transfer(keys[0], random.bytes(32), 1n),
    ],
  };
  const base = {
    transfer: { ...one, instructions: [transfer(keys[0], publicKey(keys[1]), 1_000_000_000n)] },
    'no instruction': { ...one, instructions: [] },
    'largest amount': { ...one, instructions: [transfer(keys[0], random.bytes(32), 0xffffffffffffffffn)] },
    'several signers': several,
    'durable nonce': nonce,
    'data of 127 and 128 bytes': { ...one, instructions: [call([], 127), call([], 128)] },
    'data of 900 bytes': { ...one, instructions: [call(accounts(1, true), 900)] },
  };
  const list = [];
  for (const [name, plan] of Object.entries(base)) {
    for (const [library, version] of [
      ['web3', 'legacy'],
      ['web3', 'v0'],
      ['kit', 'legacy'],
      ['kit', 'v0'],
      ['kit', 'v1'],
    ]) {
      list.push({ name, library, version, plan: { tables: [], config: {}, ...plan } });
    }
  }
  const withTables = { ...one, instructions: [call([...looked, ...readonly]), call(looked.slice(0, 2))], tables };
  list.push({ name: 'two lookup tables', library: 'web3', version: 'v0', plan: withTables });
  list.push({ name: 'two lookup tables', library: 'kit', version: 'v0', plan: withTables });
  const big = Array.from({ length: 200 }, () => random.bytes(32));
  const bigPlan = {
    ...one,
    instructions: [call(big.map((key, i) => ({ key, signer: false, writable: i % 3 === 0 })))],
    tables: [{ table: random.bytes(32), addresses: big }],
  };
  list.push({ name: 'two hundred accounts looked up', library: 'web3', version: 'v0', plan: bigPlan });
  const v1 = (name, plan) => list.push({ name, library: 'kit', version: 'v1', plan: { config: {}, ...plan } });
  const sent = [transfer(keys[0], publicKey(keys[1]), 5n)];
  v1('whole config', {
    ...one,
    instructions: sent,
    config: {
      priorityFeeLamports: 0x1fffffffffffffn,
      computeUnitLimit: 1_400_000,
      loadedAccountsDataSizeLimit: 0xffffffff,
      heapSize: 262144,
    },
  });
  for (const config of [{ priorityFeeLamports: 0n }, { computeUnitLimit: 0 }, { loadedAccountsDataSizeLimit: 1 }, { heapSize: 32768 }]) {
    v1(`config with ${Object.keys(config)[0]}`, { ...one, instructions: sent, config });
  }
  v1('twelve signers', {
    payer: keys[0],
    signers: keys.slice(1),
    lifetime,
    instructions: [call(keys.slice(1).map((k, i) => signerMeta(k, i % 2 === 0)))],
  });
  const program = random.bytes(32);
  v1('sixty-four addresses', { ...one, instructions: [call(accounts(62, true), 8, program)] });
  v1('sixty-four instructions', { ...one, instructions: Array.from({ length: 64 }, (_, i) => call([], i, program)) });
  v1('4096 bytes', { ...one, instructions: [call([], 4096 - (1 + 3 + 4 + 32 + 2 + 64 + 4 + 64), program)] });
  v1('data of 256 bytes and 255 accounts', {
    ...one,
    instructions: [call(Array.from({ length: 255 }, () => ({ key: publicKey(keys[0]), signer: false, writable: false })), 256)],
  });
  return list;
}

const transactions = [];
for (const { name, library, version, plan } of plans()) {
  const make = library === 'web3' ? makeWithWeb3 : makeWithKit;
  const { bytes } = await make(version, plan);
  const described = describeWithKit(bytes);
  // Both libraries must see the same before we hold anybody else to it.
  const { message, ...shared } = described;
  if (!isDeepStrictEqual(describeWithWeb3(bytes), shared)) throw new Error(`libraries differ: ${name} ${version}`);
  transactions.push({ name, library, transaction: base64(bytes), ...described });
}

function transfers() {
  // What our builder must compile to the same bytes: the order of keys within a class is the builder's own, and one
  // transfer has one key in each class.
  return transactions
    .filter((t) => t.name === 'transfer')
    .map((t) => ({ version: t.version, from: t.keys[0], to: t.keys[1], lamports: '1000000000', lifetime: t.lifetime, message: t.message }));
}

function offchainVectors() {
  const cases = [];
  const texts = ['a', 'Sign in to Example App', 'Тестовое сообщение', '✍️ 🏦 price: 1 €', 'x'.repeat(1147), 'x'.repeat(1148), 'ü'.repeat(3000), 'line one\nline two', '\u{10ffff}\u{d7ff}\u{e000}'];
  const domain = toBase58(random.bytes(32));
  for (const signers of [keys.slice(0, 1), keys.slice(0, 3)]) {
    const addresses = signers.map((k) => ({ address: k.kit.address }));
    for (const text of texts) {
      const version1 = offchain.getOffchainMessageV1Encoder().encode({ version: 1, requiredSignatories: addresses, content: text });
      cases.push({ version: 1, signers: addresses.map((a) => a.address), text, bytes: base64(version1) });
      const whole = 85 + 32 * (signers.length - 1) + Buffer.byteLength(text);
      const format = whole > 1232 ? 2 : /^[\x20-\x7e]+$/.test(text) ? 0 : 1;
      const version0 = offchain.getOffchainMessageV0Encoder().encode({
        version: 0,
        applicationDomain: offchain.offchainMessageApplicationDomain(domain),
        requiredSignatories: addresses,
        content: { format, text },
      });
      cases.push({ version: 0, domain, format, signers: addresses.map((a) => a.address), text, bytes: base64(version0) });
    }
  }
  return cases;
}

async function signedOffchain(cases) {
  // Ed25519 is deterministic, so whole envelopes can be compared too.
  for (const entry of cases) {
    const pair = keys[0].kit.keyPair;
    entry.signature = base64(await kit.signBytes(pair.privateKey, new Uint8Array(Buffer.from(entry.bytes, 'base64'))));
  }
  return cases;
}

function base58Vectors() {
  const list = [];
  for (const size of [32, 64]) {
    const samples = [new Uint8Array(size), new Uint8Array(size).fill(255), new Uint8Array(size).fill(1)];
    for (let zeros = 0; zeros <= 4; ++zeros) {
      const bytes = random.bytes(size);
      bytes.fill(0, 0, zeros);
      samples.push(bytes);
    }
    const last = new Uint8Array(size);
    last[size - 1] = 57;
    samples.push(last);
    for (const bytes of samples) list.push({ hex: hex(bytes), base58: toBase58(bytes) });
  }
  for (const name of ['11111111111111111111111111111111', 'ComputeBudget111111111111111111111111111111', 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA', 'So11111111111111111111111111111111111111112']) {
    list.push({ hex: hex(new web3.PublicKey(name).toBytes()), base58: name });
  }
  return list;
}

function write(name, content) {
  const file = { source: 'tests/interop/make-vectors.mjs', libraries: libraryVersions(), vectors: content };
  writeFileSync(new URL(`${name}.json`, VECTORS), `${JSON.stringify(file, null, 1)}\n`);
}

function seed(target, bytes) {
  const folder = new URL(`${target}/`, CORPUS);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(createHash('sha1').update(bytes).digest('hex'), folder), bytes);
}

mkdirSync(VECTORS, { recursive: true });
const offchainCases = await signedOffchain(offchainVectors());
const base58Cases = base58Vectors();
write('transactions', transactions);
write('transfers', transfers());
write('offchain-messages', offchainCases);
write('base58', base58Cases);
for (const t of transactions.filter((t) => t.transaction.length < 1000)) {
  seed('solana-transaction', Buffer.from(t.transaction, 'base64'));
  seed('solana-message', Buffer.from(t.message, 'hex'));
}
for (const c of offchainCases.filter((c) => c.bytes.length < 600)) seed('solana-offchain-message', Buffer.from(c.bytes, 'base64'));
for (const c of base58Cases) seed('solana-base58', Buffer.from(c.base58));
console.log(`${transactions.length} transactions, ${offchainCases.length} off-chain messages, ${base58Cases.length} texts`);
