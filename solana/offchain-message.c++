#include "solana/offchain-message.h"

#include <algorithm>
#include <array>

#include "solana/utf8.h"

namespace waas::solana {
namespace {

constexpr std::array<std::uint8_t, 16> SIGNING_DOMAIN = {0xff, 's', 'o', 'l', 'a', 'n', 'a', ' ',
                                                         'o',  'f', 'f', 'c', 'h', 'a', 'i', 'n'};
constexpr std::size_t MAX_HARDWARE_WALLET_SIZE = 1232;
constexpr std::size_t MAX_VERSION_0_SIZE = 65535;
constexpr std::size_t VERSION_0_FIXED = 16 + 1 + ADDRESS_SIZE + 1 + 1 + 2;

bool isPrintableAscii(Bytes text) noexcept {
  return std::all_of(text.begin(), text.end(), [](std::uint8_t c) { return c >= 0x20 && c <= 0x7e; });
}

/// What every version asks of its text.
Malformed checkText(Bytes text) noexcept {
  if (text.empty()) return Malformed::EMPTY_TEXT;
  if (!isUtf8(text)) return Malformed::NOT_UTF8;
  bool byteOrderMark = text.size() >= 3 && text[0] == 0xef && text[1] == 0xbb && text[2] == 0xbf;
  bool nul = std::find(text.begin(), text.end(), std::uint8_t{0}) != text.end();
  return byteOrderMark || nul ? Malformed::TEXT_NOT_PLAIN : Malformed::NONE;
}

/// The one format that a version 0 message of this size and text has. Libraries accept a larger format than needed; two
/// signed forms of one text are what we do not want.
OffchainFormat formatOf(std::size_t wholeSize, Bytes text) noexcept {
  if (wholeSize > MAX_HARDWARE_WALLET_SIZE) return OffchainFormat::LONG_UTF8;
  return isPrintableAscii(text) ? OffchainFormat::PRINTABLE_ASCII : OffchainFormat::UTF8;
}

void putPreamble(ByteWriter& writer, std::uint8_t version) noexcept {
  writer.put(Bytes(SIGNING_DOMAIN));
  writer.put(version);
}

Malformed readSigners(ByteReader& reader, Bytes& out) noexcept {
  std::uint8_t count = 0;
  if (!reader.read(count)) return Malformed::TRUNCATED;
  if (count == 0) return Malformed::NO_SIGNER;
  return reader.take(count * ADDRESS_SIZE, out) ? Malformed::NONE : Malformed::TRUNCATED;
}

}  // namespace

Malformed readVersion0(ByteReader& reader, OffchainMessage& out, std::size_t whole) noexcept {
  Bytes domain;
  std::uint8_t format = 0;
  std::uint16_t length = 0;
  if (!reader.take(ADDRESS_SIZE, domain) || !reader.read(format)) return Malformed::TRUNCATED;
  if (auto wrong = readSigners(reader, out.signers); wrong != Malformed::NONE) return wrong;
  if (!reader.read(length) || !reader.take(length, out.content)) return Malformed::TRUNCATED;
  if (!reader.atEnd()) return Malformed::TRAILING_BYTES;
  if (whole > MAX_VERSION_0_SIZE) return Malformed::TOO_LARGE;
  if (auto wrong = checkText(out.content); wrong != Malformed::NONE) return wrong;
  if (format != static_cast<std::uint8_t>(formatOf(whole, out.content))) return Malformed::UNKNOWN_FORMAT;
  for (std::size_t i = 1; i < out.signerCount(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (same(out.signer(i), out.signer(j))) return Malformed::DUPLICATE_KEY;
    }
  }
  out.domain = copy(domain.first<ADDRESS_SIZE>());
  out.textFormat = static_cast<OffchainFormat>(format);
  return Malformed::NONE;
}

Malformed readVersion1(ByteReader& reader, OffchainMessage& out) noexcept {
  if (auto wrong = readSigners(reader, out.signers); wrong != Malformed::NONE) return wrong;
  // Order makes one encoding for each set of signers, and doubles impossible.
  for (std::size_t i = 1; i < out.signerCount(); ++i) {
    AddressView before = out.signer(i - 1);
    AddressView after = out.signer(i);
    if (!std::lexicographical_compare(before.begin(), before.end(), after.begin(), after.end())) {
      return Malformed::SIGNERS_NOT_SORTED;
    }
  }
  if (!reader.take(reader.remaining(), out.content)) return Malformed::TRUNCATED;
  if (out.content.size() > MAX_OFFCHAIN_TEXT) return Malformed::TOO_LARGE;
  return checkText(out.content);
}

std::optional<std::size_t> OffchainMessage::signerIndex(AddressView key) const noexcept {
  for (std::size_t i = 0; i < signerCount(); ++i) {
    if (same(signer(i), key)) return i;
  }
  return std::nullopt;
}

std::string_view OffchainMessage::text() const noexcept {
  return {reinterpret_cast<const char*>(content.data()), content.size()};
}

Decoded<OffchainMessage> decodeOffchainMessage(Bytes bytes) noexcept {
  ByteReader reader(bytes);
  Bytes domain;
  OffchainMessage message;
  if (!reader.take(SIGNING_DOMAIN.size(), domain)) return Malformed::NOT_OFFCHAIN;
  if (!std::equal(domain.begin(), domain.end(), SIGNING_DOMAIN.begin())) return Malformed::NOT_OFFCHAIN;
  if (!reader.read(message.messageVersion)) return Malformed::TRUNCATED;
  Malformed wrong = Malformed::UNKNOWN_VERSION;
  if (message.messageVersion == 0) wrong = readVersion0(reader, message, bytes.size());
  if (message.messageVersion == 1) wrong = readVersion1(reader, message);
  if (wrong != Malformed::NONE) return wrong;
  return message;
}

Malformed checkOffchainText(Bytes text) noexcept {
  return text.size() > MAX_OFFCHAIN_TEXT ? Malformed::TOO_LARGE : checkText(text);
}

std::optional<std::size_t> writeOffchainMessage(AddressView signer, Bytes text, std::span<std::uint8_t> out) noexcept {
  Address one = copy(signer);
  return writeOffchainMessage(std::span(&one, 1), text, out);
}

std::optional<std::size_t> writeOffchainMessage(std::span<Address> signers, Bytes text,
                                                std::span<std::uint8_t> out) noexcept {
  if (signers.empty() || signers.size() > 0xff || checkOffchainText(text) != Malformed::NONE) return std::nullopt;
  std::sort(signers.begin(), signers.end());
  if (std::adjacent_find(signers.begin(), signers.end()) != signers.end()) return std::nullopt;
  ByteWriter writer(out);
  putPreamble(writer, 1);
  writer.put(static_cast<std::uint8_t>(signers.size()));
  for (const Address& signer : signers) writer.put(Bytes(signer.bytes));
  writer.put(text);
  if (!writer.fits()) return std::nullopt;
  return writer.size();
}

std::optional<std::size_t> writeOffchainMessageV0(AddressView applicationDomain, std::span<const Address> signers,
                                                  Bytes text, std::span<std::uint8_t> out) noexcept {
  if (signers.empty() || signers.size() > 0xff || checkOffchainText(text) != Malformed::NONE) return std::nullopt;
  std::size_t whole = VERSION_0_FIXED + signers.size() * ADDRESS_SIZE + text.size();
  if (whole > MAX_VERSION_0_SIZE) return std::nullopt;
  ByteWriter writer(out);
  putPreamble(writer, 0);
  writer.put(Bytes(applicationDomain));
  writer.put(static_cast<std::uint8_t>(formatOf(whole, text)));
  writer.put(static_cast<std::uint8_t>(signers.size()));
  for (const Address& signer : signers) writer.put(Bytes(signer.bytes));
  writer.put(static_cast<std::uint16_t>(text.size()));
  writer.put(text);
  // Refuses the same signer twice.
  if (!writer.fits() || !decodeOffchainMessage(out.first(writer.size()))) return std::nullopt;
  return writer.size();
}

}  // namespace waas::solana
