// A transfer of one lamport to its own sender, as the bytes of a legacy message.
import bs58 from './base58.mjs';

export function transfer(address, blockhash) {
  const key = bs58(address);
  const data = Buffer.alloc(12);
  data.writeUInt32LE(2, 0);
  data.writeBigUInt64LE(1n, 4);
  return Buffer.concat([
    Buffer.from([1, 0, 1, 2]), key, Buffer.alloc(32), blockhash, Buffer.from([1, 1, 2, 0, 0, data.length]), data,
  ]);
}
