// S1, S2, S6: a transaction that decodes is written to the same bytes and is nothing else.

#include <algorithm>
#include <array>

#include "fuzz-check.h"
#include "solana/offchain-message.h"
#include "solana/payload-kind.h"
#include "solana/transaction.h"

using namespace waas::solana;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  auto transaction = decodeTransaction(bytes);
  if (!transaction) {
    FUZZ_CHECK(classify(bytes) != PayloadKind::TRANSACTION);
    return 0;
  }
  FUZZ_CHECK(!decodeMessage(bytes));
  FUZZ_CHECK(!decodeOffchainMessage(bytes));
  FUZZ_CHECK(classify(bytes) == PayloadKind::TRANSACTION);
  std::array<Signature, 19> signatures;
  std::size_t count = transaction->signatureCount();
  FUZZ_CHECK(count <= signatures.size());
  for (std::size_t i = 0; i < count; ++i) {
    auto slot = transaction->signature(i);
    std::copy(slot.begin(), slot.end(), signatures[i].bytes.begin());
    FUZZ_CHECK(transaction->signerIndex(transaction->message().staticKey(i)) == i);
  }
  std::array<std::uint8_t, MAX_V1_TRANSACTION_SIZE> out;
  FUZZ_CHECK(writeTransaction(transaction->messageBytes(), std::span(signatures).first(count), out) == size);
  FUZZ_CHECK(std::equal(bytes.begin(), bytes.end(), out.begin()));
  return 0;
}
