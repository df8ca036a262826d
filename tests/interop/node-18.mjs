// What the libraries take from node 20 and Debian 12's node 18 does not have. Imported before them.
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto;
for (const type of [Array, Object.getPrototypeOf(Uint8Array)]) {
  type.prototype.toSorted ??= function (compare) {
    return this.slice().sort(compare);
  };
  type.prototype.toReversed ??= function () {
    return this.slice().reverse();
  };
}
