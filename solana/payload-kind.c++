#include "solana/payload-kind.h"

#include "solana/offchain-message.h"
#include "solana/transaction.h"

namespace waas::solana {

PayloadKind classify(Bytes bytes) noexcept {
  auto transaction = decodeTransaction(bytes);
  bool ambiguous = transaction.malformed() == Malformed::AMBIGUOUS;
  bool message = bool(decodeMessage(bytes));
  bool offchain = bool(decodeOffchainMessage(bytes));
  int readings = (transaction ? 1 : 0) + (message ? 1 : 0) + (offchain ? 1 : 0);
  if (ambiguous || readings > 1) return PayloadKind::AMBIGUOUS;
  if (transaction) return PayloadKind::TRANSACTION;
  if (message) return PayloadKind::MESSAGE;
  return offchain ? PayloadKind::OFFCHAIN_MESSAGE : PayloadKind::UNKNOWN;
}

}  // namespace waas::solana
