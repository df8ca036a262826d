// What Solana's runtime asks of a transaction, written a second time and from what @solana/kit decodes, so that each case
// in which our decoder refuses more than the libraries can be held against its reason.
import { kit, describeWithKit } from './libraries.mjs';

const equal = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;

/** Re-encodes with kit; throws where kit can't. */
function againWithKit(bytes) {
  const isV1 = bytes[0] === 0x81;
  const { messageBytes } = kit.getTransactionDecoder().decode(bytes);
  const message = kit.getCompiledTransactionMessageEncoder().encode(
    kit.getCompiledTransactionMessageDecoder().decode(messageBytes),
  );
  const count = isV1 ? bytes[1] : bytes[0];
  const signatures = isV1 ? bytes.subarray(bytes.length - 64 * count) : bytes.subarray(1, 1 + 64 * count);
  return isV1 ? [...message, ...signatures] : [count, ...signatures, ...message];
}

/** The rules that a transaction breaks although kit decodes it, as reasons that our decoder gives. */
export function brokenRules(bytes, d) {
  const broken = new Set();
  const rule = (holds, ...reasons) => holds || reasons.forEach((reason) => broken.add(reason));
  const [required, readonlySigned, readonlyUnsigned] = d.header;
  const loaded = d.lookups.flatMap(([, w, r]) => [...w, ...r]).length;
  const isV1 = d.version === 1;
  rule(required > 0, 'It requires no signature.');
  rule(readonlySigned < required, 'The fee payer is not writable.');
  rule(required + readonlyUnsigned <= d.keys.length, 'The header counts more keys than there are.');
  rule(new Set(d.keys).size === d.keys.length, 'A key is listed twice.');
  rule(bytes.length <= (isV1 ? 4096 : 1232), 'It is larger than its version allows.');
  for (const [program, accounts] of d.instructions) {
    rule(program !== 0, 'An instruction names the fee payer as its program.');
    rule(program < d.keys.length, 'An instruction names a program that is not among the static keys.');
    rule(accounts.every((a) => a < d.keys.length + loaded), 'An instruction names an account that is not there.');
  }
  rule(d.keys.length + loaded <= 256, 'There are more than 256 accounts.');
  rule(d.lookups.every(([, w, r]) => w.length + r.length > 0), 'A lookup table is named and not used.');
  rule(
    new Set(d.lookups.map(([table]) => table)).size === d.lookups.length &&
      d.lookups.every(([, w, r]) => new Set([...w, ...r]).size === w.length + r.length),
    'A lookup table, or an entry of one, is named twice.',
  );
  // As many signatures as are required: kit and web3.js see to that themselves.
  if (isV1) v1Rules(bytes, d, rule);
  rule(isV1 === (bytes[0] === 0x81), 'The version is not known: only legacy, 0 and 1 are.');
  // One form: what kit writes from what it read. Decoders of both libraries ignore bytes after the message and take
  // lengths in any form (kit, web3.js legacy and v0).
  let same = false;
  try {
    same = equal(againWithKit(bytes), bytes);
  } catch {
    // kit decoded what it can't encode: not a form of its own either
  }
  const reasons = ['There are bytes after the end.', 'A length is not written in its shortest form.', 'The bytes end too early.'];
  rule(same, ...reasons);
  if (broken.size === 0 && isBareMessage(bytes)) broken.add('The bytes can be read as a transaction and as a bare message.');
  return broken;
}

function v1Rules(bytes, d, rule) {
  const mask = Buffer.from(bytes).readUInt32LE(4);
  rule(d.header[0] <= 12, 'It requires more than 12 signatures.');
  rule(d.keys.length <= 64, 'There are more than 64 addresses.');
  rule(d.instructions.length <= 64, 'There are more than 64 instructions.');
  rule(mask < 32, 'The configuration has a field that is not known.');
  const heap = d.config.heapSize === undefined ? 32768 : Number(d.config.heapSize);
  rule(heap % 1024 === 0 && heap >= 32768 && heap <= 262144, 'The heap size is no multiple of 1024 between 32 and 256 KiB.');
}

/** Whether the bytes are also a sound message without signatures. */
function isBareMessage(bytes) {
  try {
    const message = kit.getCompiledTransactionMessageDecoder().decode(bytes);
    const again = kit.getCompiledTransactionMessageEncoder().encode(message);
    if (message.version !== 'legacy' || !equal(again, bytes)) return false;
    const whole = new Uint8Array([message.header.numSignerAccounts, ...new Uint8Array(64 * message.header.numSignerAccounts), ...bytes]);
    const described = describeWithKit(whole);
    // A bare message that breaks a rule is none; the recursion ends since `whole` begins with empty signatures.
    return brokenRules(whole, described).size === 0;
  } catch {
    return false;
  }
}
