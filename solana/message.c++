#include "solana/message.h"

#include <bitset>

#include "solana/compact-u16.h"

namespace waas::solana {
namespace {

constexpr std::uint8_t VERSION_FLAG = 0x80;

constexpr std::uint32_t PRIORITY_FEE_BITS = 0b11;
constexpr std::uint32_t COMPUTE_UNIT_LIMIT_BIT = 0b100;
constexpr std::uint32_t LOADED_ACCOUNTS_DATA_SIZE_BIT = 0b1000;
constexpr std::uint32_t HEAP_SIZE_BIT = 0b10000;
constexpr std::uint32_t KNOWN_CONFIG_BITS = 0b11111;

constexpr std::size_t V1_INSTRUCTION_HEADER = 4;

/// Reads a compact length and that many bytes.
Malformed takeCounted(ByteReader& reader, Bytes& out) noexcept {
  std::uint16_t count = 0;
  if (auto wrong = readCompactU16(reader, count); wrong != Malformed::NONE) return wrong;
  return reader.take(count, out) ? Malformed::NONE : Malformed::TRUNCATED;
}

/// The two shapes of an instruction; v1 keeps all headers before all payloads.
Malformed readPart(bool separateHeaders, ByteReader& headers, ByteReader& payloads, Instruction& out) noexcept {
  if (!separateHeaders) {
    if (!payloads.read(out.program)) return Malformed::TRUNCATED;
    if (auto wrong = takeCounted(payloads, out.accounts); wrong != Malformed::NONE) return wrong;
    return takeCounted(payloads, out.data);
  }
  std::uint8_t accounts = 0;
  std::uint16_t data = 0;
  bool complete = headers.read(out.program) && headers.read(accounts) && headers.read(data) &&
                  payloads.take(accounts, out.accounts) && payloads.take(data, out.data);
  return complete ? Malformed::NONE : Malformed::TRUNCATED;
}

Malformed readPart(bool, ByteReader&, ByteReader& payloads, LookupTable& out) noexcept {
  if (!payloads.take(ADDRESS_SIZE, out.table)) return Malformed::TRUNCATED;
  if (auto wrong = takeCounted(payloads, out.writable); wrong != Malformed::NONE) return wrong;
  return takeCounted(payloads, out.readonly);
}

}  // namespace

template <typename Part>
void Parts<Part>::Iterator::read() noexcept {
  // The decoder has read the same bytes before; should they have changed since, the walk ends early instead of going on
  // with what is not there.
  if (left > 0 && readPart(separateHeaders, headers, payloads, part) != Malformed::NONE) left = 0;
}

template class Parts<Instruction>::Iterator;
template class Parts<LookupTable>::Iterator;

bool Message::isWritable(std::size_t account) const noexcept {
  const Header& h = messageHeader;
  std::size_t statics = staticKeyCount();
  if (account < h.requiredSignatures) return account < std::size_t{h.requiredSignatures} - h.readonlySigned;
  if (account < statics) return account < statics - h.readonlyUnsigned;
  return account < statics + loadedWritable;
}

std::optional<std::size_t> Message::signerIndex(AddressView key) const noexcept {
  for (std::size_t i = 0; i < messageHeader.requiredSignatures; ++i) {
    if (same(staticKey(i), key)) return i;
  }
  return std::nullopt;
}

std::size_t Message::transactionSize() const noexcept {
  std::size_t signatures = messageHeader.requiredSignatures * SIGNATURE_SIZE;
  // In v1 the message says how many signatures follow; before, a length of one byte goes in front of them.
  return all.size() + signatures + (messageVersion == Version::V1 ? 0 : 1);
}

/// Builds one Message. Reading comes first, so that lengths are known to be right; then the checks on what was read.
class MessageDecoder {
 public:
  explicit MessageDecoder(Bytes bytes) noexcept : reader(bytes) { message.all = bytes; }

  Decoded<Message> decode() noexcept {
    Malformed wrong = read();
    if (wrong == Malformed::NONE && !reader.atEnd()) wrong = Malformed::TRAILING_BYTES;
    if (wrong == Malformed::NONE) wrong = check();
    if (wrong != Malformed::NONE) return wrong;
    return message;
  }

 private:
  ByteReader reader;
  Message message;

  Malformed read() noexcept {
    if (message.all.empty()) return Malformed::TRUNCATED;
    std::uint8_t first = message.all.front();
    if ((first & VERSION_FLAG) == 0) return readCompact();
    if (!reader.read(first)) return Malformed::TRUNCATED;
    switch (first) {
      case VERSION_FLAG | 0: message.messageVersion = Version::V0; return readCompact();
      case VERSION_FLAG | 1: message.messageVersion = Version::V1; return readV1();
      default: return Malformed::UNKNOWN_VERSION;
    }
  }

  Malformed readHeader() noexcept {
    Header& h = message.messageHeader;
    bool complete =
        reader.read(h.requiredSignatures) && reader.read(h.readonlySigned) && reader.read(h.readonlyUnsigned);
    return complete ? Malformed::NONE : Malformed::TRUNCATED;
  }

  /// Legacy and v0.
  Malformed readCompact() noexcept {
    if (message.all.size() > MAX_TRANSACTION_SIZE) return Malformed::TOO_LARGE;
    if (auto wrong = readHeader(); wrong != Malformed::NONE) return wrong;
    std::uint16_t keys = 0;
    if (auto wrong = readCompactU16(reader, keys); wrong != Malformed::NONE) return wrong;
    if (!reader.take(keys * ADDRESS_SIZE, message.keys)) return Malformed::TRUNCATED;
    if (!reader.take(ADDRESS_SIZE, message.lifetimeBytes)) return Malformed::TRUNCATED;
    if (auto wrong = readCountedParts(message.messageInstructions); wrong != Malformed::NONE) return wrong;
    return message.messageVersion == Version::V0 ? readCountedParts(message.messageLookups) : Malformed::NONE;
  }

  template <typename Part>
  Malformed readCountedParts(Parts<Part>& out) noexcept {
    std::uint16_t count = 0;
    if (auto wrong = readCompactU16(reader, count); wrong != Malformed::NONE) return wrong;
    std::size_t begin = reader.position();
    for (std::size_t i = 0; i < count; ++i) {
      Part part;
      if (auto wrong = readPart(false, reader, reader, part); wrong != Malformed::NONE) return wrong;
    }
    out = Parts<Part>(false, count, {}, message.all.subspan(begin, reader.position() - begin));
    return Malformed::NONE;
  }

  Malformed readV1() noexcept {
    if (message.all.size() > MAX_V1_TRANSACTION_SIZE) return Malformed::TOO_LARGE;
    std::uint32_t mask = 0;
    std::uint8_t instructions = 0;
    std::uint8_t addresses = 0;
    if (auto wrong = readHeader(); wrong != Malformed::NONE) return wrong;
    bool complete = reader.read(mask) && reader.take(ADDRESS_SIZE, message.lifetimeBytes) &&
                    reader.read(instructions) && reader.read(addresses);
    if (!complete) return Malformed::TRUNCATED;
    if (message.messageHeader.requiredSignatures > MAX_V1_SIGNATURES) return Malformed::TOO_MANY_SIGNATURES;
    if (instructions > MAX_V1_INSTRUCTIONS) return Malformed::TOO_MANY_INSTRUCTIONS;
    if (addresses > MAX_V1_ADDRESSES) return Malformed::TOO_MANY_ADDRESSES;
    if (!reader.take(addresses * ADDRESS_SIZE, message.keys)) return Malformed::TRUNCATED;
    if (auto wrong = readConfig(mask); wrong != Malformed::NONE) return wrong;
    return readV1Instructions(instructions);
  }

  template <typename Integer>
  bool readConfigValue(std::optional<Integer>& out) noexcept {
    Integer value = 0;
    if (!reader.read(value)) return false;
    out = value;
    return true;
  }

  Malformed readConfig(std::uint32_t mask) noexcept {
    Config& config = message.messageConfig;
    // A bit that we do not know moves everything after it: nothing that follows could be trusted.
    if ((mask & ~KNOWN_CONFIG_BITS) != 0) return Malformed::UNKNOWN_CONFIG;
    std::uint32_t fee = mask & PRIORITY_FEE_BITS;
    if (fee != 0 && fee != PRIORITY_FEE_BITS) return Malformed::HALF_PRIORITY_FEE;
    bool complete =
        (fee == 0 || readConfigValue(config.priorityFeeLamports)) &&
        ((mask & COMPUTE_UNIT_LIMIT_BIT) == 0 || readConfigValue(config.computeUnitLimit)) &&
        ((mask & LOADED_ACCOUNTS_DATA_SIZE_BIT) == 0 || readConfigValue(config.loadedAccountsDataSizeLimit)) &&
        ((mask & HEAP_SIZE_BIT) == 0 || readConfigValue(config.heapSize));
    if (!complete) return Malformed::TRUNCATED;
    if (config.heapSize && (*config.heapSize % V1_HEAP_SIZE_STEP != 0 || *config.heapSize < MIN_V1_HEAP_SIZE ||
                            *config.heapSize > MAX_V1_HEAP_SIZE)) {
      return Malformed::HEAP_SIZE;
    }
    return Malformed::NONE;
  }

  Malformed readV1Instructions(std::size_t count) noexcept {
    Bytes headers;
    if (!reader.take(count * V1_INSTRUCTION_HEADER, headers)) return Malformed::TRUNCATED;
    ByteReader headerReader(headers);
    std::size_t begin = reader.position();
    for (std::size_t i = 0; i < count; ++i) {
      Instruction instruction;
      if (auto wrong = readPart(true, headerReader, reader, instruction); wrong != Malformed::NONE) return wrong;
    }
    Bytes payloads = message.all.subspan(begin, reader.position() - begin);
    message.messageInstructions = Instructions(true, count, headers, payloads);
    return Malformed::NONE;
  }

  Malformed check() noexcept {
    const Header& h = message.messageHeader;
    if (h.requiredSignatures == 0) return Malformed::NO_SIGNER;
    if (h.readonlySigned >= h.requiredSignatures) return Malformed::READONLY_FEE_PAYER;
    if (std::size_t{h.requiredSignatures} + h.readonlyUnsigned > message.staticKeyCount())
      return Malformed::TOO_FEW_KEYS;
    std::size_t limit = message.messageVersion == Version::V1 ? MAX_V1_TRANSACTION_SIZE : MAX_TRANSACTION_SIZE;
    if (message.transactionSize() > limit) return Malformed::TOO_LARGE;
    if (hasDuplicateKey()) return Malformed::DUPLICATE_KEY;
    if (auto wrong = checkLookups(); wrong != Malformed::NONE) return wrong;
    return checkInstructions();
  }

  bool hasDuplicateKey() const noexcept {
    // At most 64 keys (38 fit into a legacy transaction), so every pair is compared and nothing is allocated.
    for (std::size_t i = 1; i < message.staticKeyCount(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (same(message.staticKey(i), message.staticKey(j))) return true;
      }
    }
    return false;
  }

  Malformed checkLookups() noexcept {
    std::size_t at = 0;
    for (const LookupTable& lookup : message.messageLookups) {
      if (lookup.writable.empty() && lookup.readonly.empty()) return Malformed::EMPTY_LOOKUP;
      // The same entry twice is the same account twice, which the runtime refuses; the same table twice could always be
      // written as once. Compilers make neither.
      std::bitset<256> used;
      for (Bytes indexes : {lookup.writable, lookup.readonly}) {
        for (std::uint8_t index : indexes) {
          if (used.test(index)) return Malformed::DUPLICATE_LOOKUP;
          used.set(index);
        }
      }
      std::size_t before = at++;
      for (const LookupTable& earlier : message.messageLookups) {
        if (before-- == 0) break;
        if (same(earlier.address(), lookup.address())) return Malformed::DUPLICATE_LOOKUP;
      }
      message.loadedWritable += lookup.writable.size();
      message.loadedReadonly += lookup.readonly.size();
    }
    return message.accountCount() > MAX_ACCOUNTS ? Malformed::TOO_MANY_ACCOUNTS : Malformed::NONE;
  }

  Malformed checkInstructions() const noexcept {
    std::size_t statics = message.staticKeyCount();
    std::size_t accounts = message.accountCount();
    for (const Instruction& instruction : message.messageInstructions) {
      if (instruction.program == 0) return Malformed::PROGRAM_IS_FEE_PAYER;
      if (instruction.program >= statics) return Malformed::PROGRAM_OUT_OF_RANGE;
      for (std::uint8_t account : instruction.accounts) {
        if (account >= accounts) return Malformed::ACCOUNT_OUT_OF_RANGE;
      }
    }
    return Malformed::NONE;
  }
};

Decoded<Message> decodeMessage(Bytes bytes) noexcept { return MessageDecoder(bytes).decode(); }

}  // namespace waas::solana
