// Reads base58 that stands for 32 bytes.
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

export default function decode(text) {
  let value = 0n;
  for (const c of text) value = value * 58n + BigInt(ALPHABET.indexOf(c));
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
}
