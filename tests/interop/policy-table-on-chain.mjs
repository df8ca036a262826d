// Executes the table of tests/vectors/policy/swaps-only.json on litesvm: what the policy allows works, and what it refuses is
// no invention: it executes, and somebody else has or rules what was the wallet's. Jupiter's program can't be had; one that
// does nothing stands in its place, so this is about what surrounds a swap.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as system from '@solana-program/system';
import * as token from '@solana-program/token';
import { Chain, JUPITER, NATIVE_MINT, SOL, TOKEN, TOKEN_2022, named } from './chain.mjs';
import { noopProgram } from './noop-program.mjs';
import { Random, kit } from './libraries.mjs';
import { FailedTransactionMetadata } from 'litesvm';

const rows = JSON.parse(readFileSync(new URL('../vectors/policy/swaps-only.json', import.meta.url)));
const chain = new Chain({ lenient: true });
const random = new Random('policy table on chain');
const bank = await chain.signer(random.bytes(32), 10_000n * SOL);
chain.svm.addProgram(JUPITER, noopProgram());
chain.svm.addProgram(named('program of the thief'), noopProgram());

// ---- The world that the table speaks of
const wallet = named('wallet');
const thief = named('thief');
const second = named('second wallet of ours');
for (const who of [wallet, thief, second]) chain.svm.airdrop(who, kit.lamports(100n * SOL));

function putMint(mint, program) {
  const data = new Uint8Array(82);
  data[0] = 1;
  data.set(kit.getAddressEncoder().encode(bank.address), 4);
  data[44] = 6;
  data[45] = 1;
  put(mint, data, program);
}
function put(address, data, programAddress, lamports = 100_000_000n) {
  chain.svm.setAccount({ address, data, programAddress, lamports: kit.lamports(lamports), executable: false, space: BigInt(data.length) });
}

const USDC = kit.address('EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v');
const USDT = kit.address('Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB');
const scam = named('worthless mint');
putMint(USDT, TOKEN);
for (const [mint, program] of [[USDC, TOKEN], [scam, TOKEN_2022]]) {
  putMint(mint, program);
  for (const owner of [wallet, thief, second]) await chain.fund(bank, owner, mint, 10_000_000n, program);
}
for (const owner of [wallet, thief, second]) {
  const ata = await chain.ata(owner, NATIVE_MINT);
  await chain.must(bank, [
    token.getCreateAssociatedTokenIdempotentInstruction({ payer: bank, ata, owner, mint: NATIVE_MINT }),
    system.getTransferSolInstruction({ source: bank, destination: ata, amount: SOL }),
    token.getSyncNativeInstruction({ account: ata }),
  ]);
}
// A nonce account of the wallet's, as the System program would have made it: version, state, authority, nonce, fee.
const nonce = new Uint8Array(80);
nonce[0] = 1;
nonce[4] = 1;
nonce.set(kit.getAddressEncoder().encode(wallet), 8);
nonce.set(random.bytes(32), 40);
put(named('nonce'), nonce, system.SYSTEM_PROGRAM_ADDRESS);

function putTable(address, entries) {
  const data = new Uint8Array(56 + 32 * entries.length);
  const view = new DataView(data.buffer);
  view.setUint32(0, 1, true);
  view.setBigUint64(4, 0xffffffffffffffffn, true);
  data[21] = 1;
  data.set(kit.getAddressEncoder().encode(wallet), 22);
  entries.forEach((entry, i) => data.set(kit.getAddressEncoder().encode(kit.address(entry)), 56 + 32 * i));
  put(address, data, kit.address('AddressLookupTab1e1111111111111111111111111'));
}
chain.svm.warpToSlot(1000n);

// ---- What there is, and whose
const owners = [wallet, thief, second];
const accounts = [];
for (const owner of owners) {
  for (const [mint, program] of [[NATIVE_MINT, TOKEN], [USDC, TOKEN], [scam, TOKEN_2022]]) {
    accounts.push(await chain.ata(owner, mint, program));
  }
}
// An account that the wallet rules by a seed.
const seeded = await kit.createAddressWithSeed({ baseAddress: wallet, programAddress: system.SYSTEM_PROGRAM_ADDRESS, seed: 'x' });
put(seeded, new Uint8Array(), system.SYSTEM_PROGRAM_ADDRESS, 5n * SOL);
const world = [...owners, ...accounts, named('nonce'), seeded].map((address) => chain.svm.getAccount(address));
const nowhere = { data: new Uint8Array(), executable: false, lamports: kit.lamports(0n), programAddress: system.SYSTEM_PROGRAM_ADDRESS, space: 0n };
const made = [
  await chain.ata(wallet, USDT),
  await kit.createAddressWithSeed({ baseAddress: wallet, programAddress: named('program of the thief'), seed: 'x' }),
];
function restore() {
  world.forEach((account) => chain.svm.setAccount(account));
  made.forEach((address) => chain.svm.setAccount({ ...nowhere, address }));
}

/** What a wallet has: lamports with those of its token accounts, tokens, and who else has power over them. */
function holdings(owner) {
  const found = { SOL: chain.lamports(owner) + (owner === wallet ? chain.lamports(seeded) : 0n), powers: [] };
  if (chain.svm.getAccount(owner).programAddress !== system.SYSTEM_PROGRAM_ADDRESS) found.powers.push('the wallet itself');
  for (const address of accounts) {
    const account = chain.tokenAccount(address);
    if (account?.owner !== owner) continue;
    found.SOL += account.lamports;
    if (account.mint !== NATIVE_MINT) found[`${account.mint} ${account.program}`] = account.amount;
    if (account.delegate || account.closeAuthority) found.powers.push(address);
  }
  return found;
}

/** Whether one of ours has less, beyond a tenth of a SOL for fees and deposits, or shares its power. */
function isRobbed(before, after) {
  return owners.filter((owner) => owner !== thief).some((owner) => {
    const [was, is] = [before.get(owner), after.get(owner)];
    if (is.powers.length > 0 || was.SOL - is.SOL > SOL / 10n) return true;
    return Object.keys(was).some((asset) => typeof was[asset] === 'bigint' && asset !== 'SOL' && (is[asset] ?? 0n) < was[asset]);
  });
}
const everything = () => new Map(owners.map((owner) => [owner, holdings(owner)]));

const seen = { allowed: 0, refused: 0, executed: 0, robbed: 0 };
for (const row of rows) {
  if (row.verdict === 'malformed' || row.verdict === 'unreadable') continue;
  restore();
  for (const [table, entries] of Object.entries(row.tables ?? {})) putTable(kit.address(table), entries);
  const before = everything();
  const transaction = kit.getTransactionDecoder().decode(Buffer.from(row.transaction, 'base64'));
  const result = chain.svm.sendTransaction(transaction);
  const failed = result instanceof FailedTransactionMetadata;
  const robbed = isRobbed(before, everything());
  if (row.verdict === 'allow') {
    ++seen.allowed;
    assert.ok(!failed, `${row.name}: ${result.toString()}`);
    assert.ok(!robbed, row.name);
    continue;
  }
  ++seen.refused;
  if (!failed) ++seen.executed;
  if (robbed) ++seen.robbed;
  if (process.env.VERBOSE) console.log(failed ? 'fails   ' : robbed ? 'robs    ' : 'executes', row.name, failed ? result.toString().slice(45, 130) : '');
}
console.log(JSON.stringify(seen));
assert.ok(seen.executed >= 150 && seen.robbed >= 60, 'too few of them are what they are said to be');
