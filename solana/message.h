#pragma once
// Messages: the part of a transaction that is signed, in its three versions.
//
//   legacy   header[3] | keys | blockhash[32] | instructions                        first byte 1..127 (signers
//   required) v0       80 | as legacy | lookup tables                                         first byte 80 v1       81
//   | header[3] | config mask u32 | lifetime[32] | #instructions u8 | #addresses u8 | addresses |
//            config values | instruction headers | instruction payloads             first byte 81 (SIMD-0385)
//
// Legacy and v0 count with compact-u16, v1 with fixed fields. A message begins with no other byte: ff begins an
// off-chain message (offchain-message.h), the rest are versions that do not exist.

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>

#include "solana/address.h"
#include "solana/byte-cursor.h"
#include "solana/malformed.h"

namespace waas::solana {

enum class Version : std::uint8_t { LEGACY, V0, V1 };

/// Classes of the static keys, which are sorted: writable signers (the first pays the fee), readonly signers, writable
/// others, readonly others.
struct Header {
  std::uint8_t requiredSignatures = 0;
  std::uint8_t readonlySigned = 0;
  std::uint8_t readonlyUnsigned = 0;
  bool operator==(const Header&) const = default;
};

/// Compute budget of a v1 message; absent = the field is not in the message (the runtime then takes 0, for the heap its
/// smallest). Empty for the other versions, which say it by instructions of the ComputeBudget program.
struct Config {
  std::optional<std::uint64_t> priorityFeeLamports;  // in all, not by compute unit
  std::optional<std::uint32_t> computeUnitLimit;
  std::optional<std::uint32_t> loadedAccountsDataSizeLimit;  // bytes
  std::optional<std::uint32_t> heapSize;                     // bytes
  bool operator==(const Config&) const = default;
};

/// One instruction: index of its program among the static keys, indexes of its accounts among all accounts, its data.
struct Instruction {
  std::uint8_t program = 0;
  Bytes accounts;
  Bytes data;
};

/// Accounts that a v0 message takes from one lookup table, by their indexes there.
struct LookupTable {
  Bytes table;  // 32 bytes, the table's address
  Bytes writable;
  Bytes readonly;
  AddressView address() const noexcept { return table.first<ADDRESS_SIZE>(); }
};

/// A range over parts that lie one after another in the message; they are read anew with each walk, so nothing is
/// allocated. Single-pass iterators, for range-for.
template <typename Part>
class Parts {
 public:
  Parts() = default;
  Parts(bool separateHeaders, std::size_t count, Bytes headers, Bytes payloads) noexcept
      : count(count), headers(headers), payloads(payloads), separateHeaders(separateHeaders) {}

  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = Part;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(const Parts& parts) noexcept
        : left(parts.count), separateHeaders(parts.separateHeaders), headers(parts.headers), payloads(parts.payloads) {
      read();
    }
    const Part& operator*() const noexcept { return part; }
    const Part* operator->() const noexcept { return &part; }
    Iterator& operator++() noexcept {
      --left;
      read();
      return *this;
    }
    void operator++(int) noexcept { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return left == 0; }

   private:
    std::size_t left;
    bool separateHeaders;
    ByteReader headers;  // v1 only: program index and lengths stand apart
    ByteReader payloads;
    Part part;

    void read() noexcept;
  };

  std::size_t size() const noexcept { return count; }
  bool empty() const noexcept { return count == 0; }
  Iterator begin() const noexcept { return Iterator(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  std::size_t count = 0;
  Bytes headers;
  Bytes payloads;
  bool separateHeaders = false;
};

using Instructions = Parts<Instruction>;
using LookupTables = Parts<LookupTable>;

/// A decoded message: a view into the bytes it was decoded from, which must outlive it and must not change. Made by
/// decodeMessage() only, so it is always sanitized (S3):
///   - at least one signer; the first key signs and is writable;
///   - header and number of keys fit; no static key comes twice;
///   - each program is a static key and not the fee payer; each account index is in range;
///   - a lookup table is named once, each of its entries at most once, and at least one is used;
///   - with its signatures the transaction is no larger than its version allows.
class Message {
 public:
  Version version() const noexcept { return messageVersion; }
  const Header& header() const noexcept { return messageHeader; }
  const Config& config() const noexcept { return messageConfig; }
  /// All bytes of the message: exactly what each signer signs.
  Bytes bytes() const noexcept { return all; }
  /// Recent blockhash, or the nonce where the first instruction advances one.
  AddressView lifetime() const noexcept { return lifetimeBytes.first<ADDRESS_SIZE>(); }

  std::size_t staticKeyCount() const noexcept { return keys.size() / ADDRESS_SIZE; }
  /// The static key with this index, which must be in range.
  AddressView staticKey(std::size_t index) const noexcept {
    return keys.subspan(index * ADDRESS_SIZE).first<ADDRESS_SIZE>();
  }
  AddressView feePayer() const noexcept { return staticKey(0); }

  Instructions instructions() const noexcept { return messageInstructions; }
  LookupTables lookupTables() const noexcept { return messageLookups; }

  /// Number of all accounts: the static keys, then what all tables give writable, then what all tables give readonly.
  std::size_t accountCount() const noexcept { return staticKeyCount() + loadedWritable + loadedReadonly; }
  std::size_t loadedWritableCount() const noexcept { return loadedWritable; }
  std::size_t loadedReadonlyCount() const noexcept { return loadedReadonly; }
  bool isSigner(std::size_t account) const noexcept { return account < messageHeader.requiredSignatures; }
  /// Tells whether the message asks for the account to be writable. The runtime may still demote it (a program that is
  /// called, a sysvar); it never promotes.
  bool isWritable(std::size_t account) const noexcept;

  /// Finds a key among the required signers. Only these have a signature slot.
  std::optional<std::size_t> signerIndex(AddressView key) const noexcept;

  /// Size of the whole transaction: this message and its signatures.
  std::size_t transactionSize() const noexcept;

 private:
  friend class MessageDecoder;
  Message() = default;

  Bytes all;
  Bytes keys;
  Bytes lifetimeBytes;
  Instructions messageInstructions;
  LookupTables messageLookups;
  Config messageConfig;
  std::size_t loadedWritable = 0;
  std::size_t loadedReadonly = 0;
  Version messageVersion = Version::LEGACY;
  Header messageHeader;
};

/// Decodes a bare message: the whole of `bytes`, nothing left over. Allocates nothing.
Decoded<Message> decodeMessage(Bytes bytes) noexcept;

}  // namespace waas::solana
