#include "solana/instruction/action.h"

namespace waas::solana {
namespace {

constexpr std::size_t CIPHERTEXT_SIZE = 36;  // a balance that its owner can decrypt
constexpr std::size_t ENCRYPTED_SIZE = 64;   // a twisted ElGamal ciphertext

bool skip(ByteReader& reader, std::size_t count) noexcept {
  Bytes skipped;
  return reader.take(count, skipped);
}

template <typename Length>
bool skipString(ByteReader& reader) noexcept {
  Length length = 0;
  return reader.read(length) && length <= reader.remaining() && skip(reader, static_cast<std::size_t>(length));
}

/// The one byte before an optional value: 0 or 1, nothing else.
bool readPresence(ByteReader& reader, bool& present) noexcept {
  std::uint8_t byte = 0;
  if (!reader.read(byte) || byte > 1) return false;
  present = byte == 1;
  return true;
}

/// Which of the two authorities of a stake or vote account: 0 is the row's own role.
bool readRole(ByteReader& reader, Action& out) noexcept {
  std::uint32_t which = 0;
  if (!reader.read(which) || which > 1) return false;
  if (which == 1) out.role = Role::WITHDRAWER;
  return true;
}

/// Which field of a token's metadata: name, symbol, address, or one with a name of its own.
bool skipMetadataField(ByteReader& reader) noexcept {
  std::uint8_t field = 0;
  if (!reader.read(field) || field > 3) return false;
  return field < 3 || skipString<std::uint32_t>(reader);
}

bool readAmount(ByteReader& reader, Action& out) noexcept {
  std::uint64_t amount = 0;
  if (!reader.read(amount)) return false;
  out.amount = amount;
  return true;
}

bool readDecimals(ByteReader& reader, Action& out) noexcept {
  std::uint8_t decimals = 0;
  if (!reader.read(decimals)) return false;
  out.decimals = decimals;
  return true;
}

bool readField(char letter, ByteReader& reader, Action& out) noexcept {
  bool present = false;
  switch (letter) {
    case 'n': return readAmount(reader, out);
    case 'N': return readPresence(reader, present) && (!present || readAmount(reader, out));
    case 'd': return readDecimals(reader, out);
    case 'f': return reader.read(out.withheld);
    case 'k': return reader.take(ADDRESS_SIZE, out.toKey);
    case 'K': return readPresence(reader, present) && (!present || reader.take(ADDRESS_SIZE, out.toKey));
    case 'o': return reader.take(ADDRESS_SIZE, out.ownerKey);
    case 'b': return skip(reader, 1);
    case '?': return readPresence(reader, present);
    case 'h': return skip(reader, 2);
    case 'w': return skip(reader, 4);
    case 'q': return skip(reader, 8);
    case 'x': return skip(reader, ADDRESS_SIZE);
    case 'X': return readPresence(reader, present) && (!present || skip(reader, ADDRESS_SIZE));
    case 'C': return skip(reader, CIPHERTEXT_SIZE);
    case 'E': return skip(reader, ENCRYPTED_SIZE);
    case 's': return skipString<std::uint64_t>(reader);
    case 't': return skipString<std::uint32_t>(reader);
    case 'Q': return readPresence(reader, present) && (!present || skip(reader, 8));
    case 'R': return readRole(reader, out);
    case 'F': return skipMetadataField(reader);
    case 'r': return skip(reader, reader.remaining());
    default: return false;
  }
}

}  // namespace

bool readByRow(const Row& row, Bytes data, std::size_t accounts, Action& out) noexcept {
  std::size_t most = row.most == 0 ? row.accounts : row.most;
  if (accounts < row.accounts || (most != ANY && accounts > most)) return false;
  out = Action{};
  ByteReader reader(data);
  for (const char* letter = row.data; *letter != '\0'; ++letter) {
    if (!readField(*letter, reader, out)) return false;
  }
  if (!reader.atEnd()) return false;
  out.kind = row.kind;
  out.asset = row.asset;
  if (out.role == Role::NONE) out.role = row.role;
  out.name = row.name;
  out.at = row.at;
  out.needed = row.accounts;
  return true;
}

const Row* findRow(std::span<const Row> rows, std::uint32_t tag, std::optional<std::uint8_t> sub) noexcept {
  for (const Row& row : rows) {
    if (row.tag == tag && (row.sub < 0 || (sub && row.sub == *sub))) return &row;
  }
  return nullptr;
}

bool readByWideTag(std::span<const Row> rows, Bytes data, std::size_t accounts, Action& out) noexcept {
  ByteReader reader(data);
  std::uint32_t tag = 0;
  if (!reader.read(tag)) return false;
  const Row* row = findRow(rows, tag, std::nullopt);
  return row != nullptr && readByRow(*row, data.subspan(reader.position()), accounts, out);
}

}  // namespace waas::solana
