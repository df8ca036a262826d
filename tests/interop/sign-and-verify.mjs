// Transactions and messages made by @solana/web3.js and @solana/kit, signed by a running stack through the CLI, verified by
// those libraries and executed on litesvm (Agave's runtime).
//
// Environment: WAAS_CLI (path of `waas`), WAAS_SOCKET, WAAS_VAULT_PUB, as the CLI takes them. The caller must be a local
// service of the stack. Makes wallets of its own; may be run again and again.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { fromBase58, getTransferSolInstruction, hex, keyFrom, kit, offchain, toBase58, web3 } from './libraries.mjs';
import { FailedTransactionMetadata, LiteSVM } from 'litesvm';

const CLI = process.env.WAAS_CLI;
const SOL = 1_000_000_000n;
const LONG_DATA = 300;

let svm;
let ours; // the wallet that signs
let second; // another of ours
let friend; // signers that are not ours
let other;

/** Runs the CLI; answers what it printed. */
function waas(args, input = '', expectedCode = 0) {
  const result = spawnSync(CLI, args, { input, encoding: 'utf8', timeout: 60_000 });
  assert.equal(result.error, undefined);
  assert.equal(result.status, expectedCode, `waas ${args.join(' ')}: ${result.stderr}${result.stdout}`);
  return result.stdout;
}
const waasJson = (args, input, code) => JSON.parse(waas(['--json', ...args], input, code));

/** Has a transaction signed. Checks what the CLI says against the bytes, and the bytes against what was sent. */
function sign(bytes, wallet = ours) {
  const answer = waasJson(['sign', 'transaction', '--wallet', wallet.walletId, '-'], Buffer.from(bytes).toString('base64'));
  const signed = new Uint8Array(Buffer.from(answer.transaction, 'base64'));
  const plain = waas(['sign', 'transaction', '--wallet', wallet.walletId, '-'], Buffer.from(bytes).toString('base64'));
  assert.equal(plain.trim(), answer.transaction, 'the same with and without --json, and on each call');

  const before = kit.getTransactionDecoder().decode(bytes);
  const now = kit.getTransactionDecoder().decode(signed);
  assert.deepEqual(now.messageBytes, before.messageBytes);
  for (const [address, signature] of Object.entries(before.signatures)) {
    if (address !== wallet.publicKey) assert.deepEqual(now.signatures[address], signature, 'signatures of others are kept');
  }
  assert.equal(toBase58(now.signatures[wallet.publicKey]), answer.signature);
  return signed;
}

/** Each signature of a complete transaction, by both libraries. */
async function verify(bytes) {
  const transaction = kit.getTransactionDecoder().decode(bytes);
  kit.assertIsSendableTransaction(transaction);
  for (const [address, signature] of Object.entries(transaction.signatures)) {
    const key = await kit.getPublicKeyFromAddress(address);
    assert.ok(await kit.verifySignature(key, signature, transaction.messageBytes), `kit: signature of ${address}`);
  }
  const byWeb3 = web3.VersionedTransaction.deserialize(bytes);
  assert.deepEqual(byWeb3.signatures.map(hex), Object.values(transaction.signatures).map(hex));
  if (byWeb3.version === 'legacy') assert.ok(web3.Transaction.from(Buffer.from(bytes)).verifySignatures(), 'web3.js');
  return transaction;
}

/** Executes it; answers the fee. */
function execute(transaction) {
  const result = svm.sendTransaction(transaction);
  assert.ok(!(result instanceof FailedTransactionMetadata), `litesvm: ${result.toString()}`);
}

const balance = (address) => svm.getBalance(kit.address(address)) ?? 0n;
const fund = (address, amount = 1000n * SOL) => assert.ok(svm.airdrop(kit.address(address), kit.lamports(amount)));
const blockhash = () => {
  svm.expireBlockhash();
  return svm.latestBlockhash();
};
const newAddress = () => toBase58(randomBytes(32));
const key = (wallet) => new web3.PublicKey(wallet.publicKey ?? wallet.web3.publicKey);
const transferBy = (from, to, lamports) =>
  web3.SystemProgram.transfer({ fromPubkey: key(from), toPubkey: new web3.PublicKey(to), lamports });

/** An instruction of the Memo program, which litesvm carries: it demands the signatures of the accounts it is given. */
const memo = (signers, text) =>
  new web3.TransactionInstruction({
    programId: new web3.PublicKey('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr'),
    keys: signers.map((s) => ({ pubkey: key(s), isSigner: true, isWritable: false })),
    data: Buffer.from(text),
  });

function compile(version, payer, instructions, tables = []) {
  const message = new web3.TransactionMessage({ payerKey: key(payer), recentBlockhash: blockhash(), instructions });
  return new web3.VersionedTransaction(version === 'legacy' ? message.compileToLegacyMessage() : message.compileToV0Message(tables));
}

/** A v1 message by kit; signers that are not ours are given as kit's signers. */
function draftV1(payer, instructions, config) {
  let message = kit.createTransactionMessage({ version: 1 });
  message = kit.setTransactionMessageFeePayer(kit.address(payer), message);
  message = kit.setTransactionMessageLifetimeUsingBlockhash({ blockhash: blockhash(), lastValidBlockHeight: 1n }, message);
  message = kit.setTransactionMessageConfig({ computeUnitLimit: 200_000, loadedAccountsDataSizeLimit: 1 << 20, ...config }, message);
  return kit.compileTransaction(kit.appendTransactionMessageInstructions(instructions, message));
}
const wire = (transaction) => new Uint8Array(kit.getTransactionEncoder().encode(transaction));
const transferV1 = (from, to, amount) =>
  getTransferSolInstruction({ source: kit.createNoopSigner(kit.address(from)), destination: kit.address(to), amount });
const memoV1 = (addresses, text) => ({
  programAddress: kit.address('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr'),
  accounts: addresses.map((a) => ({ address: kit.address(a), role: kit.AccountRole.READONLY_SIGNER })),
  data: new TextEncoder().encode(text),
});

before(async () => {
  for (const name of ['WAAS_CLI', 'WAAS_SOCKET', 'WAAS_VAULT_PUB']) assert.ok(process.env[name], `${name} must be set`);
  const tag = hex(randomBytes(6));
  ours = waasJson(['wallet', 'create', '--name', `interop ${tag}`]);
  second = waasJson(['wallet', 'create', '--name', `interop ${tag} second`]);
  friend = await keyFrom(new Uint8Array(randomBytes(32)));
  other = await keyFrom(new Uint8Array(randomBytes(32)));
  svm = new LiteSVM();
  fund(ours.publicKey);
  fund(second.publicKey);
  fund(friend.kit.address);
});

test('the wallet that was made is shown', () => {
  const shown = waasJson(['wallet', 'show', '--wallet', ours.walletId]);
  assert.equal(shown.publicKey, ours.publicKey);
  assert.equal(fromBase58(ours.publicKey).length, 32);
});

for (const version of ['legacy', 'v0']) {
  test(`web3.js, ${version}: one signer`, async () => {
    const to = newAddress();
    const signed = sign(compile(version, ours, [transferBy(ours, to, SOL)]).serialize());
    execute(await verify(signed));
    assert.equal(balance(to), SOL);
  });

  test(`web3.js, ${version}: another signed before us, we pay`, async () => {
    const transaction = compile(version, ours, [transferBy(ours, friend.kit.address, 5), memo([friend], 'agreed')]);
    transaction.sign([friend.web3]);
    execute(await verify(sign(transaction.serialize())));
  });

  test(`web3.js, ${version}: we sign first, the fee payer after us`, async () => {
    const to = newAddress();
    const transaction = compile(version, friend, [transferBy(ours, to, SOL)]);
    const signed = web3.VersionedTransaction.deserialize(sign(transaction.serialize()));
    assert.ok(signed.signatures[0].every((b) => b === 0), "the fee payer's slot is still empty");
    signed.sign([friend.web3]);
    execute(await verify(signed.serialize()));
    assert.equal(balance(to), SOL);
  });

  test(`web3.js, ${version}: four signers, two of them ours, in turn`, async () => {
    const transaction = compile(version, friend, [memo([ours, other, second, friend], 'all of us')]);
    transaction.sign([other.web3]);
    const both = sign(sign(transaction.serialize(), second), ours);
    const signed = web3.VersionedTransaction.deserialize(both);
    signed.sign([friend.web3]);
    execute(await verify(signed.serialize()));
  });
}

test('web3.js, legacy Transaction class: partial signatures', async () => {
  const to = newAddress();
  const transaction = new web3.Transaction({ feePayer: key(ours), recentBlockhash: blockhash() });
  transaction.add(transferBy(ours, to, SOL), memo([friend], 'class'));
  transaction.partialSign(friend.web3);
  const signed = sign(new Uint8Array(transaction.serialize({ requireAllSignatures: false })));
  execute(await verify(signed));
  assert.equal(balance(to), SOL);
});

test('web3.js, v0 with a lookup table: made, extended and used on litesvm', async () => {
  const to = newAddress();
  const recentSlot = svm.getSlotHashes()[0].slot;
  svm.warpToSlot(recentSlot + 1n);
  const [create, table] = web3.AddressLookupTableProgram.createLookupTable({ authority: key(ours), payer: key(ours), recentSlot });
  const extend = web3.AddressLookupTableProgram.extendLookupTable({
    payer: key(ours),
    authority: key(ours),
    lookupTable: table,
    addresses: [new web3.PublicKey(newAddress()), new web3.PublicKey(to)],
  });
  execute(await verify(sign(compile('v0', ours, [create, extend]).serialize())));
  svm.warpToSlot(recentSlot + 10n);
  const state = web3.AddressLookupTableAccount.deserialize(svm.getAccount(kit.address(table.toBase58())).data);
  const transaction = compile('v0', ours, [transferBy(ours, to, SOL)], [new web3.AddressLookupTableAccount({ key: table, state })]);
  assert.deepEqual(transaction.message.addressTableLookups.map((l) => l.writableIndexes), [[1]]);
  execute(await verify(sign(transaction.serialize())));
  assert.equal(balance(to), SOL);
});

test('web3.js, v0 with three lookup tables: verified only', async () => {
  const accounts = Array.from({ length: 30 }, () => new web3.PublicKey(randomBytes(32)));
  const tables = [0, 10, 20].map(
    (from) =>
      new web3.AddressLookupTableAccount({
        key: new web3.PublicKey(randomBytes(32)),
        state: { deactivationSlot: 2n ** 64n - 1n, lastExtendedSlot: 0, lastExtendedSlotStartIndex: 0, addresses: accounts.slice(from, from + 10) },
      }),
  );
  const instruction = new web3.TransactionInstruction({
    programId: new web3.PublicKey(randomBytes(32)),
    keys: accounts.map((pubkey, i) => ({ pubkey, isSigner: false, isWritable: i % 2 === 0 })),
    data: randomBytes(LONG_DATA),
  });
  const transaction = compile('v0', ours, [instruction], tables);
  assert.equal(transaction.message.addressTableLookups.length, 3);
  await verify(sign(transaction.serialize()));
});

test('kit, v1: one signer, with a priority fee', async () => {
  const to = newAddress();
  const before = balance(ours.publicKey);
  const draft = draftV1(ours.publicKey, [transferV1(ours.publicKey, to, SOL)], { priorityFeeLamports: 777n });
  execute(await verify(sign(wire(draft))));
  assert.equal(balance(to), SOL);
  assert.equal(balance(ours.publicKey), before - SOL - 5777n);
});

test('kit, v1: others sign before and after us', async () => {
  const to = newAddress();
  const draft = draftV1(friend.kit.address, [transferV1(ours.publicKey, to, SOL), memoV1([other.kit.address, second.publicKey], 'v1')]);
  const early = await kit.partiallySignTransaction([other.kit.keyPair], draft);
  const both = sign(sign(wire(early), second), ours);
  const late = await kit.partiallySignTransaction([friend.kit.keyPair], kit.getTransactionDecoder().decode(both));
  execute(await verify(wire(late)));
  assert.equal(balance(to), SOL);
});

test('kit, v1: twelve signers and 4096 bytes', async () => {
  const extra = [];
  for (let i = 0; i < 10; ++i) extra.push(await keyFrom(new Uint8Array(randomBytes(32))));
  const signers = [ours.publicKey, second.publicKey, ...extra.map((e) => e.kit.address)];
  const program = kit.address(newAddress());
  const call = (size) => ({
    programAddress: program,
    accounts: signers.map((a) => ({ address: kit.address(a), role: kit.AccountRole.READONLY_SIGNER })),
    data: new Uint8Array(size),
  });
  const size = 4096 - wire(draftV1(ours.publicKey, [call(0)])).length;
  const draft = await kit.partiallySignTransaction(
    extra.map((e) => e.kit.keyPair),
    draftV1(ours.publicKey, [call(size)]),
  );
  const bytes = wire(draft);
  assert.equal(bytes.length, 4096);
  await verify(sign(sign(bytes, second), ours));
});

test('kit, legacy and v0', async () => {
  for (const version of ['legacy', 0]) {
    const to = newAddress();
    let message = kit.createTransactionMessage({ version });
    message = kit.setTransactionMessageFeePayer(kit.address(ours.publicKey), message);
    message = kit.setTransactionMessageLifetimeUsingBlockhash({ blockhash: blockhash(), lastValidBlockHeight: 1n }, message);
    message = kit.appendTransactionMessageInstruction(transferV1(ours.publicKey, to, SOL), message);
    execute(await verify(sign(wire(kit.compileTransaction(message)))));
    assert.equal(balance(to), SOL);
  }
});

test('refused: a transaction that does not need us, and bytes that are none', () => {
  const foreign = compile('v0', friend, [transferBy(friend, newAddress(), 1)]).serialize();
  const input = (bytes) => Buffer.from(bytes).toString('base64');
  const args = ['sign', 'transaction', '--wallet', ours.walletId, '-'];
  waas(args, input(foreign), 1);
  const good = compile('legacy', ours, [transferBy(ours, newAddress(), 1)]).serialize();
  waas(args, input([...good, 0]), 1);
  waas(args, input(good.subarray(0, good.length - 1)), 1);
  // A bare message, without its slots.
  waas(args, input(good.subarray(65)), 1);
});

test('off-chain messages: verified by @solana/offchain-messages', async () => {
  for (const text of ['Sign in to Example App', 'Grüße aus Köln 😀', 'two\nlines', 'x'.repeat(5000)]) {
    const answer = waasJson(['sign', 'message', '--wallet', ours.walletId, '-'], text);
    const expected = { version: 1, content: text, requiredSignatories: [{ address: kit.address(ours.publicKey) }] };
    const envelope = offchain.compileOffchainMessageV1Envelope(expected);
    const signature = fromBase58(answer.signature);
    await offchain.verifyOffchainMessageEnvelope({ ...envelope, signatures: { [ours.publicKey]: signature } });
    // What the CLI says was signed is what the library compiles, and reads back as the text.
    assert.equal(answer.signedMessage, Buffer.from(envelope.content).toString('base64'));
    const received = offchain.getOffchainMessageDecoder().decode(new Uint8Array(Buffer.from(answer.signedMessage, 'base64')));
    offchain.assertOffchainMessageV1Equal(received, expected);
    assert.equal(waas(['sign', 'message', '--wallet', ours.walletId, '-'], text).trim(), answer.signature);
    // It is no transaction's message, nor is the signature one over the text alone.
    assert.throws(() => kit.getCompiledTransactionMessageDecoder().decode(envelope.content));
    const publicKey = await kit.getPublicKeyFromAddress(kit.address(ours.publicKey));
    assert.equal(await kit.verifySignature(publicKey, signature, new TextEncoder().encode(text)), false);
  }
});

test('off-chain messages: bytes that are no text are refused', () => {
  const args = ['sign', 'message', '--wallet', ours.walletId, '-'];
  for (const bytes of [Buffer.from([0xff, 0xfe]), Buffer.from('a\0b')]) {
    const result = spawnSync(CLI, args, { input: bytes, encoding: 'utf8', timeout: 60_000 });
    assert.equal(result.status, 1, result.stderr);
  }
});

test('a transaction is never signed as a message: the text of one is wrapped like any other', async () => {
  // A legacy message whose bytes are all ASCII, so that it is text too.
  const bytes = compile('legacy', ours, [transferBy(ours, newAddress(), 1)]).message.serialize();
  const ascii = Uint8Array.from(bytes, (b) => (b & 0x7f) || 1);
  const answer = waasJson(['sign', 'message', '--wallet', ours.walletId, '-'], Buffer.from(ascii).toString('latin1'));
  const publicKey = await kit.getPublicKeyFromAddress(kit.address(ours.publicKey));
  assert.equal(await kit.verifySignature(publicKey, fromBase58(answer.signature), ascii), false);
});

after(() => console.log(`# wallet ${ours?.publicKey}`));
