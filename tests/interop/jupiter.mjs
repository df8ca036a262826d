// Swaps of Jupiter's aggregator as its API makes them, from the program's published interface. There is no npm package that
// makes the instructions themselves.
import { kit } from './libraries.mjs';
import { JUPITER, TOKEN, instruction } from './chain.mjs';

const EVENT_AUTHORITY = 'D8cy77BBepLMngZx6ZukaTff5hCt1HrWyKk3Hnd9oitf';
const u16 = (value) => [value & 0xff, value >> 8];
const u64 = (value) => Array.from({ length: 8 }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));
const tag = (text) => [...Buffer.from(text, 'hex')];

/** One step through Raydium (an exchange without parameters), everything of it. */
const PLAN = [1, 0, 0, 0, 7, 100, 0, 1];
const PLAN_V2 = [1, 0, 0, 0, 7, ...u16(10_000), 0, 1];

/**
 * One swap. `kind`: route, shared, route_v2, shared_v2, exact_out, ledger. Options: user, source, destination, inMint,
 * outMint, pools (further accounts), in, out, slippage, fee, plan, feeAccount, toInstead, tail (bytes after the data).
 */
export function swap(kind, o) {
  const none = [JUPITER, ''];
  const optional = (address) => (address ? [address, 'w'] : none);
  const user = [o.user, 's'];
  const accounts = {
    route: [[TOKEN, ''], user, [o.source, 'w'], [o.destination, 'w'], optional(o.toInstead), [o.outMint, ''], optional(o.feeAccount)],
    ledger: [[TOKEN, ''], user, [o.source, 'w'], [o.destination, 'w'], optional(o.toInstead), [o.outMint, ''], optional(o.feeAccount), [o.pools[0], '']],
    exact_out: [[TOKEN, ''], user, [o.source, 'w'], [o.destination, 'w'], optional(o.toInstead), [o.inMint, ''], [o.outMint, ''], optional(o.feeAccount), none],
    shared: [[TOKEN, ''], [o.pools[0], ''], user, [o.source, 'w'], [o.pools[1], 'w'], [o.pools[2], 'w'], [o.destination, 'w'], [o.inMint, ''], [o.outMint, ''], optional(o.feeAccount), none],
    route_v2: [user, [o.source, 'w'], [o.destination, 'w'], [o.inMint, ''], [o.outMint, ''], [TOKEN, ''], [TOKEN, ''], optional(o.toInstead)],
    shared_v2: [[o.pools[0], ''], user, [o.source, 'w'], [o.pools[1], 'w'], [o.pools[2], 'w'], [o.destination, 'w'], [o.inMint, ''], [o.outMint, ''], [TOKEN, ''], [TOKEN, '']],
  }[kind];
  const plan = o.plan ?? PLAN;
  const old = [...u16(o.slippage), o.fee];
  const fresh = [...u16(o.slippage), ...u16(o.fee), 0, 0];
  const data = {
    route: [...tag('e517cb977ae3ad2a'), ...plan, ...u64(o.in), ...u64(o.out), ...old],
    ledger: [...tag('96564774a75d0e68'), ...plan, ...u64(o.out), ...old],
    exact_out: [...tag('d033ef977b2bed5c'), ...plan, ...u64(o.out), ...u64(o.in), ...old],
    shared: [...tag('c1209b3341d69c81'), 3, ...plan, ...u64(o.in), ...u64(o.out), ...old],
    route_v2: [...tag('bb64facc31c4af14'), ...u64(o.in), ...u64(o.out), ...fresh, ...(o.plan ?? PLAN_V2)],
    shared_v2: [...tag('d19853937cfed8e9'), 3, ...u64(o.in), ...u64(o.out), ...fresh, ...(o.plan ?? PLAN_V2)],
  }[kind];
  const rest = [[EVENT_AUTHORITY, ''], none, ...o.pools.map((pool) => [pool, 'w'])];
  return instruction(JUPITER, [...accounts, ...rest], [...data, ...(o.tail ?? [])]);
}

export const SWAP_KINDS = ['route', 'shared', 'route_v2', 'shared_v2', 'exact_out'];
export { EVENT_AUTHORITY, u64, kit };
