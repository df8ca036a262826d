// Solana's own libraries, and what the scripts here need of them: reproducible keys, transactions of each version, and one
// common description of a transaction that can be compared with that of our decoder.
import './node-18.mjs';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as web3 from '@solana/web3.js';
import * as kit from '@solana/kit';
import * as offchain from '@solana/offchain-messages';
import { getTransferSolInstruction } from '@solana-program/system';

export { web3, kit, offchain, getTransferSolInstruction };

export function libraryVersions() {
  const versionOf = (name) =>
    JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url))).version;
  return Object.fromEntries(
    ['@solana/web3.js', '@solana/kit', '@solana/offchain-messages', '@solana-program/system', 'litesvm'].map((name) => [
      name,
      versionOf(name),
    ]),
  );
}

/** Bytes that depend on the seed alone: SHA-256 in counter mode. */
export class Random {
  #seed;
  #counter = 0;
  #pool = Buffer.alloc(0);
  constructor(seed) {
    this.#seed = seed;
  }
  bytes(count) {
    while (this.#pool.length < count) {
      const block = createHash('sha256').update(`${this.#seed} ${this.#counter++}`).digest();
      this.#pool = Buffer.concat([this.#pool, block]);
    }
    const out = this.#pool.subarray(0, count);
    this.#pool = this.#pool.subarray(count);
    return new Uint8Array(out);
  }
  /** An integer of 0..limit-1; the small bias does not matter here. */
  below(limit) {
    const b = this.bytes(4);
    return (b[0] + b[1] * 256 + b[2] * 65536 + b[3] * 16777216) % limit;
  }
  pick(list) {
    return list[this.below(list.length)];
  }
  chance(percent) {
    return this.below(100) < percent;
  }
}

const base58 = kit.getBase58Decoder();
const toBase58 = (bytes) => base58.decode(bytes);
export const fromBase58 = (text) => new Uint8Array(kit.getBase58Encoder().encode(text));
export const hex = (bytes) => Buffer.from(bytes).toString('hex');
export const base64 = (bytes) => Buffer.from(bytes).toString('base64');
export { toBase58 };

/** A key pair for both libraries. */
export async function keyFrom(seed) {
  return { web3: web3.Keypair.fromSeed(seed), kit: await kit.createKeyPairSignerFromPrivateKeyBytes(seed) };
}

/** What decides about a transaction, as kit's decoders see it. Throws what they throw. */
export function describeWithKit(bytes) {
  const transaction = kit.getTransactionDecoder().decode(bytes);
  const message = kit.getCompiledTransactionMessageDecoder().decode(transaction.messageBytes);
  const isV1 = message.version === 1;
  const instructions = isV1
    ? message.instructionHeaders.map((header, i) => [
        header.programAccountIndex,
        [...message.instructionPayloads[i].instructionAccountIndices],
        hex(message.instructionPayloads[i].instructionData),
      ])
    : message.instructions.map((ix) => [ix.programAddressIndex, [...(ix.accountIndices ?? [])], hex(ix.data ?? [])]);
  return {
    version: message.version,
    header: [
      message.header.numSignerAccounts,
      message.header.numReadonlySignerAccounts,
      message.header.numReadonlyNonSignerAccounts,
    ],
    keys: [...message.staticAccounts],
    lifetime: message.lifetimeToken,
    instructions,
    lookups: (message.addressTableLookups ?? []).map((l) => [
      l.lookupTableAddress,
      [...l.writableIndexes],
      [...l.readonlyIndexes],
    ]),
    config: isV1 ? configWithKit(message) : {},
    // From the raw bytes: kit keeps signatures by address, so that a key that comes twice would lose one.
    signatures: isV1 ? trailingSignatures(bytes) : leadingSignatures(bytes),
    message: hex(transaction.messageBytes),
  };
}

function configWithKit(message) {
  const values = message.configValues.map((v) => String(v.value));
  const config = {};
  if (message.configMask & 0b11) config.priorityFeeLamports = values.shift();
  if (message.configMask & 0b100) config.computeUnitLimit = values.shift();
  if (message.configMask & 0b1000) config.loadedAccountsDataSizeLimit = values.shift();
  if (message.configMask & 0b10000) config.heapSize = values.shift();
  return config;
}

const leadingSignatures = (bytes) =>
  Array.from({ length: bytes[0] }, (_, i) => hex(bytes.subarray(1 + 64 * i, 65 + 64 * i)));
const trailingSignatures = (bytes) =>
  Array.from({ length: bytes[1] }, (_, i) => {
    const from = bytes.length - 64 * (bytes[1] - i);
    return hex(bytes.subarray(from, from + 64));
  });

/** The same description as web3.js sees it. Throws what it throws. */
export function describeWithWeb3(bytes) {
  const transaction = web3.VersionedTransaction.deserialize(bytes);
  const message = transaction.message;
  const config = {};
  for (const [ours, theirs] of [
    ['priorityFeeLamports', 'priorityFee'],
    ['computeUnitLimit', 'computeUnitLimit'],
    ['loadedAccountsDataSizeLimit', 'loadedAccountsDataSizeLimit'],
    ['heapSize', 'heapSize'],
  ]) {
    const value = message.version === 1 ? message.transactionConfig[theirs] : null;
    if (value !== null) config[ours] = String(value);
  }
  return {
    version: message.version,
    header: [
      message.header.numRequiredSignatures,
      message.header.numReadonlySignedAccounts,
      message.header.numReadonlyUnsignedAccounts,
    ],
    keys: message.staticAccountKeys.map((k) => k.toBase58()),
    lifetime: message.recentBlockhash,
    instructions: message.compiledInstructions.map((ix) => [ix.programIdIndex, [...ix.accountKeyIndexes], hex(ix.data)]),
    lookups: message.addressTableLookups.map((l) => [
      l.accountKey.toBase58(),
      [...l.writableIndexes],
      [...l.readonlyIndexes],
    ]),
    config,
    signatures: transaction.signatures.map(hex),
  };
}

/** A random transaction that its library considers sound. Returns its wire bytes and how it was made. */
export async function randomTransaction(random, keys) {
  const signers = keys.slice();
  const payer = signers.splice(random.below(signers.length), 1)[0];
  const others = signers.filter(() => random.chance(25)).slice(0, 4);
  const plan = {
    payer,
    signers: others,
    programs: Array.from({ length: 1 + random.below(3) }, () => random.bytes(32)),
    accounts: Array.from({ length: random.below(8) }, () => random.bytes(32)),
    lifetime: random.bytes(32),
  };
  plan.instructions = Array.from({ length: random.below(5) }, () => randomInstruction(random, plan));
  const kind = random.pick(['web3 legacy', 'web3 v0', 'kit legacy', 'kit v0', 'kit v1', 'kit v1']);
  const make = kind.startsWith('web3') ? makeWithWeb3 : makeWithKit;
  return { kind, ...(await make(kind.split(' ')[1], plan, random)) };
}

function randomInstruction(random, plan) {
  const metas = [];
  for (const signer of [plan.payer, ...plan.signers]) {
    if (random.chance(50)) metas.push({ key: signer.web3.publicKey.toBytes(), signer: true, writable: random.chance(50) });
  }
  for (const account of plan.accounts) {
    if (random.chance(60)) metas.push({ key: account, signer: false, writable: random.chance(50) });
  }
  return { program: random.pick(plan.programs), metas, data: random.bytes(random.below(random.chance(10) ? 200 : 24)) };
}

/** Some of the accounts, among others, as the content of a lookup table. */
function randomTables(random, plan) {
  return Array.from({ length: random.below(3) }, () => ({
    table: random.bytes(32),
    addresses: [...plan.accounts.filter(() => random.chance(50)), random.bytes(32)].sort(() => random.below(3) - 1),
  }));
}

export function makeWithWeb3(version, plan, random) {
  const message = new web3.TransactionMessage({
    payerKey: plan.payer.web3.publicKey,
    recentBlockhash: toBase58(plan.lifetime),
    instructions: plan.instructions.map(
      (ix) =>
        new web3.TransactionInstruction({
          programId: new web3.PublicKey(ix.program),
          keys: ix.metas.map((m) => ({ pubkey: new web3.PublicKey(m.key), isSigner: m.signer, isWritable: m.writable })),
          data: Buffer.from(ix.data),
        }),
    ),
  });
  const tables = version === 'v0' ? (plan.tables ?? randomTables(random, plan)) : [];
  const compiled =
    version === 'legacy'
      ? message.compileToLegacyMessage()
      : message.compileToV0Message(
          tables.map(
            (t) =>
              new web3.AddressLookupTableAccount({
                key: new web3.PublicKey(t.table),
                state: {
                  deactivationSlot: 0xffffffffffffffffn,
                  lastExtendedSlot: 0,
                  lastExtendedSlotStartIndex: 0,
                  addresses: t.addresses.map((a) => new web3.PublicKey(a)),
                },
              }),
          ),
        );
  const transaction = new web3.VersionedTransaction(compiled);
  const required = transaction.message.staticAccountKeys.slice(0, transaction.message.header.numRequiredSignatures);
  const present = [plan.payer, ...plan.signers].filter((k) => required.some((r) => r.equals(k.web3.publicKey)));
  transaction.sign(present.filter(() => random === undefined || random.chance(70)).map((k) => k.web3));
  return { bytes: transaction.serialize() };
}

export async function makeWithKit(version, plan, random) {
  const role = (m) =>
    m.signer
      ? m.writable
        ? kit.AccountRole.WRITABLE_SIGNER
        : kit.AccountRole.READONLY_SIGNER
      : m.writable
        ? kit.AccountRole.WRITABLE
        : kit.AccountRole.READONLY;
  let message = kit.createTransactionMessage({ version: version === 'legacy' ? 'legacy' : Number(version[1]) });
  message = kit.setTransactionMessageFeePayer(plan.payer.kit.address, message);
  message = kit.setTransactionMessageLifetimeUsingBlockhash(
    { blockhash: kit.blockhash(toBase58(plan.lifetime)), lastValidBlockHeight: 0n },
    message,
  );
  message = kit.appendTransactionMessageInstructions(
    plan.instructions.map((ix) => ({
      programAddress: kit.address(toBase58(ix.program)),
      accounts: ix.metas.map((m) => ({ address: kit.address(toBase58(m.key)), role: role(m) })),
      data: ix.data,
    })),
    message,
  );
  if (version === 'v0') {
    const tables = plan.tables ?? randomTables(random, plan);
    message = kit.compressTransactionMessageUsingAddressLookupTables(
      message,
      Object.fromEntries(tables.map((t) => [toBase58(t.table), t.addresses.map((a) => kit.address(toBase58(a)))])),
    );
  }
  if (version === 'v1') {
    const config = plan.config ?? randomConfig(random);
    if (Object.keys(config).length > 0) message = kit.setTransactionMessageConfig(config, message);
  }
  const compiled = kit.compileTransaction(message);
  const pairs = [plan.payer, ...plan.signers]
    .map((k) => k.kit)
    .filter((k) => k.address in compiled.signatures && (random === undefined || random.chance(70)));
  const signed = await kit.partiallySignTransaction(
    pairs.map((p) => p.keyPair),
    compiled,
  );
  return { bytes: new Uint8Array(kit.getTransactionEncoder().encode(signed)) };
}

function randomConfig(random) {
  const config = {};
  if (random.chance(50)) config.priorityFeeLamports = BigInt(random.below(2 ** 31)) << BigInt(random.below(33));
  if (random.chance(50)) config.computeUnitLimit = random.below(1_400_001);
  if (random.chance(50)) config.loadedAccountsDataSizeLimit = random.below(2 ** 31) * 2 + 1;
  if (random.chance(50)) config.heapSize = 1024 * (32 + random.below(225));
  return config;
}
