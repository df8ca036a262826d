#pragma once
// Transactions in wire form: signatures around a message.
//
//   legacy, v0   compact-u16 n | n * signature[64] | message        first byte 1..19 (the size limit bounds n)
//   v1           message | n * signature[64]                        first byte 81; n stands in the message's header
//
// Signature i belongs to static key i, i < n = required signatures. Every signer signs the message's bytes, nothing
// else; an empty slot is 64 zero bytes.
//
// # Which bytes could be two things?
// What is signed (message legacy 01..7f, v0 80, v1 81, off-chain ff) differs in its first byte, so no signature over
// one kind is ever good for another. What arrives, to be signed, is a whole transaction, and there three pairs must be
// kept apart:
//   - v1 and a legacy or v0 transaction with 129 signatures (or 257, 385, ...): both could begin with 81, since a
//     compact-u16 of 129 is 81 01. 129 signatures are 8256 bytes and no transaction is larger than 4096: such counts
//     are refused as a whole, any first byte from 80 on but 81 is refused, and 81 is v1.
//   - a transaction and a bare message: a legacy message begins with 01..7f as a transaction does. What follows in a
//     transaction are signatures, and these may be chosen by whoever sends it; so one can build bytes that are a sound
//     transaction with message B to us and a sound bare message A to somebody who shows or approves it.
//     decodeTransaction() tries both readings and refuses bytes that have two (Malformed::AMBIGUOUS). By chance this
//     does not happen: the signature's bytes would have to be the counts of a message that ends exactly where the
//     transaction does. v0 has no such pair (80 is no count), nor has v1: its bytes say where the message ends, and a
//     transaction has at least one signature after it.
//   - a transaction and an off-chain message: ff begins no transaction.
// The Ed25519 signature itself does not say which version was meant: the version byte is part of what is signed.

#include <cstddef>
#include <optional>
#include <span>

#include "solana/message.h"

namespace waas::solana {

/// A decoded transaction: a view into its bytes, which must outlive it and must not change.
class Transaction {
 public:
  const Message& message() const noexcept { return content; }
  /// The bytes that are signed.
  Bytes messageBytes() const noexcept { return content.bytes(); }

  std::size_t signatureCount() const noexcept { return content.header().requiredSignatures; }
  /// Where the slot of a signer begins in the transaction's bytes. The slot never overlaps the message (S6).
  std::size_t signatureOffset(std::size_t signer) const noexcept { return slots + signer * SIGNATURE_SIZE; }
  SignatureView signature(std::size_t signer) const noexcept {
    return all.subspan(signatureOffset(signer)).first<SIGNATURE_SIZE>();
  }
  /// Tells whether the slot is 64 zero bytes. Says nothing about whether another signature is valid.
  bool isEmptySlot(std::size_t signer) const noexcept;
  /// Finds a key among the required signers.
  std::optional<std::size_t> signerIndex(AddressView key) const noexcept { return content.signerIndex(key); }

 private:
  friend Decoded<Transaction> decodeTransaction(Bytes bytes) noexcept;
  Transaction(Bytes all, std::size_t slots, const Message& content) noexcept
      : all(all), slots(slots), content(content) {}

  Bytes all;
  std::size_t slots;
  Message content;
};

/// Decodes a whole transaction: all of `bytes`, nothing left over, as many signature slots as its message requires.
/// Signatures are not verified. Allocates nothing.
Decoded<Transaction> decodeTransaction(Bytes bytes) noexcept;

/// Writes a transaction around a message, `signatures` in the order of the signers. Answers its size, or nothing if
/// `out` is too small, the message does not decode or the count is not the one it requires.
std::optional<std::size_t> writeTransaction(Bytes message, std::span<const Signature> signatures,
                                            std::span<std::uint8_t> out) noexcept;

/// Writes a transaction with empty slots only.
std::optional<std::size_t> writeUnsignedTransaction(Bytes message, std::span<std::uint8_t> out) noexcept;

/// Puts a signature into its slot. `transaction` are the bytes that were decoded, or a copy of them; `offset` is what
/// signatureOffset() says. Answers false, and writes nothing, if the slot would not lie within.
[[nodiscard]] bool putSignature(std::span<std::uint8_t> transaction, std::size_t offset,
                                SignatureView signature) noexcept;

}  // namespace waas::solana
