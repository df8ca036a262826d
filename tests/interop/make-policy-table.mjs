// Writes tests/vectors/policy/swaps-only.json: swaps that people make, and the same swaps with something else hidden in them,
// in every version of messages in which it can be said. What policy/examples/swaps-only.toml must answer to each stands
// beside it. Run by hand: `npm run policy-table`; tests/unit/policy reads the file.
import { mkdirSync, writeFileSync } from 'node:fs';
import * as system from '@solana-program/system';
import * as token from '@solana-program/token';
import * as token2022 from '@solana-program/token-2022';
import * as budget from '@solana-program/compute-budget';
import * as stake from '@solana-program/stake';
import * as lookup from '@solana-program/address-lookup-table';
import { NATIVE_MINT, SOL, TOKEN, TOKEN_2022, draft, instruction, named, unsigned } from './chain.mjs';
import { SWAP_KINDS, swap, u64 } from './jupiter.mjs';
import { base64, kit, web3 } from './libraries.mjs';

const SYSTEM = system.SYSTEM_PROGRAM_ADDRESS;
const CLOCK = 'SysvarC1ock11111111111111111111111111111111';
const RECENT = 'SysvarRecentB1ockHashes11111111111111111111';
const USDC = kit.address('EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v');
const USDT = kit.address('Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB');
const signer = (name) => kit.createNoopSigner(named(name));
const ata = async (owner, mint, program = TOKEN) =>
  (await token.findAssociatedTokenPda({ owner: owner.address ?? owner, mint, tokenProgram: program }))[0];

const wallet = signer('wallet');
const second = signer('second wallet of ours');
const thief = signer('thief');
const pools = [1, 2, 3].map((i) => named(`pool ${i}`));
const table = named('lookup table');
const program = named('program of the thief');
const scam = named('worthless mint');
const mine = { SOL: await ata(wallet, NATIVE_MINT), USDC: await ata(wallet, USDC), USDT: await ata(wallet, USDT) };
const theirs = { SOL: await ata(thief, NATIVE_MINT), USDC: await ata(thief, USDC) };
const mine2022 = await ata(wallet, scam, TOKEN_2022);
const theirs2022 = await ata(thief, scam, TOKEN_2022);

const seeded = await kit.createAddressWithSeed({ baseAddress: wallet.address, programAddress: SYSTEM, seed: 'x' });
const seededByThief = await kit.createAddressWithSeed({ baseAddress: wallet.address, programAddress: program, seed: 'x' });

// ---- Honest parts
const IN = 2n * SOL;
const OUT = 300_000_000n;
const terms = { user: wallet, source: mine.SOL, destination: mine.USDC, inMint: NATIVE_MINT, outMint: USDC, pools, in: IN, out: OUT, slippage: 50, fee: 0 };
const makeAta = (payer, owner, mint, address, programAddress = TOKEN) =>
  token.getCreateAssociatedTokenIdempotentInstruction({ payer, ata: address, owner: owner.address ?? owner, mint, tokenProgram: programAddress });
const pay = (from, to, amount) => system.getTransferSolInstruction({ source: from, destination: to.address ?? to, amount });
const close = (to) => token.getCloseAccountInstruction({ account: mine.SOL, destination: to, owner: wallet });
const limit = budget.getSetComputeUnitLimitInstruction({ units: 200_000 });
const price = (microLamports) => budget.getSetComputeUnitPriceInstruction({ microLamports });

/** The instructions around a swap of SOL for USDC, as Jupiter's API makes them. */
function around(...swaps) {
  return [
    makeAta(wallet, wallet, NATIVE_MINT, mine.SOL),
    pay(wallet, mine.SOL, IN),
    token.getSyncNativeInstruction({ account: mine.SOL }),
    makeAta(wallet, wallet, USDC, mine.USDC),
    ...swaps,
    close(wallet.address),
  ];
}
/** USDC for SOL: nothing is wrapped before. */
const selling = (kind, more = {}) => [
  makeAta(wallet, wallet, NATIVE_MINT, mine.SOL),
  swap(kind, { ...terms, source: mine.USDC, destination: mine.SOL, inMint: USDC, outMint: NATIVE_MINT, in: 100_000_000n, out: SOL / 2n, ...more }),
  close(wallet.address),
];

// ---- Rows
const rows = [];
const VERSIONS = ['legacy', 0, 1];
const honestBudget = { computeUnitLimit: 200_000, priorityFeeLamports: 2_000n, loadedAccountsDataSizeLimit: 2 ** 24 };

function budgeted(version, instructions, { bare, config }) {
  if (version === 1) return { instructions, config: { ...honestBudget, ...config } };
  return { instructions: bare ? instructions : [limit, price(10_000n), ...instructions] };
}

/** Adds a row for each version. `at`: the instruction that is at fault; none = the transaction as a whole. */
function row(name, instructions, { verdict = 'deny', reason = '', at = null, versions = VERSIONS, payer = wallet, ours = [], tables, claims, bare, config, twin } = {}) {
  for (const version of versions) {
    const parts = budgeted(version, instructions, { bare, config });
    const bytes = unsigned(draft(version, payer, parts.instructions, { tables: version === 0 ? tables : undefined, config: parts.config }));
    rows.push({
      name: `${name}, ${version === 'legacy' ? version : `v${version}`}`,
      verdict,
      ...(verdict === 'deny' ? { reason, instruction: at ? parts.instructions.indexOf(at) + 1 : 0, twin: twin ?? 'buy by shared' } : {}),
      wallet: wallet.address,
      ours: ours.map((o) => o.address),
      ...(claims ?? tables ? { tables: claims ?? tables } : {}),
      transaction: base64(bytes),
    });
  }
}
const allow = (name, instructions, options = {}) => row(name, instructions, { verdict: 'allow', ...options });

const NOT_UNDERSTOOD = 'The instruction is not understood.';
const NO_DESTINATION = 'The rule does not name this destination.';
const NOT_TOLD = 'The transaction does not tell to whom it goes.';
const FOREIGN_PROGRAM = 'The rule does not name this program.';
const FEE = "The fee is above the rule's.";
const FOREIGN_SIGNER = 'Another signer is needed that the rule does not name.';
const ASSET = 'The rule does not name this asset.';
const UNTOLD_ASSET = 'The transaction does not tell which token it is.';
const notCovered = (what) => `The rule does not cover ${what}.`;

// Honest swaps: the twins.
for (const kind of SWAP_KINDS) allow(`buy by ${kind}`, around(swap(kind, terms)));
for (const kind of ['route', 'shared', 'route_v2', 'shared_v2', 'exact_out']) allow(`sell by ${kind}`, selling(kind));
allow('without budget', around(swap('shared', terms)), { bare: true });
allow('with the source made in the message', [makeAta(wallet, wallet, USDC, mine.USDC), ...selling('route')]);
allow('through pools in a lookup table', around(swap('shared', terms)), { versions: [0], tables: { [table]: pools } });
allow('through pools in a table that nobody tells', around(swap('shared', terms)), { versions: [0], tables: { [table]: pools }, claims: {} });
allow('with the legacy create of an account', [{ ...makeAta(wallet, wallet, USDT, mine.USDT), data: new Uint8Array() }, ...selling('shared')]);
allow('by a Batch of harmless parts', [token.getBatchInstruction([token.getSyncNativeInstruction({ account: mine.SOL })]), ...selling('shared')]);

/** A swap with one instruction more, at its end and at its begin. */
function smuggle(name, extra, reason, options = {}) {
  const twin = options.twin;
  row(`${name}, after the swap`, [...around(swap('shared', terms)), extra], { reason, at: extra, twin, ...options });
  if (options.once) return;
  row(`${name}, before it`, [extra, ...around(swap('route_v2', terms))], { reason, at: extra, twin: 'buy by route_v2', ...options });
}

// Value that leaves plainly.
smuggle('hidden transfer', pay(wallet, thief, SOL), NO_DESTINATION);
smuggle("transfer to the thief's wrapped SOL", pay(wallet, theirs.SOL, SOL), NO_DESTINATION, { once: true });
smuggle('token transfer', token.getTransferInstruction({ source: mine.USDC, destination: theirs.USDC, authority: wallet, amount: 5n }), NO_DESTINATION, { once: true });
smuggle('checked token transfer', token.getTransferCheckedInstruction({ source: mine.USDC, mint: USDC, destination: theirs.USDC, authority: wallet, amount: 5n, decimals: 6 }), NO_DESTINATION);
smuggle('burn', token.getBurnCheckedInstruction({ account: mine.USDC, mint: USDC, authority: wallet, amount: 5n, decimals: 6 }), notCovered('that tokens are burned'), { once: true });
smuggle('unwrapped lamports for the thief', token.getUnwrapLamportsInstruction({ source: mine.SOL, destination: thief.address, authority: wallet, amount: 7n }), NO_DESTINATION);
smuggle('excess lamports for the thief', token.getWithdrawExcessLamportsInstruction({ source: mine.USDC, destination: thief.address, authority: wallet }), NO_DESTINATION);
smuggle('transfer with a seed', system.getTransferSolWithSeedInstruction({ source: seeded, baseAccount: wallet, destination: thief.address, amount: SOL, fromSeed: 'x', fromOwner: SYSTEM }), NO_DESTINATION, { once: true });
row('close elsewhere', around(swap('shared', terms)).slice(0, -1).concat(close(thief.address)), { reason: NO_DESTINATION, at: null });
rows.slice(-3).forEach((r, i) => (r.instruction = i === 2 ? 6 : 8));

// Power over what stays.
smuggle('approval', token.getApproveInstruction({ source: mine.USDC, delegate: thief.address, owner: wallet, amount: 1n }), notCovered('that a delegate is approved'));
smuggle('checked approval', token.getApproveCheckedInstruction({ source: mine.USDC, mint: USDC, delegate: thief.address, owner: wallet, amount: 1n, decimals: 6 }), notCovered('that a delegate is approved'), { once: true });
smuggle('another owner of the tokens', token.getSetAuthorityInstruction({ owned: mine.USDC, owner: wallet, authorityType: token.AuthorityType.AccountOwner, newAuthority: thief.address }), notCovered('that an authority is changed'));
smuggle('a close authority', token.getSetAuthorityInstruction({ owned: mine.SOL, owner: wallet, authorityType: token.AuthorityType.CloseAccount, newAuthority: thief.address }), notCovered('that an authority is changed'), { once: true });
smuggle('the wallet assigned to a program', system.getAssignInstruction({ account: wallet, programAddress: program }), notCovered('that an authority is changed'));
smuggle('the wallet made into an account', instruction(SYSTEM, [[wallet, 'ws']], [13, 0, 0, 0, ...u64(0n), ...u64(0n), ...kit.getAddressEncoder().encode(program)]), notCovered('that an account is made'));
smuggle("an account for the thief's program", instruction(SYSTEM, [[wallet, 'ws'], [seededByThief, 'w']], [3, 0, 0, 0, ...kit.getAddressEncoder().encode(wallet.address), ...u64(1n), 120, ...u64(SOL), ...u64(0n), ...kit.getAddressEncoder().encode(program)]), notCovered('that an account is made'), { once: true });
smuggle('nonce authority', system.getAuthorizeNonceAccountInstruction({ nonceAccount: named('nonce'), nonceAuthority: wallet, newNonceAuthority: thief.address }), notCovered('that an authority is changed'), { once: true });
smuggle('nonce withdrawal', system.getWithdrawNonceAccountInstruction({ nonceAccount: named('nonce'), recipientAccount: thief.address, nonceAuthority: wallet, withdrawAmount: 5n }), NO_DESTINATION, { once: true });
smuggle('stake withdrawal', stake.getWithdrawInstruction({ stake: named('stake'), recipient: thief.address, withdrawAuthority: wallet, args: 5n }), FOREIGN_PROGRAM, { once: true });
smuggle('stake authority', stake.getAuthorizeInstruction({ stake: named('stake'), authority: wallet, arg0: thief.address, arg1: stake.StakeAuthorize.Withdrawer }), FOREIGN_PROGRAM, { once: true });
smuggle('vote withdrawal', instruction('Vote111111111111111111111111111111111111111', [[named('vote'), 'w'], [thief.address, 'w'], [wallet, 's']], [3, 0, 0, 0, ...u64(5n)]), FOREIGN_PROGRAM, { once: true });
smuggle('a table paid by the wallet', lookup.getExtendLookupTableInstruction({ address: table, authority: wallet, payer: wallet, addresses: [thief.address] }), FOREIGN_PROGRAM, { once: true });

// Wrapped into something.
const stolen = token.getTransferCheckedInstruction({ source: mine.USDC, mint: USDC, destination: theirs.USDC, authority: wallet, amount: 5n, decimals: 6 });
smuggle('a transfer in a Batch', token.getBatchInstruction([stolen]), NO_DESTINATION, { twin: 'by a Batch of harmless parts' });
smuggle('a transfer in a Batch behind a harmless part', token.getBatchInstruction([token.getSyncNativeInstruction({ account: mine.SOL }), stolen]), NO_DESTINATION, { twin: 'by a Batch of harmless parts' });
smuggle('an approval in a Batch', token.getBatchInstruction([token.getApproveInstruction({ source: mine.USDC, delegate: thief.address, owner: wallet, amount: 1n })]), notCovered('that a delegate is approved'), { once: true, twin: 'by a Batch of harmless parts' });
const nested = token.getBatchInstruction([token.getTransferInstruction({ source: mine.USDC, destination: theirs.USDC, authority: wallet, amount: 5n })]);
smuggle('a Batch in a Batch', { ...nested, data: Uint8Array.from([255, 3, nested.data.length, ...nested.data]) }, NOT_UNDERSTOOD, { once: true, twin: 'by a Batch of harmless parts' });
smuggle('an empty Batch', { ...nested, data: Uint8Array.from([255]) }, NOT_UNDERSTOOD, { once: true, twin: 'by a Batch of harmless parts' });
smuggle("a program of the thief's", instruction(program, [[wallet, 'ws']], [1]), NOT_UNDERSTOOD);
smuggle('a new instruction of Token', instruction(TOKEN, [[mine.USDC, 'w'], [wallet, 's']], [200]), NOT_UNDERSTOOD, { once: true });
smuggle('bytes behind a transfer', { ...pay(wallet, mine.SOL, 5n), data: Uint8Array.from([...pay(wallet, mine.SOL, 5n).data, 0]) }, NOT_UNDERSTOOD, { once: true });
smuggle('an amount cut short', { ...pay(wallet, mine.SOL, 5n), data: pay(wallet, mine.SOL, 5n).data.slice(0, 11) }, NOT_UNDERSTOOD, { once: true });
smuggle('a memo', instruction('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr', [[wallet, 's']], Buffer.from('I owe the thief 5 SOL')), FOREIGN_PROGRAM, { once: true });

// Token-2022.
const hooked = token2022.getTransferCheckedInstruction({ source: mine2022, mint: scam, destination: theirs2022, authority: wallet, amount: 5n, decimals: 6 });
smuggle('a transfer with a hook', { ...hooked, accounts: [...hooked.accounts, { address: program, role: 0 }] }, FOREIGN_PROGRAM);
smuggle('a transfer with a fee', token2022.getTransferCheckedWithFeeInstruction({ source: mine2022, mint: scam, destination: theirs2022, authority: wallet, amount: 5n, decimals: 6, fee: 1n }), FOREIGN_PROGRAM, { once: true });
smuggle('a confidential transfer', instruction(TOKEN_2022, [[mine2022, 'w'], [scam, ''], [theirs2022, 'w'], [wallet, 's']], [27, 7, ...new Uint8Array(36 + 128 + 3)]), FOREIGN_PROGRAM, { once: true });
smuggle('a CPI guard taken off', token2022.getDisableCpiGuardInstruction({ token: mine2022, owner: wallet }), FOREIGN_PROGRAM, { once: true });
smuggle('a reallocation', token2022.getReallocateInstruction({ token: mine2022, payer: wallet, owner: wallet, newExtensionTypes: [token2022.ExtensionType.MemoTransfer] }), FOREIGN_PROGRAM, { once: true });

// The swap itself.
function twisted(name, kind, more, reason, options = {}) {
  const changed = swap(kind, { ...terms, ...more });
  row(name, around(changed), { reason, at: changed, twin: `buy by ${kind === 'ledger' ? 'route' : kind}`, ...options });
}
for (const kind of ['route', 'shared', 'route_v2', 'shared_v2']) twisted(`${kind}: what it gives goes to the thief`, kind, { destination: theirs.USDC }, NO_DESTINATION);
for (const kind of ['route', 'route_v2', 'exact_out']) twisted(`${kind}: the optional destination is the thief's`, kind, { toInstead: theirs.USDC }, NO_DESTINATION);
twisted('no slippage is too much', 'shared', { slippage: 10_000 }, "The swap's slippage is above the rule's.");
twisted('slippage above ten thousand', 'route_v2', { slippage: 65_535 }, "The swap's slippage is above the rule's.");
twisted('a fee for the thief', 'shared', { fee: 200, feeAccount: theirs.USDC }, "The swap's platform fee is above the rule's.");
twisted('nothing is promised', 'route_v2', { out: 0n }, 'The swap promises nothing in return.');
twisted('a worthless token comes back', 'shared', { outMint: scam, destination: await ata(wallet, scam) }, 'The rule does not name what the swap gives.');
twisted('more than the rule allows', 'shared', { in: 11n * SOL }, "More leaves than the rule's amount.");
twisted('an amount that overflows signed numbers', 'route_v2', { in: 2n ** 64n - 1n }, "More leaves than the rule's amount.");
twisted('the amount stands in a ledger', 'ledger', {}, 'The transaction does not tell how much leaves, and the rule bounds it.');
twisted('other amounts behind those that count', 'route', { in: 9_000n * SOL, tail: [...u64(IN), ...u64(OUT), 50, 0, 0] }, NOT_UNDERSTOOD);
twisted('an exchange that nobody knows', 'route', { plan: [1, 0, 0, 0, 250, 100, 0, 1] }, NOT_UNDERSTOOD);
twisted('a plan that reaches over the amounts', 'shared', { plan: [2, 0, 0, 0, 7, 100, 0, 1] }, NOT_UNDERSTOOD);
twisted('a lie about what it takes', 'route_v2', { source: await ata(wallet, scam), inMint: USDC }, UNTOLD_ASSET);
twisted('a lie about what it takes, of an account made here', 'shared', { source: mine.USDC, inMint: NATIVE_MINT, outMint: USDT, destination: mine.USDT }, "More leaves than the rule's amount.");
const worthless = swap('route_v2', { ...terms, destination: await ata(wallet, scam) });
row('a lie about what it gives', [makeAta(wallet, wallet, scam, await ata(wallet, scam)), ...around(worthless)], { reason: NO_DESTINATION, at: worthless, twin: 'buy by route_v2' });
row('two amounts that overflow', around(swap('shared', { ...terms, in: 2n ** 63n }), swap('shared', { ...terms, in: 2n ** 63n + 5n })), { reason: "More leaves than the rule's amount.", at: null });
rows.slice(-3).forEach((r, i) => (r.instruction = i === 2 ? 6 : 8));
row('a token that the rule does not name', selling('shared', { inMint: scam, source: await ata(wallet, scam) }), { reason: ASSET, twin: 'sell by shared' });
rows.slice(-3).forEach((r, i) => (r.instruction = i === 2 ? 2 : 4));
row('a token that is not told', selling('route', { source: named('some token account') }), { reason: UNTOLD_ASSET, twin: 'sell by route' });
rows.slice(-3).forEach((r, i) => (r.instruction = i === 2 ? 2 : 4));

// Accounts for others, and others for the wallet.
smuggle('an associated account for the thief', makeAta(wallet, thief, USDC, theirs.USDC), NO_DESTINATION);
smuggle("the second wallet's SOL", pay(second, thief, SOL), 'Another wallet of ours would lose by it.', { ours: [second] });
smuggle("the second wallet's tokens", token.getTransferCheckedInstruction({ source: await ata(second, USDC), mint: USDC, destination: mine.USDC, authority: second, amount: 5n, decimals: 6 }), 'Another wallet of ours would lose by it.', { once: true, ours: [second] });
row('the second wallet pays the fee', around(swap('shared', terms)), { payer: second, ours: [second], reason: 'Another wallet of ours would pay the fee.' });
row('somebody else pays the fee', around(swap('shared', terms)), { payer: thief, reason: FOREIGN_SIGNER });
row('a second signer', [...around(swap('shared', terms)), pay(thief, wallet, 1n)], { reason: FOREIGN_SIGNER });

// Nonces: the transaction could be kept and sent at any time.
const advance = (authority) => system.getAdvanceNonceAccountInstruction({ nonceAccount: named('nonce'), nonceAuthority: authority });
row('a durable nonce', [advance(wallet), ...around(swap('shared', terms))], { bare: true, reason: notCovered('a durable nonce'), twin: 'without budget' });
rows.slice(-3).forEach((r) => (r.instruction = 1));
const oddNonce = { ...advance(wallet), data: Uint8Array.from([4, 0, 0, 0, 9]) };
row('a durable nonce in an odd form', [oddNonce, ...around(swap('shared', terms))], { bare: true, reason: NOT_UNDERSTOOD, twin: 'without budget' });
rows.slice(-3).forEach((r) => (r.instruction = 1));
row("a durable nonce of the thief's", [advance(thief), ...around(swap('shared', terms))], { bare: true, payer: thief, reason: notCovered('a durable nonce'), twin: 'without budget' });
rows.slice(-3).forEach((r) => (r.instruction = 1));

// Fees.
const plainSwap = around(swap('shared', terms));
row('a price', [limit, price(100_000_000n), ...plainSwap], { bare: true, versions: ['legacy', 0], reason: FEE });
row('a price that overflows', [budget.getSetComputeUnitLimitInstruction({ units: 1_400_000 }), price(2n ** 64n - 1n), ...plainSwap], { bare: true, versions: ['legacy', 0], reason: FEE });
row('a price without a limit', [price(5_000_000n), ...plainSwap], { bare: true, versions: ['legacy', 0], reason: FEE });
const again = price(1n);
row('a price said twice', [limit, price(10_000n), again, ...plainSwap], { bare: true, versions: ['legacy', 0], reason: NOT_UNDERSTOOD, at: again });
const long = { ...price(100_000_000n), data: Uint8Array.from([...price(100_000_000n).data, 0]) };
row('a price with a byte behind it', [limit, long, ...plainSwap], { bare: true, versions: ['legacy', 0], reason: NOT_UNDERSTOOD, at: long });
row('a fee in the header', plainSwap, { versions: [1], config: { priorityFeeLamports: 5n * SOL }, reason: FEE });
row('a fee in the header that overflows', plainSwap, { versions: [1], config: { priorityFeeLamports: 2n ** 64n - 1n }, reason: FEE });
row('a small price before a large fee in the header', [limit, price(1n), ...plainSwap], { versions: [1], config: { priorityFeeLamports: 5n * SOL }, reason: FEE });

// Lookup tables.
const inTable = (more) => ({ versions: [0], twin: 'through pools in a lookup table', ...more });
const hidden = swap('shared', { ...terms, destination: theirs.USDC });
row("the thief's account in a table that is told", around(hidden), inTable({ tables: { [table]: [theirs.USDC] }, reason: NO_DESTINATION, at: hidden }));
row("the thief's account in a table that nobody tells", around(hidden), inTable({ tables: { [table]: [theirs.USDC] }, claims: {}, reason: NOT_TOLD, at: hidden }));
row('a table of which a lie is told', [limit, swap('shared', terms)].slice(1).concat(), inTable({ tables: { [table]: [mine.USDC] }, reason: 'The destination depends on a lookup table.' }));
rows.at(-1).instruction = 3;
const bought = swap('shared', terms);
row('what comes back depends on a table', around(bought), inTable({ tables: { [table]: [USDC] }, reason: 'What the swap gives depends on a lookup table.', at: bought }));
row('a table that makes an account twice', around(swap('shared', terms)), inTable({ tables: { [table]: [pools[0], pools[1]] }, claims: { [table]: [pools[0], wallet.address] }, verdict: 'unreadable' }));
Object.assign(rows.at(-1), { reason: 'With these lookup tables an account would be there twice.', instruction: 0, twin: 'through pools in a lookup table' });

// Bytes that two readers read differently: none of these is a transaction to us.
const whole = unsigned(draft(0, wallet, [limit, price(10_000n), ...plainSwap]));
const spoilt = (name, bytes, reason) => rows.push({ name, verdict: 'malformed', reason, instruction: 0, twin: 'buy by shared', wallet: wallet.address, ours: [], transaction: base64(Uint8Array.from(bytes)) });
spoilt('a byte behind the transaction', [...whole, 0], 'after the end');
spoilt('a version that does not exist', [...whole.slice(0, 65), 0x82, ...whole.slice(66)], 'version');
spoilt('more signatures than it asks for', [2, ...whole.slice(1, 65), ...whole.slice(1)], 'number of signatures');
const legacy = unsigned(draft('legacy', wallet, [pay(wallet, wallet, 5n)]));
spoilt('an account twice', [...legacy.slice(0, 69 + 32), ...legacy.slice(69, 69 + 32), ...legacy.slice(69 + 64)], 'twice');
spoilt('a length that is not the shortest', [...legacy.slice(0, 68), 0x80 | legacy[68], 0, ...legacy.slice(69)], 'shortest form');
spoilt('no signature asked for', [...legacy.slice(0, 65), 0, ...legacy.slice(66)], 'requires no signature');

mkdirSync(new URL('../vectors/policy/', import.meta.url), { recursive: true });
const lines = rows.map((entry) => `  ${JSON.stringify(entry)}`);
writeFileSync(new URL('../vectors/policy/swaps-only.json', import.meta.url), `[\n${lines.join(',\n')}\n]\n`);
const count = (verdict) => rows.filter((entry) => entry.verdict === verdict).length;
console.log(`${rows.length} transactions: ${count('allow')} allowed, ${rows.length - count('allow')} refused`);
