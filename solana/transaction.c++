#include "solana/transaction.h"

#include <algorithm>
#include <array>

#include "solana/compact-u16.h"

namespace waas::solana {
namespace {

constexpr std::uint8_t V1_PREFIX = 0x81;
constexpr std::uint8_t VERSION_FLAG = 0x80;

struct Layout {
  std::size_t slots;
  Bytes message;
};

/// Splits the bytes into slots and message, by counts alone.
Decoded<Layout> layoutOf(Bytes bytes, std::size_t& signatures) noexcept {
  if (bytes.empty()) return Malformed::TRUNCATED;
  if (bytes[0] == V1_PREFIX) {
    if (bytes.size() > MAX_V1_TRANSACTION_SIZE) return Malformed::TOO_LARGE;
    if (bytes.size() < 2) return Malformed::TRUNCATED;
    signatures = bytes[1];
    if (signatures > MAX_V1_SIGNATURES) return Malformed::TOO_MANY_SIGNATURES;
    if (bytes.size() < signatures * SIGNATURE_SIZE) return Malformed::TRUNCATED;
    std::size_t slots = bytes.size() - signatures * SIGNATURE_SIZE;
    return Layout{slots, bytes.first(slots)};
  }
  if (bytes.size() > MAX_TRANSACTION_SIZE) return Malformed::TOO_LARGE;
  // A count of two or three bytes means more signatures than any transaction has room for; the same first bytes begin
  // bare messages of v0 and of versions that we do not know.
  if ((bytes[0] & VERSION_FLAG) != 0) return Malformed::UNKNOWN_VERSION;
  signatures = bytes[0];
  std::size_t end = 1 + signatures * SIGNATURE_SIZE;
  if (bytes.size() < end) return Malformed::TRUNCATED;
  return Layout{1, bytes.subspan(end)};
}

}  // namespace

bool Transaction::isEmptySlot(std::size_t signer) const noexcept {
  SignatureView slot = signature(signer);
  return std::all_of(slot.begin(), slot.end(), [](std::uint8_t byte) { return byte == 0; });
}

Decoded<Transaction> decodeTransaction(Bytes bytes) noexcept {
  std::size_t signatures = 0;
  Decoded<Layout> layout = layoutOf(bytes, signatures);
  if (!layout) return layout.malformed();
  Decoded<Message> message = decodeMessage(layout->message);
  if (!message) return message.malformed();
  // A v1 message must not stand where a legacy or v0 one belongs, nor the other way round: two frames for one message
  // would be two forms of one transaction.
  bool isV1 = message->version() == Version::V1;
  if (isV1 != (bytes[0] == V1_PREFIX)) return Malformed::UNKNOWN_VERSION;
  if (message->header().requiredSignatures != signatures) return Malformed::SIGNATURE_COUNT;
  if (decodeMessage(bytes)) return Malformed::AMBIGUOUS;
  return Transaction(bytes, layout->slots, *message);
}

std::optional<std::size_t> writeTransaction(Bytes message, std::span<const Signature> signatures,
                                            std::span<std::uint8_t> out) noexcept {
  Decoded<Message> decoded = decodeMessage(message);
  if (!decoded || decoded->header().requiredSignatures != signatures.size()) return std::nullopt;
  ByteWriter writer(out);
  bool isV1 = decoded->version() == Version::V1;
  if (isV1) writer.put(message);
  if (!isV1) putCompactU16(writer, static_cast<std::uint16_t>(signatures.size()));
  for (const Signature& signature : signatures) writer.put(Bytes(signature.bytes));
  if (!isV1) writer.put(message);
  if (!writer.fits()) return std::nullopt;
  return writer.size();
}

std::optional<std::size_t> writeUnsignedTransaction(Bytes message, std::span<std::uint8_t> out) noexcept {
  Decoded<Message> decoded = decodeMessage(message);
  if (!decoded) return std::nullopt;
  // The size limit of a message allows at most 19 signers.
  std::array<Signature, MAX_TRANSACTION_SIZE / SIGNATURE_SIZE> empty{};
  return writeTransaction(message, std::span(empty).first(decoded->header().requiredSignatures), out);
}

bool putSignature(std::span<std::uint8_t> transaction, std::size_t offset, SignatureView signature) noexcept {
  if (offset > transaction.size() || transaction.size() - offset < SIGNATURE_SIZE) return false;
  std::copy(signature.begin(), signature.end(), transaction.subspan(offset).begin());
  return true;
}

}  // namespace waas::solana
