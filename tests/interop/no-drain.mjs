// P4, "no drain": random transactions made of instructions that are understood, in each version, executed on a chain. What
// the wallet really loses, in lamports and in each token, stays within what the facts say, whenever they say a bound; and
// whenever a policy allows the transaction, within what the policy says, with all power over what is left.
//
// Arguments: path of facts-probe [number of transactions] [seed].
import { spawnSync } from 'node:child_process';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as system from '@solana-program/system';
import * as token from '@solana-program/token';
import * as token2022 from '@solana-program/token-2022';
import * as budget from '@solana-program/compute-budget';
import * as memo from '@solana-program/memo';
import { Chain, NATIVE_MINT, SOL, TOKEN, TOKEN_2022, instruction } from './chain.mjs';
import { Random, base64, kit } from './libraries.mjs';

const [probe, countText = '1500', seed = 'no drain'] = process.argv.slice(2);
const random = new Random(seed);
const MEMO = kit.address('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr');
const LOOKUP_PROGRAM = kit.address('AddressLookupTab1e1111111111111111111111111');

const chain = new Chain();
const wallet = await chain.signer(random.bytes(32), 50n * SOL);
const friend = await chain.signer(random.bytes(32), 50n * SOL);
const bank = await chain.signer(random.bytes(32), 1000n * SOL);
const payee = await chain.signer(random.bytes(32), SOL);

/** Two mints and wrapped SOL; accounts of wallet, friend and payee for each. */
const mints = [
  { mint: await chain.mint(bank, random.bytes(32), 6, TOKEN), program: TOKEN },
  { mint: await chain.mint(bank, random.bytes(32), 9, TOKEN_2022), program: TOKEN_2022 },
  { mint: NATIVE_MINT, program: TOKEN },
];
const holdings = [];
for (const { mint, program } of mints) {
  for (const owner of [wallet, friend, payee]) {
    let address;
    if (mint === NATIVE_MINT) {
      address = await chain.ata(owner, mint);
      await chain.must(bank, [
        token.getCreateAssociatedTokenIdempotentInstruction({ payer: bank, ata: address, owner: owner.address, mint }),
        system.getTransferSolInstruction({ source: bank, destination: address, amount: 3n * SOL }),
        token.getSyncNativeInstruction({ account: address }),
      ]);
    } else {
      address = await chain.fund(bank, owner, mint, 1_000_000n, program);
    }
    holdings.push({ address, owner, mint, program });
  }
}
// An account of the wallet's that is not its associated one, so that nothing derives whose it is.
const loose = await chain.signer(random.bytes(32), 0n);
await chain.must(bank, [
  system.getCreateAccountInstruction({
    payer: bank,
    newAccount: loose,
    lamports: chain.svm.minimumBalanceForRentExemption(165n),
    space: 165n,
    programAddress: TOKEN,
  }),
  token.getInitializeAccount3Instruction({ account: loose.address, mint: mints[0].mint, owner: wallet.address }),
  token.getMintToInstruction({ mint: mints[0].mint, token: loose.address, mintAuthority: bank, amount: 1_000_000n }),
]);
holdings.push({ address: loose.address, owner: wallet, mint: mints[0].mint, program: TOKEN });

const nonceAccount = await chain.signer(random.bytes(32), 0n);
await chain.must(bank, [
  system.getCreateAccountInstruction({
    payer: bank,
    newAccount: nonceAccount,
    lamports: 2n * SOL,
    space: 80n,
    programAddress: system.SYSTEM_PROGRAM_ADDRESS,
  }),
  system.getInitializeNonceAccountInstruction({ nonceAccount: nonceAccount.address, nonceAuthority: wallet.address }),
]);

/** A lookup table with most of the accounts, put onto the chain as it is. */
const table = kit.getAddressDecoder().decode(random.bytes(32));
const tableEntries = [...holdings.map((h) => h.address), payee.address, ...mints.map((m) => m.mint), nonceAccount.address];
const tableData = new Uint8Array(56 + 32 * tableEntries.length);
new DataView(tableData.buffer).setUint32(0, 1, true);
new DataView(tableData.buffer).setBigUint64(4, 0xffffffffffffffffn, true);
tableEntries.forEach((entry, i) => tableData.set(kit.getAddressEncoder().encode(entry), 56 + 32 * i));
chain.svm.setAccount({
  address: table,
  data: tableData,
  executable: false,
  lamports: kit.lamports(10n * SOL),
  programAddress: LOOKUP_PROGRAM,
  space: BigInt(tableData.length),
});
chain.svm.warpToSlot(100n);

const tracked = [wallet, friend, bank, payee, nonceAccount].map((s) => s.address);
const snapshot = [...tracked, ...holdings.map((h) => h.address)].map((address) => chain.svm.getAccount(address));
const restore = () => snapshot.forEach((account) => chain.svm.setAccount(account));

/** Payments to one payee, and whatever stays with the wallet. */
const MOST = { SOL: 400_000_000n + 10_000_000n, [mints[0].mint]: 400_000n, [mints[1].mint]: 400_000n };
const POLICY = `format = 1
name = "no drain"
[mints]
A = { address = "${mints[0].mint}", decimals = 6 }
B = { address = "${mints[1].mint}", decimals = 9 }
[lists]
payees = ["${payee.address}"]
known = ["${friend.address}", "${bank.address}", "${payee.address}"]
[[allow]]
name = "pay"
actions = ["sign-transaction"]
callers = ["person"]
operations = ["transfer", "create-token-account", "close", "revoke", "memo"]
programs = ["system", "token", "token-2022", "associated-token", "memo"]
assets = ["SOL", "A", "B"]
destinations = ["self", "list payees"]
other-signers = ["list known"]
lookup-tables = "claims"
max-fee = "0.01 SOL"
max-amounts = ["0.4 SOL", "0.4 A", "0.0004 B"]
`;

const amount = () => random.pick([0n, 1n, BigInt(random.below(1_000_000)), 1_000_000n, BigInt(random.below(2 ** 31))]);
const someone = () => random.pick([wallet, wallet, friend, payee]);
const holding = (filter = () => true) => random.pick(holdings.filter(filter));
const authority = (h) => (random.chance(85) ? h.owner : someone());
const decimalsOf = (mint) => (mint === NATIVE_MINT || mint === mints[1].mint ? 9 : 6);
let fresh = 0;
const freshAddress = () => kit.getAddressDecoder().decode(new Random(`${seed} fresh ${++fresh}`).bytes(32));
const freshSigner = () => chain.signer(new Random(`${seed} key ${++fresh}`).bytes(32), 0n);

/** How each instruction is made. A token instruction's may be a child of a Batch. */
const tokenMakers = {
  transfer: (h, at) => token.getTransferInstruction({ source: h.address, destination: holding((o) => o.mint === h.mint).address, authority: authority(h), amount: amount() }, at),
  transferChecked: (h, at) => token.getTransferCheckedInstruction({ source: h.address, mint: h.mint, destination: holding((o) => o.mint === h.mint).address, authority: authority(h), amount: amount(), decimals: decimalsOf(h.mint) }, at),
  approve: (h, at) => token.getApproveInstruction({ source: h.address, delegate: payee.address, owner: authority(h), amount: amount() }, at),
  approveChecked: (h, at) => token.getApproveCheckedInstruction({ source: h.address, mint: h.mint, delegate: payee.address, owner: authority(h), amount: amount(), decimals: decimalsOf(h.mint) }, at),
  revoke: (h, at) => token.getRevokeInstruction({ source: h.address, owner: authority(h) }, at),
  setAuthority: (h, at) => token.getSetAuthorityInstruction({ owned: h.address, owner: authority(h), authorityType: random.pick([token.AuthorityType.AccountOwner, token.AuthorityType.CloseAccount]), newAuthority: payee.address }, at),
  close: (h, at) => token.getCloseAccountInstruction({ account: h.address, destination: someone().address, owner: authority(h) }, at),
  burn: (h, at) => token.getBurnInstruction({ account: h.address, mint: h.mint, authority: authority(h), amount: amount() }, at),
  burnChecked: (h, at) => token.getBurnCheckedInstruction({ account: h.address, mint: h.mint, authority: authority(h), amount: amount(), decimals: decimalsOf(h.mint) }, at),
  mintTo: (h, at) => token.getMintToInstruction({ mint: h.mint, token: h.address, mintAuthority: bank, amount: amount() }, at),
  sync: (h, at) => token.getSyncNativeInstruction({ account: holding((o) => o.mint === NATIVE_MINT && (at === undefined || at.programAddress === TOKEN)).address }, at),
  unwrap: (_, at) => {
    const h = holding((o) => o.mint === NATIVE_MINT);
    return token.getUnwrapLamportsInstruction({ source: h.address, destination: someone().address, authority: authority(h), amount: random.chance(50) ? amount() : null }, at);
  },
  withdrawExcess: (h, at) => token.getWithdrawExcessLamportsInstruction({ source: h.address, destination: someone().address, authority: authority(h) }, at),
};

const makers = {
  solTransfer: () => system.getTransferSolInstruction({ source: someone(), destination: random.pick([...tracked, holding().address, freshAddress()]), amount: random.chance(70) ? amount() * 1000n : 48n * SOL }),
  createAccount: async () => system.getCreateAccountInstruction({ payer: someone(), newAccount: await freshSigner(), lamports: 2_000_000n + amount(), space: BigInt(random.below(90)), programAddress: random.pick([TOKEN, system.SYSTEM_PROGRAM_ADDRESS]) }),
  createPrefunded: async () => instruction(system.SYSTEM_PROGRAM_ADDRESS, [[random.chance(50) ? wallet : await freshSigner(), 'ws'], [friend, 'ws']], [13, 0, 0, 0, ...new Uint8Array(16), ...kit.getAddressEncoder().encode(TOKEN)]),
  assign: () => system.getAssignInstruction({ account: someone(), programAddress: TOKEN }),
  withdrawNonce: () => system.getWithdrawNonceAccountInstruction({ nonceAccount: nonceAccount.address, recipientAccount: someone().address, nonceAuthority: wallet, withdrawAmount: amount() }),
  authorizeNonce: () => system.getAuthorizeNonceAccountInstruction({ nonceAccount: nonceAccount.address, nonceAuthority: wallet, newNonceAuthority: payee.address }),
  ata: async () => {
    const { mint, program } = random.pick(mints);
    const owner = random.pick([wallet.address, friend.address, freshAddress()]);
    const make = random.chance(70) ? token.getCreateAssociatedTokenIdempotentInstruction : token.getCreateAssociatedTokenInstruction;
    return make({ payer: someone(), ata: await chain.ata(owner, mint, program), owner, mint, tokenProgram: program });
  },
  wrap: async () => system.getTransferSolInstruction({ source: wallet, destination: await chain.ata(wallet, NATIVE_MINT), amount: amount() }),
  memo: () => instruction(MEMO, random.chance(50) ? [[wallet, 's']] : [], Buffer.from('for nothing')),
  withFee: () => {
    const h = holding((o) => o.program === TOKEN_2022);
    return token2022.getTransferCheckedWithFeeInstruction({ source: h.address, mint: h.mint, destination: holding((o) => o.mint === h.mint).address, authority: authority(h), amount: amount(), decimals: 9, fee: 0n });
  },
  batch: () => {
    const program = random.pick([TOKEN, TOKEN, TOKEN_2022]);
    const parts = Array.from({ length: 1 + random.below(3) }, () => tokenInstruction(program));
    return (program === TOKEN ? token : token2022).getBatchInstruction(parts, { programAddress: program });
  },
  plainToken: () => tokenInstruction(random.pick([TOKEN, TOKEN, TOKEN_2022])),
};

function tokenInstruction(program) {
  let names = Object.keys(tokenMakers);
  if (program === TOKEN_2022) names = names.filter((name) => name !== 'sync' && name !== 'unwrap');
  const h = holding((o) => o.program === program);
  return tokenMakers[random.pick(names)](h, { programAddress: program });
}

const names = [...Object.keys(makers), 'plainToken', 'plainToken', 'plainToken', 'solTransfer', 'batch', 'ata'];
async function randomInstructions() {
  const made = [];
  for (let i = 1 + random.below(3); i > 0; --i) made.push(await makers[random.pick(names)]());
  return made;
}

function addBudget(version, instructions, options) {
  if (version === 1) {
    options.config = { computeUnitLimit: 300_000, loadedAccountsDataSizeLimit: 2 ** 24 };
    if (random.chance(50)) options.config.priorityFeeLamports = amount();
    return;
  }
  if (random.chance(40)) instructions.unshift(budget.getSetComputeUnitPriceInstruction({ microLamports: BigInt(random.below(2_000_000)) }));
  if (random.chance(40)) instructions.unshift(budget.getSetComputeUnitLimitInstruction({ units: 150_000 + random.below(2_000_000) }));
}

/**
 * What the wallet has: each token in accounts that it owns, and SOL, which is its own lamports and all that lie in its token
 * accounts. So wrapped and plain SOL are one, as a deposit that it gets back is no loss.
 */
function possessions() {
  const found = { SOL: chain.lamports(wallet.address) };
  for (const { mint } of mints) found[mint] = 0n;
  for (const { address } of holdings) {
    const account = chain.tokenAccount(address);
    if (account?.owner !== wallet.address) continue;
    found[account.mint] += account.amount;
    found.SOL += account.lamports;
  }
  delete found[NATIVE_MINT];
  return found;
}

/** The bound that the facts give, or null. */
function boundOf(asset, outflows) {
  const parts = asset === 'SOL' ? [outflows.SOL, outflows[NATIVE_MINT]] : [outflows[asset]];
  return parts.includes(null) ? null : parts.reduce((sum, part) => sum + BigInt(part), 0n);
}

/** Who has power over what was the wallet's, besides the wallet: must stay nobody. */
function powers() {
  const found = [];
  if (chain.svm.getAccount(wallet.address).programAddress !== system.SYSTEM_PROGRAM_ADDRESS) found.push('the wallet is no wallet any more');
  for (const { address, owner } of holdings) {
    const account = chain.tokenAccount(address);
    if (owner !== wallet || account === null) continue;
    if (account.owner !== wallet.address) found.push(`${address} has another owner`);
    if (account.delegate || account.closeAuthority) found.push(`${address} has a delegate or a close authority`);
  }
  return found;
}

const cases = [];
for (let i = 0; i < Number(countText); ++i) {
  restore();
  const version = random.pick(['legacy', 0, 0, 1]);
  const instructions = await randomInstructions();
  const options = version === 0 && random.chance(60) ? { tables: { [table]: tableEntries } } : {};
  addBudget(version, instructions, options);
  const before = possessions();
  let result;
  try {
    result = await chain.execute(version, random.chance(75) ? wallet : friend, instructions, options);
  } catch (error) {
    assert.match(String(error), /exceed|too large|limit|size/i, `not made: ${error}`);
    continue;
  }
  const after = possessions();
  const lost = Object.fromEntries(Object.keys(before).map((asset) => [asset, before[asset] - after[asset]]));
  cases.push({ ...result, lost, powers: powers(), tables: options.tables ?? {} });
}

const questions = cases.map((c) => JSON.stringify({ transaction: base64(c.bytes), ours: [wallet.address], mints: mints.map((m) => m.mint), tables: c.tables }));
const folder = mkdtempSync(join(tmpdir(), 'no-drain-'));
writeFileSync(join(folder, 'policy.toml'), POLICY);
const answered = spawnSync(probe, [join(folder, 'policy.toml')], { input: questions.join('\n') + '\n', encoding: 'utf8', maxBuffer: 1 << 28 });
rmSync(folder, { recursive: true });
assert.equal(answered.status, 0, answered.stderr);
const answers = answered.stdout.trimEnd().split('\n');
assert.equal(answers.length, cases.length);

const seen = { executed: 0, bounded: 0, lossy: 0, exact: 0, unbounded: 0, failed: 0, feeExact: 0, allowed: 0, allowedLossy: 0 };
cases.forEach((c, i) => {
  assert.ok(answers[i].startsWith('{'), `${answers[i]}: ${base64(c.bytes)}`);
  const facts = JSON.parse(answers[i]);
  const context = () => `${answers[i]}\nlost ${JSON.stringify(c.lost, (_, v) => (typeof v === 'bigint' ? String(v) : v))}\n${c.error ?? ''}\n${c.logs.join('\n')}`;
  assert.equal(facts.unknowns, 0, `all of it is understood\n${context()}`);
  assert.equal(facts.hiddenAccounts, 0);
  if (c.error) {
    ++seen.failed;
    const fee = facts.feePayerIsOurs ? BigInt(facts.fee.total) : 0n;
    assert.ok(c.lost.SOL <= fee, `a failure costs the fee at most\n${context()}`);
    if (c.lost.SOL === fee && fee > 0n) ++seen.feeExact;
    return;
  }
  ++seen.executed;
  if (facts.verdict === 'allow') {
    ++seen.allowed;
    assert.deepEqual(c.powers, [], `the policy allows it\n${context()}`);
    for (const [asset, lost] of Object.entries(c.lost)) {
      assert.ok(lost <= MOST[asset], `the policy allows it, ${asset}\n${context()}`);
      if (lost > 0n) ++seen.allowedLossy;
    }
  }
  for (const [asset, lost] of Object.entries(c.lost)) {
    const most = boundOf(asset, facts.outflows[wallet.address]);
    if (most === null) {
      ++seen.unbounded;
      continue;
    }
    ++seen.bounded;
    assert.ok(lost <= most, `${asset}: lost ${lost}, at most ${most} said\n${context()}`);
    if (lost > 0n) ++seen.lossy;
    if (lost > 0n && lost === most) ++seen.exact;
  }
});
console.log(`${cases.length} transactions, seed "${seed}":`, JSON.stringify(seen));
// Otherwise nothing was tested.
assert.ok(seen.executed > cases.length / 4, 'too few were executed');
assert.ok(seen.allowedLossy > cases.length / 50, 'the policy allowed too little');
assert.ok(seen.lossy > cases.length / 10, 'the wallet lost too rarely');
assert.ok(seen.exact > seen.lossy / 2, 'the bounds are too wide to mean something');
