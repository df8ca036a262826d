#pragma once
// Rows as they rest, turned into rows as the vault reads them, and back.
#include <protocol/vault.capnp.h>

#include "rows.h"

namespace waas::broker {

namespace inner = protocol::vault;

inline capnp::Data::Reader dataOf(kj::ArrayPtr<const kj::byte> bytes) { return bytes; }
template <size_t N>
capnp::Data::Reader dataOf(const std::array<uint8_t, N>& bytes) {
  return kj::arrayPtr(bytes.data(), N);
}
inline Bytes bytesOf(capnp::Data::Reader data) { return Bytes(data.begin(), data.size()); }

// Copies fixed-size bytes. False when the size is another.
template <size_t N>
[[nodiscard]] bool readBytes(capnp::Data::Reader data, std::array<uint8_t, N>& out) {
  if (data.size() != N) return false;
  memcpy(out.data(), data.begin(), N);
  return true;
}

constexpr size_t wordsFor(size_t bytes) { return (bytes + 7) / 8; }

// Words that a wallet with its shares, or an account, takes in a record.
size_t wordsOf(const WalletRow& row);
size_t wordsOf(const AccountRow& row);

// Fills in a wallet, with the shares of the row's version that the two Redis have, if any, and with every floor. The
// recovery envelope goes along where the row has it.
void writeWallet(inner::Wallet::Builder out, const WalletRow& row, const ShareHash& redis1, const ShareHash& redis2);
void writeAccount(inner::Account::Builder out, const AccountRow& row);

// A wallet as the vault has just made it.
struct NewWallet {
  WalletRow row;
  kj::Array<kj::byte> share2;
  kj::Array<kj::byte> share3;
  kj::Array<kj::byte> floor;  // of its shares' version; empty when the vault gave none
};

// Throw (unknown) when the vault's answer is not what it must be.
NewWallet readNewWallet(inner::Wallet::Reader wallet, uint64_t expiresAt);
NewWallet readTombstone(inner::Wallet::Reader wallet);  // without envelopes
AccountRow readAccount(inner::Account::Reader account);

// The field of the version that is wanted, or null.
const ShareField* findVersion(kj::ArrayPtr<const ShareField> fields, const WalletVersion& version);

}  // namespace waas::broker
