// A small chain (litesvm: Agave's runtime) for scripts that execute what they make: accounts, mints, transactions of each
// version, balances before and after.
import { createHash } from 'node:crypto';
import { toBase58, kit } from './libraries.mjs';
import * as system from '@solana-program/system';
import * as token from '@solana-program/token';
import * as token2022 from '@solana-program/token-2022';
import { FailedTransactionMetadata, LiteSVM } from 'litesvm';

export const SOL = 1_000_000_000n;
export const NATIVE_MINT = kit.address('So11111111111111111111111111111111111111112');
export const JUPITER = kit.address('JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4');
export const TOKEN = token.TOKEN_PROGRAM_ADDRESS;
export const TOKEN_2022 = token2022.TOKEN_2022_PROGRAM_ADDRESS;

/** An address that depends on the name alone, of nobody whose key is known. */
export const named = (name) => kit.getAddressDecoder().decode(createHash('sha256').update(`policy table ${name}`).digest());

/** An instruction by hand, for what no library would make. `accounts`: [address or signer, 'w' | 's' | 'ws' | '']. */
export function instruction(programAddress, accounts, data) {
  return {
    programAddress,
    accounts: accounts.map(([who, flags]) => {
      const signer = flags.includes('s');
      const role = (flags.includes('w') ? 1 : 0) + (signer ? 2 : 0);
      const address = typeof who === 'string' ? who : who.address;
      return typeof who === 'object' && signer ? { address, role, signer: who } : { address, role };
    }),
    data: Uint8Array.from(data),
  };
}

/** A message of a version, without lifetime or signatures. `tables`: { table address: [addresses] } for v0. */
export function draft(version, payer, instructions, { tables, config, lifetime } = {}) {
  let message = kit.createTransactionMessage({ version });
  message = kit.setTransactionMessageFeePayer(payer.address ?? payer, message);
  message = kit.setTransactionMessageLifetimeUsingBlockhash(
    { blockhash: lifetime ?? kit.blockhash(toBase58(new Uint8Array(32).fill(7))), lastValidBlockHeight: 0n },
    message,
  );
  message = kit.appendTransactionMessageInstructions(instructions, message);
  if (tables) message = kit.compressTransactionMessageUsingAddressLookupTables(message, tables);
  if (config) message = kit.setTransactionMessageConfig(config, message);
  return message;
}

/** The wire bytes of a draft, with empty signature slots. */
export function unsigned(message) {
  return new Uint8Array(kit.getTransactionEncoder().encode(kit.compileTransaction(message)));
}

export class Chain {
  svm;
  signers = new Map();

  /** `lenient`: signatures, blockhashes and repetitions are not looked at. */
  constructor({ lenient = false } = {}) {
    this.svm = new LiteSVM().withDefaultPrograms().withNativeMints();
    if (lenient) this.svm = this.svm.withSigverify(false).withBlockhashCheck(false).withTransactionHistory(0n);
  }

  /** A key pair with some lamports. `seed`: 32 bytes. */
  async signer(seed, lamports = 100n * SOL) {
    const signer = await kit.createKeyPairSignerFromPrivateKeyBytes(seed);
    this.signers.set(signer.address, signer);
    if (lamports > 0n) this.svm.airdrop(signer.address, kit.lamports(lamports));
    return signer;
  }

  freshLifetime() {
    this.svm.expireBlockhash();
    return this.svm.latestBlockhash();
  }

  /** Signs with all keys that it knows, and executes. Answers { bytes, error, logs }. */
  async execute(version, payer, instructions, options = {}) {
    const message = draft(version, payer, instructions, { ...options, lifetime: options.lifetime ?? this.freshLifetime() });
    return this.submit(kit.compileTransaction(message));
  }

  async submit(compiled) {
    const pairs = Object.keys(compiled.signatures).map((address) => this.signers.get(address)?.keyPair);
    const transaction = await kit.partiallySignTransaction(pairs.filter(Boolean), compiled);
    const bytes = new Uint8Array(kit.getTransactionEncoder().encode(transaction));
    const result = this.svm.sendTransaction(transaction);
    const failed = result instanceof FailedTransactionMetadata;
    return { bytes, error: failed ? String(result.toString()) : null, logs: failed ? result.meta().logs() : result.logs() };
  }

  /** Executes what must work. */
  async must(payer, instructions, options = {}) {
    const result = await this.execute(0, payer, instructions, options);
    if (result.error) throw new Error(`${result.error}\n${result.logs.join('\n')}`);
    return result;
  }

  lamports(address) {
    return this.svm.getBalance(address) ?? 0n;
  }

  /** A token account's content, or null. */
  tokenAccount(address) {
    const account = this.svm.getAccount(address);
    if (!account?.exists || account.data.length < 165) return null;
    const data = account.data;
    const key = (at) => kit.getAddressDecoder().decode(data.subarray(at, at + 32));
    const view = new DataView(data.buffer, data.byteOffset);
    const optional = (at) => (view.getUint32(at, true) === 1 ? key(at + 4) : null);
    return {
      mint: key(0),
      owner: key(32),
      amount: view.getBigUint64(64, true),
      delegate: optional(72),
      closeAuthority: optional(129),
      program: account.programAddress,
      lamports: account.lamports,
    };
  }

  async ata(owner, mint, program = TOKEN) {
    const [address] = await token.findAssociatedTokenPda({ owner: owner.address ?? owner, mint, tokenProgram: program });
    return address;
  }

  /** A new mint whose authority is `authority`. */
  async mint(authority, seed, decimals = 6, program = TOKEN) {
    const mint = await this.signer(seed, 0n);
    const size = 82n;
    await this.must(authority, [
      system.getCreateAccountInstruction({
        payer: authority,
        newAccount: mint,
        lamports: this.svm.minimumBalanceForRentExemption(size),
        space: size,
        programAddress: program,
      }),
      token.getInitializeMint2Instruction(
        { mint: mint.address, decimals, mintAuthority: authority.address },
        { programAddress: program },
      ),
    ]);
    return mint.address;
  }

  /** Makes an owner's associated account, with tokens in it. */
  async fund(authority, owner, mint, amount, program = TOKEN) {
    const ata = await this.ata(owner, mint, program);
    await this.must(authority, [
      token.getCreateAssociatedTokenIdempotentInstruction({
        payer: authority,
        ata,
        owner: owner.address ?? owner,
        mint,
        tokenProgram: program,
      }),
      token.getMintToInstruction({ mint, token: ata, mintAuthority: authority, amount }, { programAddress: program }),
    ]);
    return ata;
  }
}
