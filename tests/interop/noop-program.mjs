// The smallest program that Solana's runtime loads: it does nothing and succeeds. Stands where the real program can't be had,
// so that the transactions around it can be executed.

const TEXT_AT = 64;
/** mov64 r0, 0; exit */
const CODE = [0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];

/** An ELF file with that code, and nothing else but the names of its sections. */
export function noopProgram() {
  const names = Buffer.from('\0.text\0.shstrtab\0', 'latin1');
  const namesAt = TEXT_AT + CODE.length;
  const headersAt = (namesAt + names.length + 7) & ~7;
  const file = Buffer.alloc(headersAt + 3 * 64);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]); // 64 bit, little endian
  file.writeUInt16LE(3, 16); // a shared object
  file.writeUInt16LE(247, 18); // for BPF
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(TEXT_AT), 24); // entry
  file.writeBigUInt64LE(BigInt(headersAt), 40);
  file.writeUInt16LE(64, 52); // size of this header
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(64, 58); // size of a section header
  file.writeUInt16LE(3, 60);
  file.writeUInt16LE(2, 62); // which section has the names
  file.set(CODE, TEXT_AT);
  file.set(names, namesAt);
  section(1, 1, 1, 6n, TEXT_AT, CODE.length);
  section(2, 7, 3, 0n, namesAt, names.length);
  return new Uint8Array(file);

  function section(index, name, type, flags, at, size) {
    const header = headersAt + 64 * index;
    file.writeUInt32LE(name, header);
    file.writeUInt32LE(type, header + 4);
    file.writeBigUInt64LE(flags, header + 8);
    file.writeBigUInt64LE(BigInt(flags === 0n ? 0 : at), header + 16);
    file.writeBigUInt64LE(BigInt(at), header + 24);
    file.writeBigUInt64LE(BigInt(size), header + 32);
    file.writeBigUInt64LE(8n, header + 48);
  }
}
