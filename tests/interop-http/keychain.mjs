// npm's @solana/keychain-vault, unchanged, as a client of the gateway over TLS; litesvm takes what it signed.
import assert from 'node:assert/strict';

import '../interop/node-18.mjs';
import { signUp, trustAuthority, url } from './gateway.mjs';

trustAuthority();
const kit = await import('@solana/kit');
const { getTransferSolInstruction } = await import('@solana-program/system');
const { VaultSigner } = await import('@solana/keychain-vault');
const { LiteSVM, FailedTransactionMetadata } = await import('litesvm');

const [ada, bob] = [await signUp(), await signUp()];
const signerOf = (person, options = {}) =>
  new VaultSigner({
    vaultAddr: url, vaultToken: person.token, keyName: person.wallet.walletId, publicKey: person.wallet.publicKey, ...options,
  });

const svm = new LiteSVM();
svm.airdrop(kit.address(ada.wallet.publicKey), kit.lamports(10_000_000_000n));

function transfer(amount, version, payer = ada) {
  const from = kit.address(payer.wallet.publicKey);
  return kit.pipe(
    kit.createTransactionMessage({ version }),
    (m) => kit.setTransactionMessageFeePayer(from, m),
    (m) => kit.setTransactionMessageLifetimeUsingBlockhash({ blockhash: svm.latestBlockhash(), lastValidBlockHeight: 1000n }, m),
    (m) => kit.appendTransactionMessageInstruction(
      getTransferSolInstruction({ source: kit.createNoopSigner(from), destination: kit.address(bob.wallet.publicKey), amount }), m),
    (m) => kit.compileTransaction(m),
  );
}

async function sign(signer, transaction) {
  const [signatures] = await signer.signTransactions([transaction]);
  return { ...transaction, signatures: { ...transaction.signatures, ...signatures } };
}

let sum = 0n;
for (const [name, keyName] of Object.entries({ id: ada.wallet.walletId, address: ada.wallet.publicKey })) {
  for (const version of ['legacy', 0]) {
    const amount = 1_000_000n + sum;
    const signer = signerOf(ada, { keyName });
    assert.equal(await signer.isAvailable(), true, `${name}: not available`);
    const signed = await sign(signer, transfer(amount, version));
    const result = svm.sendTransaction(signed);
    assert.ok(!(result instanceof FailedTransactionMetadata), `litesvm refuses ${version}: ${result}`);
    sum += amount;
    assert.equal(svm.getBalance(kit.address(bob.wallet.publicKey)), sum);
    // A repetition is the same signature.
    assert.deepEqual((await sign(signer, transfer(amount, version))).signatures[signer.address],
      (await sign(signer, transfer(amount, version))).signatures[signer.address]);
    svm.expireBlockhash();
    console.log(`${version} named by ${name}: signed, executed`);
  }
}

const failsWith = async (signer, pattern, what) => {
  assert.equal(await signer.isAvailable(), false, `${what}: says that it is available`);
  await assert.rejects(sign(signer, transfer(1n, 0)), (error) => pattern.test(`${error.message} ${JSON.stringify(error.context ?? {})}`), what);
  console.log(`${what}: refused`);
};
await failsWith(signerOf(ada, { vaultToken: 'hvs.wrong' }), /permission denied/, 'a wrong token');
await failsWith(signerOf(ada, { keyName: 'no-such-key' }), /signing key not found/, 'an unknown key');
await failsWith(signerOf(bob, { keyName: ada.wallet.walletId, publicKey: ada.wallet.publicKey }), /signing key not found/, "somebody else's key");

for (const path of ['/v1/transit/sign/x/', '/v1/transit', '/v1', '//v1/sys/health', '/V1/sys/health']) {
  const response = await fetch(url + path, { redirect: 'manual' });
  assert.ok(response.status < 300 || response.status >= 400, `${path} redirects`);
}
console.log('done');
