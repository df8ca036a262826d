// node differential.mjs PROBE [COUNT]: our decoder (decode-probe) against @solana/web3.js and @solana/kit.
//
// Some thousands of sound transactions of all versions, made by both libraries, and several damaged forms of each:
// 20,000 in all, the same on every run. For each:
//   1. what we accept, kit accepts, and both see the same; so does web3.js, except for WEB3_REFUSES;
//   2. what we refuse and kit accepts breaks a rule of Solana's runtime or of ours, which is checked by a second
//      implementation of the rules (rules.mjs) and must be the reason that our decoder gave. The classes: OURS_REFUSES;
//   3. what we refuse and no rule is broken: failure. No sound transaction is refused.
// Then the same for off-chain messages.
import { spawnSync } from 'node:child_process';
import { isDeepStrictEqual } from 'node:util';
import {
  Random,
  base64,
  describeWithKit,
  describeWithWeb3,
  fromBase58,
  keyFrom,
  kit,
  offchain,
  randomTransaction,
  toBase58,
} from './libraries.mjs';
import { brokenRules } from './rules.mjs';

const probe = process.argv[2];
const COUNT = Number(process.argv[3] ?? 20000);
const MUTANTS = 7; // of each sound one

// Why we refuse what the libraries decode. They decode only; the runtime refuses at its door (sanitize), or at
// execution, all but the last two.
const OURS_REFUSES = {
  'It requires no signature.': 'runtime: sanitize',
  'The fee payer is not writable.': 'runtime: sanitize',
  'The header counts more keys than there are.': 'runtime: sanitize',
  'A key is listed twice.': 'runtime: AccountLoadedTwice; v1: sanitize',
  'It is larger than its version allows.': 'runtime: packet size',
  'An instruction names the fee payer as its program.': 'runtime: sanitize',
  'An instruction names a program that is not among the static keys.': 'runtime: sanitize',
  'An instruction names an account that is not there.': 'runtime: sanitize',
  'There are more than 256 accounts.': 'runtime: sanitize',
  'A lookup table is named and not used.': 'runtime: sanitize',
  'It requires more than 12 signatures.': 'runtime: sanitize (v1)',
  'There are more than 64 addresses.': 'runtime: sanitize (v1)',
  'There are more than 64 instructions.': 'runtime: sanitize (v1)',
  'The configuration has a field that is not known.': 'runtime: decoding (v1)',
  'The heap size is no multiple of 1024 between 32 and 256 KiB.': 'runtime: sanitize (v1)',
  'The version is not known: only legacy, 0 and 1 are.': 'runtime: decoding; a v1 message behind signatures',
  'There are bytes after the end.': 'one form; v1: runtime',
  'The bytes end too early.': 'runtime: decoding; kit takes a last list that is missing, its count too, for an empty one',
  'A length is not written in its shortest form.': 'runtime: decoding (short vec aliases)',
  'A lookup table, or an entry of one, is named twice.': 'an entry twice: runtime AccountLoadedTwice; a table twice: ours, one form',
  'The bytes can be read as a transaction and as a bare message.': 'ours, against showing one and signing the other',
};

// What web3.js does not read although it is sound.
const WEB3_REFUSES = [
  // Priority fees above 2^53 - 1 lamports do not fit its number type.
  (d) => Number(d.config.priorityFeeLamports ?? 0) > Number.MAX_SAFE_INTEGER,
];

const random = new Random('waas differential');

/** The message after a change of its parts, in a frame with the number of slots that it asks for. */
function reframed(bytes, change) {
  const { messageBytes } = kit.getTransactionDecoder().decode(bytes);
  const message = structuredClone(kit.getCompiledTransactionMessageDecoder().decode(messageBytes));
  change(message);
  const again = kit.getCompiledTransactionMessageEncoder().encode(message);
  const slots = random.bytes(64 * message.header.numSignerAccounts);
  return new Uint8Array(message.version === 1 ? [...again, ...slots] : [message.header.numSignerAccounts, ...slots, ...again]);
}

const programOf = (message) => (message.version === 1 ? message.instructionHeaders : message.instructions);
const setProgram = (message, index) => {
  const target = random.pick(programOf(message));
  if (target) target[message.version === 1 ? 'programAccountIndex' : 'programAddressIndex'] = index;
};
const setAccount = (message, index) => {
  const list = message.version === 1 ? message.instructionPayloads : message.instructions;
  const target = random.pick(list);
  const accounts = target?.instructionAccountIndices ?? target?.accountIndices;
  if (accounts?.length > 0) accounts[random.below(accounts.length)] = index;
};

const fill = (list, count) => {
  while (list.length < count) list.push(toBase58(random.bytes(32)));
};

/** More of something than a version allows, or just as much. */
const LARGE = [
  (m) => (programOf(m)[0] && m.version !== 1 ? (m.instructions[0].data = random.bytes(1100 + random.below(100))) : undefined),
  (m) => {
    if (m.version !== 1 || m.instructionHeaders.length === 0) return;
    const size = 3400 + random.below(700);
    m.instructionHeaders[0].numInstructionDataBytes = size;
    m.instructionPayloads[0].instructionData = random.bytes(size);
  },
  (m) => {
    if (m.version !== 1) return;
    m.header.numSignerAccounts = random.pick([12, 13, 14]);
    fill(m.staticAccounts, 30);
    m.numStaticAccounts = m.staticAccounts.length;
  },
  (m) => {
    if (m.version !== 1) return;
    fill(m.staticAccounts, random.pick([64, 65, 80]));
    m.numStaticAccounts = m.staticAccounts.length;
  },
  (m) => {
    if (m.version !== 1 || m.instructionHeaders.length === 0) return;
    const count = random.pick([64, 65, 90]);
    while (m.instructionHeaders.length < count) {
      m.instructionHeaders.push(m.instructionHeaders[0]);
      m.instructionPayloads.push(m.instructionPayloads[0]);
    }
    m.numInstructions = m.instructionHeaders.length;
  },
];

/** Changes that random bytes would hardly find. */
const STRUCTURAL = [
  (m) => random.pick(LARGE)(m),
  (m) => (m.header.numSignerAccounts = random.below(5)),
  (m) => (m.header.numReadonlySignerAccounts = random.below(4)),
  (m) => (m.header.numReadonlyNonSignerAccounts = random.below(m.staticAccounts.length + 2)),
  (m) => (m.staticAccounts[random.below(m.staticAccounts.length)] = random.pick(m.staticAccounts)),
  (m) => setProgram(m, 0),
  (m) => setProgram(m, random.below(m.staticAccounts.length + 3)),
  (m) => setAccount(m, random.below(m.staticAccounts.length + 6)),
  (m) => (m.lifetimeToken = toBase58(random.bytes(32))),
  (m) => {
    if (m.version !== 0) return;
    const lookups = (m.addressTableLookups ??= []);
    const table = toBase58(random.bytes(32));
    random.pick([
      () => lookups.push({ lookupTableAddress: table, writableIndexes: [], readonlyIndexes: [] }),
      () => lookups.push({ lookupTableAddress: table, writableIndexes: [1, 2], readonlyIndexes: [3] }),
      () => lookups.push({ lookupTableAddress: table, writableIndexes: [1], readonlyIndexes: [1] }),
      () => lookups.push({ lookupTableAddress: table, writableIndexes: Array.from({ length: 256 }, (_, i) => i), readonlyIndexes: [] }),
      () => lookups.push(...[1, 2].map((i) => ({ lookupTableAddress: table, writableIndexes: [i], readonlyIndexes: [] }))),
    ])();
  },
  (m) => {
    if (m.version !== 1) return;
    m.configMask = random.pick([0, 1, 2, 3, 4, 8, 16, 28, 31, 32, 63]);
    const u32 = () => ({ kind: 'u32', value: random.pick([0, 1024, 32768, 65537, 262144, 0xffffffff]) });
    m.configValues = [];
    if ((m.configMask & 3) === 3) m.configValues.push({ kind: 'u64', value: random.pick([0n, 5000n, 2n ** 60n]) });
    for (const bit of [4, 8, 16, 32]) if (m.configMask & bit) m.configValues.push(u32());
  },
];

const at = (bytes) => random.below(random.chance(60) ? Math.min(bytes.length, 110) : bytes.length);
const splice = (bytes, where, remove, ...insert) =>
  new Uint8Array([...bytes.subarray(0, where), ...insert, ...bytes.subarray(where + remove)]);
const set = (bytes, where, value) => splice(bytes, where, 1, value & 0xff);

/** Damage of bytes. */
const BINARY = [
  (b) => (([i]) => set(b, i, b[i] ^ (1 << random.below(8))))([at(b)]),
  (b) => set(b, at(b), random.below(256)),
  (b) => (([i]) => set(b, i, b[i] + 1))([at(b)]),
  (b) => splice(b, at(b), 1),
  (b) => splice(b, at(b), 0, random.below(256)),
  (b) => b.subarray(0, random.below(b.length)),
  (b) => new Uint8Array([...b, ...random.bytes(1 + random.below(70))]),
  (b) => set(b, 0, random.pick([0, 1, 2, 0x7f, 0x80, 0x81, 0x82, 0xff])),
  // A length in a longer form: most hit no length, some do.
  (b) => (([i]) => splice(b, i, 1, b[i] | 0x80, 0))([at(b)]),
  // The message of a v1 transaction behind its signatures, that of the others before them.
  (b) => {
    const count = b[0] === 0x81 ? b[1] : b[0];
    if (b[0] === 0x81) return new Uint8Array([count, ...b.subarray(b.length - 64 * count), ...b.subarray(0, b.length - 64 * count)]);
    return new Uint8Array([...b.subarray(1 + 64 * count), ...b.subarray(1, 1 + 64 * count)]);
  },
];

function mutant(bytes) {
  if (random.chance(45)) {
    try {
      return reframed(bytes, random.pick(STRUCTURAL));
    } catch {
      // kit does not encode everything; then bytes
    }
  }
  return random.pick(BINARY)(bytes);
}

/** A sound transaction that is a sound bare message of another content as well; see transaction.h. */
function twoReadings() {
  const inner = [1, 0, 1, 2, ...random.bytes(96), 1, 1, 0, 3, ...random.bytes(3)];
  const bytes = new Uint8Array([1, ...random.bytes(64), ...inner]);
  bytes.set([1, 0, 1, 2]); // one signer, one readonly program
  bytes.set([1, 1, 0, bytes.length - 104], 100); // one instruction: no accounts, all the rest is its data
  return bytes;
}

function askProbe(lines, ...args) {
  const result = spawnSync(probe, args, { input: `${lines.join('\n')}\n`, maxBuffer: 1 << 30, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`the probe ended with ${result.status ?? result.signal}: ${result.stderr}`);
  return result.stdout.trimEnd().split('\n');
}

const attempt = (f) => {
  try {
    return f();
  } catch {
    return undefined;
  }
};

let failures = 0;
function fail(why, bytes, ...more) {
  if (++failures <= 20) console.log(`FAILED ${why}\n  ${base64(bytes)}`, ...more);
}

async function makeInputs() {
  const keys = [];
  for (let i = 0; i < 8; ++i) keys.push(await keyFrom(random.bytes(32)));
  const inputs = Array.from({ length: 50 }, () => ({ kind: 'two readings', bytes: twoReadings() }));
  while (inputs.length < COUNT) {
    const sound = await attempt(() => randomTransaction(random, keys))?.catch?.(() => undefined);
    if (!sound || sound.bytes.length > (sound.kind === 'kit v1' ? 4096 : 1232)) continue;
    inputs.push({ ...sound, sound: true });
    for (let i = 0; i < MUTANTS; ++i) inputs.push({ kind: sound.kind, bytes: mutant(sound.bytes) });
  }
  return inputs.slice(0, COUNT);
}

function compareAccepted(input, ours, byKit) {
  if (!byKit) return fail('we accept, kit refuses', input.bytes);
  if (!isDeepStrictEqual(ours, byKit)) return fail('we and kit see different things', input.bytes, ours, byKit);
  const byWeb3 = attempt(() => describeWithWeb3(input.bytes));
  const { message, ...shared } = ours;
  if (!byWeb3) {
    if (!WEB3_REFUSES.some((reason) => reason(ours))) fail('we accept, web3.js refuses', input.bytes);
  } else if (!isDeepStrictEqual(shared, byWeb3)) {
    fail('we and web3.js see different things', input.bytes, shared, byWeb3);
  }
}

async function compareTransactions() {
  const inputs = await makeInputs();
  const answers = askProbe(inputs.map((i) => base64(i.bytes)));
  const counts = { accepted: 0, 'refused by all': 0 };
  for (const [i, input] of inputs.entries()) {
    const [verdict, rest] = [answers[i].slice(0, 6), answers[i].slice(7)];
    const byKit = attempt(() => describeWithKit(input.bytes));
    if (verdict === 'accept') {
      counts.accepted++;
      compareAccepted(input, JSON.parse(rest), byKit);
      if (brokenRules(input.bytes, byKit).size > 0) fail('we accept what breaks a rule', input.bytes, brokenRules(input.bytes, byKit));
    } else if (verdict !== 'refuse') {
      fail(`the probe says ${verdict}`, input.bytes);
    } else if (!byKit) {
      counts['refused by all']++;
    } else {
      const broken = brokenRules(input.bytes, byKit);
      counts[`ours only: ${rest}`] = (counts[`ours only: ${rest}`] ?? 0) + 1;
      if (input.sound) fail(`a sound transaction is refused: ${rest}`, input.bytes);
      else if (broken.size === 0) fail(`refused for no reason: ${rest}`, input.bytes);
      else if (!broken.has(rest)) fail(`refused for another reason: ${rest}`, input.bytes, broken);
      if (!(rest in OURS_REFUSES)) fail(`a class that is not listed: ${rest}`, input.bytes);
    }
  }
  console.log(`${inputs.length} transactions, ${inputs.filter((i) => i.sound).length} of them sound:`);
  for (const [what, count] of Object.entries(counts).sort((a, b) => b[1] - a[1])) console.log(`  ${String(count).padStart(6)} ${what}`);
  for (const reason of Object.keys(OURS_REFUSES)) {
    if (!counts[`ours only: ${reason}`]) console.log(`       - not met in this run: ${reason}`);
  }
  if (counts.accepted < COUNT / 10) fail('hardly anything was accepted', new Uint8Array());
}

function offchainInputs(addresses) {
  const texts = ['a', 'Sign in', 'Grüße 😀', 'two\nlines', 'x'.repeat(1200), 'nul \0 inside', '\u{feff}mark', '\x7f'];
  const inputs = [];
  while (inputs.length < COUNT / 4) {
    const text = random.pick(texts);
    const requiredSignatories = addresses.filter(() => random.chance(50)).map((address) => ({ address }));
    const message = random.chance(50)
      ? { version: 1, requiredSignatories, content: text }
      : {
          version: 0,
          applicationDomain: offchain.offchainMessageApplicationDomain(toBase58(random.bytes(32))),
          requiredSignatories,
          content: { format: random.below(3), text },
        };
    const bytes = attempt(() => new Uint8Array(offchain.getOffchainMessageEncoder().encode(message)));
    if (!bytes) continue;
    inputs.push(bytes);
    for (let i = 0; i < 4; ++i) inputs.push(random.pick(BINARY)(bytes));
  }
  return inputs;
}

function describeOffchain(bytes) {
  const m = offchain.getOffchainMessageDecoder().decode(bytes);
  const signers = m.requiredSignatories.map((s) => s.address);
  return m.version === 1
    ? { version: 1, text: m.content, signers }
    : { version: 0, text: m.content.text, signers, domain: m.applicationDomain, format: m.content.format };
}

// Why we refuse off-chain messages that kit decodes.
const OURS_REFUSES_OFFCHAIN = {
  // kit replaces what is not UTF-8, and drops NUL and byte order marks: the text is not the one that is signed.
  'The text is not valid UTF-8.': (bytes, d) => !isDeepStrictEqual(encodeAgain(d), base64(bytes)),
  'The text has a NUL character or begins with a byte order mark.': (bytes, d) => !isDeepStrictEqual(encodeAgain(d), base64(bytes)),
  // One form for one text.
  'The text format is not known, or not the smallest that fits.': (bytes, d) =>
    d.format !== (bytes.length > 1232 ? 2 : /^[\x20-\x7e]+$/.test(d.text) ? 0 : 1),
  'A key is listed twice.': (_, d) => new Set(d.signers).size < d.signers.length,
  // The byte order mark that kit drops hides that the length does not fit.
  'There are bytes after the end.': (bytes, d) => !isDeepStrictEqual(encodeAgain(d), base64(bytes)),
};

const encodeAgain = (d) => {
  const requiredSignatories = d.signers.map((address) => ({ address }));
  return attempt(() =>
    base64(
      offchain.getOffchainMessageEncoder().encode(
        d.version === 1
          ? { version: 1, requiredSignatories, content: d.text }
          : { version: 0, applicationDomain: d.domain, requiredSignatories, content: { format: d.format, text: d.text } },
      ),
    ),
  );
};

function compareOffchain() {
  const addresses = Array.from({ length: 4 }, () => kit.address(toBase58(random.bytes(32))));
  const inputs = offchainInputs(addresses);
  const answers = askProbe(inputs.map(base64), 'offchain');
  const counts = {};
  for (const [i, bytes] of inputs.entries()) {
    const [verdict, rest] = [answers[i].slice(0, 6), answers[i].slice(7)];
    const byKit = attempt(() => describeOffchain(bytes));
    const what = verdict === 'accept' ? 'accepted' : byKit ? `ours only: ${rest}` : 'refused by all';
    counts[what] = (counts[what] ?? 0) + 1;
    if (verdict === 'accept' && !isDeepStrictEqual(JSON.parse(rest), byKit)) fail('off-chain: we and kit differ', bytes, rest, byKit);
    if (verdict === 'broken') fail('off-chain: two kinds', bytes);
    if (verdict === 'refuse' && byKit && !OURS_REFUSES_OFFCHAIN[rest]?.(bytes, byKit)) fail(`off-chain: refused: ${rest}`, bytes, byKit);
  }
  console.log(`${inputs.length} off-chain messages:`);
  for (const [what, count] of Object.entries(counts)) console.log(`  ${String(count).padStart(6)} ${what}`);
}

await compareTransactions();
compareOffchain();
console.log(failures === 0 ? 'no difference that is not explained' : `${failures} failures`);
process.exit(failures === 0 ? 0 : 1);
