// Makes shamir.txt with three independent implementations from npm:
//
//   privy   shamir-secret-sharing 0.0.4   privy.io; GF(2^8) mod 0x11b, random coordinates, coordinate is the last byte
//   shamir  shamir 0.7.1                  S. Massey, after C. Hale's Java; GF(2^8) mod 0x11b, coordinates 1..n
//   grempe  secrets.js-grempe 2.0.0       A. Stetsyuk, G. Rempe; GF(2^8) mod 0x11d, coordinates 1..n
//
// secrets.js computes in another representation of the same field. A root r of 0x11d in GF(2^8) mod 0x11b gives the
// isomorphism x^i -> r^i; secret, coordinates and shares of secrets.js are written mapped by it, byte by byte. The
// mapping is linear over the bits, so what is checked is still their arithmetic against ours.
//
//   npm install && node make-vectors.mjs > shamir.txt
import { createRequire } from 'node:module';
import { randomBytes, randomInt } from 'node:crypto';
const require = createRequire(import.meta.url);
const privy = require('shamir-secret-sharing');
const massey = require('shamir');
const grempe = require('secrets.js-grempe');

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const line = (source, threshold, secret, shares) =>
  console.log([source, threshold, hex(secret), ...shares.map(([x, y]) => `${x}:${hex(y)}`)].join(' '));

const multiply = (a, b) => {
  let product = 0;
  for (; b; b >>= 1, a = (a << 1) ^ (a & 0x80 ? 0x11b : 0)) if (b & 1) product ^= a;
  return product;
};
const power = (a, n) => (n === 0 ? 1 : multiply(a, power(a, n - 1)));
const root = [...Array(256).keys()].find((r) => r > 1 && (power(r, 8) ^ power(r, 4) ^ power(r, 3) ^ power(r, 2) ^ 1) === 0);
const map = (byte) => [...Array(8).keys()].reduce((sum, i) => sum ^ ((byte >> i) & 1 ? power(root, i) : 0), 0);

console.log('# source threshold secret coordinate:share...   made by make-vectors.mjs; see there for the sources');
const shapes = [[2, 2], [3, 3], [3, 3], [3, 3], [2, 3], [3, 5], [5, 8], [8, 8], [17, 20], [40, 40]];
for (const [threshold, count] of shapes) {
  const secret = randomBytes(32);
  const shares = await privy.split(new Uint8Array(secret), count, threshold);
  line('privy', threshold, secret, shares.map((s) => [s[32], s.slice(0, 32)]));
}
for (const [threshold, count] of shapes) {
  const secret = randomBytes(32);
  const parts = massey.split((n) => new Uint8Array(randomBytes(n)), count, threshold, new Uint8Array(secret));
  line('shamir', threshold, secret, Object.entries(parts).map(([x, y]) => [Number(x), y]));
}
grempe.init(8);
for (const [threshold, count] of shapes) {
  const secret = randomBytes(32);
  const shares = grempe.share(hex(secret), count, threshold, 0).map((s) => {
    const parts = grempe.extractShareComponents(s);
    const data = Buffer.from(parts.data.padStart(parts.data.length + (parts.data.length % 2), '0'), 'hex');
    return [map(parts.id), data.subarray(data.length - 32).map(map)];  // before them stands the share of a marker bit
  });
  line('grempe', threshold, secret.map(map), shares);
}
