// Writes tests/vectors/solana/instructions.json: one instruction of each kind that the programs' own libraries can make,
// with the names that those libraries give to its accounts and arguments. Run by hand: `npm run instruction-vectors`.
//
// The libraries' functions are found by their names, and what they want by their type declarations, so that a new
// instruction of theirs is a new vector of ours.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { hex, kit, web3 } from './libraries.mjs';
import * as splToken from '@solana/spl-token';

const PACKAGES = ['system', 'token', 'token-2022', 'compute-budget', 'address-lookup-table', 'stake', 'memo'];
const here = new URL('./', import.meta.url);

/** An address that depends on the name alone. */
const addressOf = (name) => kit.getAddressDecoder().decode(createHash('sha256').update(name).digest());
let count = 0;
const number = () => 1_000_003n * BigInt(++count);

/** The members of an object type in a declaration: { name: type }. */
function members(declaration) {
  const found = {};
  for (const [, name, type] of declaration.matchAll(/^\s{4}(\w+)\??: ([^;]+);/gm)) found[name] = type;
  return found;
}

function bodyOf(text, pattern) {
  const start = text.search(pattern);
  if (start < 0) return '';
  const open = text.indexOf('= {', start);
  return open < 0 ? '' : text.slice(open, text.indexOf('\n};', open));
}

/** A value of an argument's type. */
function argument(name, type, all) {
  if (/OptionOrNullable<number \| bigint>|OptionOrNullable<.*(Timestamp|Epoch)/.test(type)) return number();
  if (/OptionOrNullable<Address>/.test(type)) return addressOf(`argument ${name}`);
  if (/^Address/.test(type)) return addressOf(`argument ${name}`);
  if (/^Array<Address>/.test(type)) return [addressOf('entry 1'), addressOf('entry 2')];
  if (/^string/.test(type)) return `a ${name}`;
  if (/^boolean/.test(type)) return true;
  if (/Array<ExtensionType/.test(type)) return [all.ExtensionType.MemoTransfer];
  if (/AuthorityType/.test(type)) return all.AuthorityType.AccountOwner;
  if (/AccountState/.test(type)) return all.AccountState.Frozen;
  if (/StakeAuthorize/.test(type)) return all.StakeAuthorize.Withdrawer;
  if (/AuthorizedArgs/.test(type)) return { staker: addressOf('argument staker'), withdrawer: addressOf('argument withdrawer') };
  if (/LockupArgs/.test(type)) return { unixTimestamp: 5n, epoch: 6n, custodian: addressOf('argument custodian') };
  if (/TokenMetadataField/.test(type)) return all.tokenMetadataField('Key', ['a key']);
  if (/EncryptedBalance/.test(type)) return new Uint8Array(64).fill(3);
  if (/DecryptableBalance/.test(type)) return new Uint8Array(36).fill(3);
  if (/Uint8Array/.test(type)) return new Uint8Array(name.includes('Balance') || name.includes('Supply') ? 36 : 64).fill(3);
  if (/bigint/.test(type)) return number();
  if (/number/.test(type)) return 2;
  return undefined;
}

function inputFor(text, Name, all) {
  const input = members(bodyOf(text, new RegExp(`export type ${Name}Input\\b`)));
  const data = members(bodyOf(text, new RegExp(`export type ${Name}InstructionDataArgs\\b`)));
  const values = {};
  const names = new Map();
  const args = {};
  for (const [name, type] of Object.entries(input)) {
    if (name === 'programAddress' && !type.includes('DataArgs[')) continue; // which program, not what it is given
    if (type.includes('DataArgs[') || /^(Array<|boolean|number|string)/.test(type)) {
      const value = argument(name, data[name] ?? type, all);
      if (value === undefined) continue;
      values[name] = args[name] = value;
    } else {
      const address = addressOf(`account ${name}`);
      names.set(address, name);
      values[name] = kit.createNoopSigner(address);
    }
  }
  // Multisignatures would add accounts of their own.
  delete values.multiSigners;
  return { values, names, args };
}

const plain = (value) =>
  typeof value === 'bigint' || typeof value === 'number'
    ? String(value)
    : value instanceof Uint8Array
      ? hex(value)
      : JSON.parse(JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part)));

const vectors = [];
function add(source, name, instruction, names, args = {}) {
  vectors.push({
    source,
    name,
    program: instruction.programAddress,
    data: hex(instruction.data ?? []),
    // Where a library wants no signer, it takes the one that it is given for the address.
    accounts: (instruction.accounts ?? [])
      .map((account) => account.address.address ?? account.address)
      .map((address) => names.get(address) ?? address),
    args: Object.fromEntries(Object.entries(args).map(([key, value]) => [key, plain(value)])),
  });
}

const missed = [];
for (const pack of PACKAGES) {
  const all = await import(`@solana-program/${pack}`);
  const folder = new URL(`node_modules/@solana-program/${pack}/dist/types/generated/instructions/`, here);
  for (const file of readdirSync(folder).filter((f) => f.endsWith('.d.ts') && f !== 'index.d.ts').sort()) {
    const short = file.slice(0, -5);
    const Name = short[0].toUpperCase() + short.slice(1);
    const make = all[`get${Name}Instruction`];
    const { values, names, args } = inputFor(readFileSync(new URL(file, folder), 'utf8'), Name, all);
    if (Name === 'Batch') continue; // its children are vectors themselves; tests/interop/policy.mjs executes it
    try {
      add(`@solana-program/${pack}`, Name, make(values), names, args);
    } catch (error) {
      missed.push(`${pack} ${Name}: ${error.message}`);
    }
  }
}

// The older libraries, which differ in what they leave away.
const named = (names) => new Map(names.map((name) => [addressOf(`account ${name}`), name]));
const key = (name) => new web3.PublicKey(addressOf(`account ${name}`));
function addWeb3(source, name, instruction, names, args) {
  const ix = {
    programAddress: instruction.programId.toBase58(),
    data: instruction.data,
    accounts: instruction.keys.map((k) => ({ address: k.pubkey.toBase58() })),
  };
  add(source, name, ix, named(names), args);
}

for (const program of [splToken.TOKEN_PROGRAM_ID, splToken.TOKEN_2022_PROGRAM_ID]) {
  const source = '@solana/spl-token';
  const t = splToken;
  addWeb3(source, 'Transfer', t.createTransferInstruction(key('source'), key('destination'), key('owner'), 77n, [], program), ['source', 'destination', 'owner'], { amount: 77 });
  addWeb3(source, 'TransferChecked', t.createTransferCheckedInstruction(key('source'), key('mint'), key('destination'), key('owner'), 78n, 6, [], program), ['source', 'mint', 'destination', 'owner'], { amount: 78, decimals: 6 });
  addWeb3(source, 'TransferChecked', t.createTransferCheckedInstruction(key('source'), key('mint'), key('destination'), key('owner'), 79n, 6, [key('signer1'), key('signer2')], program), ['source', 'mint', 'destination', 'owner', 'signer1', 'signer2'], { amount: 79, decimals: 6 });
  addWeb3(source, 'Approve', t.createApproveInstruction(key('source'), key('delegate'), key('owner'), 80n, [], program), ['source', 'delegate', 'owner'], { amount: 80 });
  addWeb3(source, 'CloseAccount', t.createCloseAccountInstruction(key('account'), key('destination'), key('owner'), [], program), ['account', 'destination', 'owner']);
  addWeb3(source, 'SyncNative', t.createSyncNativeInstruction(key('account'), program), ['account']);
  addWeb3(source, 'InitializeAccount', t.createInitializeAccountInstruction(key('account'), key('mint'), key('owner'), program), ['account', 'mint', 'owner']);
  addWeb3(source, 'Burn', t.createBurnInstruction(key('account'), key('mint'), key('owner'), 81n, [], program), ['account', 'mint', 'owner'], { amount: 81 });
  addWeb3(source, 'SetAuthority', t.createSetAuthorityInstruction(key('owned'), key('owner'), t.AuthorityType.CloseAccount, key('newAuthority'), [], program), ['owned', 'owner', 'newAuthority']);
  addWeb3(source, 'CreateAssociatedToken', t.createAssociatedTokenAccountInstruction(key('payer'), key('ata'), key('owner'), key('mint'), program), ['payer', 'ata', 'owner', 'mint']);
  addWeb3(source, 'CreateAssociatedTokenIdempotent', t.createAssociatedTokenAccountIdempotentInstruction(key('payer'), key('ata'), key('owner'), key('mint'), program), ['payer', 'ata', 'owner', 'mint']);
}
addWeb3('@solana/spl-token', 'TransferCheckedWithFee', splToken.createTransferCheckedWithFeeInstruction(key('source'), key('mint'), key('destination'), key('authority'), 1000n, 6, 10n), ['source', 'mint', 'destination', 'authority'], { amount: 1000, decimals: 6, fee: 10 });

const v = web3.VoteProgram;
const vote = key('vote');
addWeb3('@solana/web3.js', 'VoteWithdraw', v.withdraw({ votePubkey: vote, authorizedWithdrawerPubkey: key('withdrawAuthority'), lamports: 82, toPubkey: key('recipient') }).instructions[0], ['vote', 'withdrawAuthority', 'recipient'], { amount: 82 });
addWeb3('@solana/web3.js', 'VoteAuthorize', v.authorize({ votePubkey: vote, authorizedPubkey: key('authority'), newAuthorizedPubkey: key('newAuthority'), voteAuthorizationType: web3.VoteAuthorizationLayout.Withdrawer }).instructions[0], ['vote', 'authority', 'newAuthority']);
addWeb3('@solana/web3.js', 'VoteAuthorizeWithSeed', v.authorizeWithSeed({ votePubkey: vote, currentAuthorityDerivedKeyBasePubkey: key('base'), currentAuthorityDerivedKeyOwnerPubkey: key('owner'), currentAuthorityDerivedKeySeed: 'seed', newAuthorizedPubkey: key('newAuthority'), voteAuthorizationType: web3.VoteAuthorizationLayout.Voter }).instructions[0], ['vote', 'base', 'owner', 'newAuthority']);
addWeb3('@solana/web3.js', 'VoteInitialize', v.initializeAccount({ votePubkey: vote, nodePubkey: key('node'), voteInit: new web3.VoteInit(key('node'), key('voter'), key('withdrawer'), 5) }), ['vote', 'node']);
addWeb3('@solana/web3.js', 'VoteUpdateIdentity', v.updateValidatorIdentity({ votePubkey: vote, nodePubkey: key('node'), authorizedWithdrawerPubkey: key('authority') }).instructions[0], ['vote', 'node', 'authority']);

const s = web3.StakeProgram;
const stake = key('stake');
addWeb3('@solana/web3.js', 'StakeWithdraw', s.withdraw({ stakePubkey: stake, authorizedPubkey: key('withdrawAuthority'), toPubkey: key('recipient'), lamports: 83 }).instructions[0], ['stake', 'withdrawAuthority', 'recipient'], { amount: 83 });
addWeb3('@solana/web3.js', 'StakeAuthorize', s.authorize({ stakePubkey: stake, authorizedPubkey: key('authority'), newAuthorizedPubkey: key('newAuthority'), stakeAuthorizationType: web3.StakeAuthorizationLayout.Withdrawer }).instructions[0], ['stake', 'authority', 'newAuthority']);
addWeb3('@solana/web3.js', 'StakeDelegate', s.delegate({ stakePubkey: stake, authorizedPubkey: key('authority'), votePubkey: vote }).instructions[0], ['stake', 'vote', 'authority']);
addWeb3('@solana/web3.js', 'StakeDeactivate', s.deactivate({ stakePubkey: stake, authorizedPubkey: key('authority') }).instructions[0], ['stake', 'authority']);
addWeb3('@solana/web3.js', 'StakeMerge', s.merge({ stakePubkey: stake, sourceStakePubKey: key('sourceStake'), authorizedPubkey: key('authority') }).instructions[0], ['stake', 'sourceStake', 'authority']);

for (const line of missed) console.error('not made:', line);
const lines = vectors.map((vector) => `  ${JSON.stringify(vector)}`);
writeFileSync(new URL('../vectors/solana/instructions.json', here), `[\n${lines.join(',\n')}\n]\n`);
console.log(`${vectors.length} instructions, ${missed.length} not made`);

// Addresses that follow from others.
const { findAssociatedTokenPda, TOKEN_PROGRAM_ADDRESS } = await import('@solana-program/token');
const { TOKEN_2022_PROGRAM_ADDRESS } = await import('@solana-program/token-2022');
const derived = [];
for (let i = 0; i < 120; ++i) {
  const owner = addressOf(`owner ${i}`);
  const mint = addressOf(`mint ${i}`);
  const program = i % 2 ? TOKEN_PROGRAM_ADDRESS : TOKEN_2022_PROGRAM_ADDRESS;
  const [address, bump] = await findAssociatedTokenPda({ owner, mint, tokenProgram: program });
  derived.push(JSON.stringify({ owner, mint, program, address, bump }));
}
writeFileSync(new URL('../vectors/solana/program-addresses.json', here), `[\n  ${derived.join(',\n  ')}\n]\n`);
