#pragma once
// A wallet's limit row, read and written (protocol/limit-row.h).
#include "daemon/vault/keyring.h"
#include "policy/limits.h"
#include "protocol/limit-row.h"

namespace waas::vault {

// A value without secrets. Number 0: the wallet was never charged.
struct LimitRow {
  Id walletId{};
  uint64_t number = 0;
  uint64_t tag = 0;
  policy::LimitState state;
  size_t receiptCount = 0;
  std::array<Hash, MAX_LIMIT_RECEIPTS> receipts;  // the oldest first

  // Whether a message was charged already.
  bool hasReceipt(const Hash& message) const;
  // Keeps a receipt; the oldest one goes when there is no room.
  void addReceipt(const Hash& message);
};

// Reads a row that must be this wallet's and authentic. False, and `out` is of no use, for anything else.
[[nodiscard]] bool readLimitRow(const Keyring& keyring, Bytes bytes, const Id& walletId, LimitRow& out);

// Writes a row with its MACs under the newest record key; returns its size. `out` has MAX_LIMIT_ROW_BYTES.
size_t writeLimitRow(const Keyring& keyring, const LimitRow& row, std::span<uint8_t, MAX_LIMIT_ROW_BYTES> out);

}  // namespace waas::vault
