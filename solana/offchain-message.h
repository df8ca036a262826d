#pragma once
// Off-chain messages: text that a wallet signs and that can never be a transaction.
//
// Both versions begin with a signing domain whose first byte begins no transaction message (S5):
//
//   ff "solana offchain" (16) | version 0 | application domain (32) | format u8 | n u8 | n signers (32 each) |
//       length u16 | text                                        format 0: printable ASCII, 1: UTF-8, both up to 1232
//                                                                bytes in all; 2: UTF-8, up to 65535
//   ff "solana offchain" (16) | version 1 | n u8 | n signers (32 each, strictly ascending) | text (UTF-8, the rest)
//
// # Which one we sign: version 1
// It is what Agave's specification describes since June 2026 (docs/src/proposals/off-chain-message-signing.md, with
// version 0 in an appendix as legacy; text: solana-foundation SRFCs #3), what the wallet standard's feature
// `solana:signOffchainMessage` produces, and what @solana/offchain-messages 8 (part of @solana/kit) compares with
// assertOffchainMessageV1Equal and verifies. It has one encoding for each text and set of signers. Version 0 is
// decoded, and written on demand (writeOffchainMessageV0), for verifiers that know only it: solana-offchain-message 3
// in Rust.
//
// A third form is found in the command line of Solana 1.14 to 2.x: domain | version 0 | format | length | text, without
// application domain and signers. Current libraries do not verify it, and we neither write nor decode it: whether its
// bytes could be read as the version 0 above as well would depend on the text.
//
// Text is stricter here than in the specification: no NUL and no leading byte order mark, because decoders in
// JavaScript drop both, so that people would be shown another text than the one that was signed.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "solana/address.h"
#include "solana/byte-cursor.h"
#include "solana/malformed.h"

namespace waas::solana {

enum class OffchainFormat : std::uint8_t { PRINTABLE_ASCII = 0, UTF8 = 1, LONG_UTF8 = 2 };

/// A decoded off-chain message: a view into the bytes it was decoded from, which must outlive it and must not change.
class OffchainMessage {
 public:
  std::uint8_t version() const noexcept { return messageVersion; }
  /// Application domain; only version 0 has one, version 1 answers 32 zero bytes.
  Address applicationDomain() const noexcept { return domain; }
  /// Format byte; only version 0 has one.
  OffchainFormat format() const noexcept { return textFormat; }
  std::size_t signerCount() const noexcept { return signers.size() / ADDRESS_SIZE; }
  AddressView signer(std::size_t index) const noexcept {
    return signers.subspan(index * ADDRESS_SIZE).first<ADDRESS_SIZE>();
  }
  std::optional<std::size_t> signerIndex(AddressView key) const noexcept;
  /// Valid UTF-8, at least one byte.
  std::string_view text() const noexcept;

 private:
  friend Decoded<OffchainMessage> decodeOffchainMessage(Bytes bytes) noexcept;
  friend Malformed readVersion0(ByteReader& reader, OffchainMessage& out, std::size_t whole) noexcept;
  friend Malformed readVersion1(ByteReader& reader, OffchainMessage& out) noexcept;
  OffchainMessage() = default;

  Bytes signers;
  Bytes content;
  Address domain;
  std::uint8_t messageVersion = 0;
  OffchainFormat textFormat = OffchainFormat::PRINTABLE_ASCII;
};

/// Decodes an off-chain message in the form that is signed: the whole of `bytes`. Allocates nothing.
Decoded<OffchainMessage> decodeOffchainMessage(Bytes bytes) noexcept;

/// Tells whether text can be signed: 1 to 65515 bytes of valid UTF-8, no NUL, no leading byte order mark. NONE = it
/// can.
Malformed checkOffchainText(Bytes text) noexcept;

/// Size of the version 1 message for one signer and a text of this many bytes.
constexpr std::size_t offchainMessageSize(std::size_t textSize) noexcept {
  return 16 + 1 + 1 + ADDRESS_SIZE + textSize;
}

/// Writes the version 1 message by which `signer` alone signs `text`; the whole of it is what is signed. Answers its
/// size, or nothing if the text can't be signed or `out` is smaller than offchainMessageSize(). Allocates nothing.
std::optional<std::size_t> writeOffchainMessage(AddressView signer, Bytes text, std::span<std::uint8_t> out) noexcept;

/// Writes a version 1 message for several signers, which are put into the order that the format asks for (`signers` is
/// sorted in place). Nothing if one comes twice, or there are none or more than 255.
std::optional<std::size_t> writeOffchainMessage(std::span<Address> signers, Bytes text,
                                                std::span<std::uint8_t> out) noexcept;

/// Writes a version 0 message, in the smallest format that fits. Nothing if it would be larger than 65535 bytes.
std::optional<std::size_t> writeOffchainMessageV0(AddressView applicationDomain, std::span<const Address> signers,
                                                  Bytes text, std::span<std::uint8_t> out) noexcept;

}  // namespace waas::solana
