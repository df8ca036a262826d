// S1, S3: a message that decodes is sanitized and is written to the same bytes.

#include <algorithm>
#include <array>

#include "fuzz-check.h"
#include "solana/message-writer.h"
#include "solana/offchain-message.h"
#include "solana/transaction.h"

using namespace waas::solana;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  auto message = decodeMessage(bytes);
  if (!message) return 0;
  FUZZ_CHECK(!decodeTransaction(bytes));
  FUZZ_CHECK(!decodeOffchainMessage(bytes));
  FUZZ_CHECK(message->isSigner(0) && message->isWritable(0));
  FUZZ_CHECK(message->header().requiredSignatures <= message->staticKeyCount());
  for (const Instruction& instruction : message->instructions()) {
    FUZZ_CHECK(instruction.program != 0 && instruction.program < message->staticKeyCount());
    for (std::uint8_t account : instruction.accounts) FUZZ_CHECK(account < message->accountCount());
  }
  for (const LookupTable& lookup : message->lookupTables()) {
    FUZZ_CHECK(!lookup.writable.empty() || !lookup.readonly.empty());
  }
  std::array<std::uint8_t, MAX_V1_TRANSACTION_SIZE> out;
  FUZZ_CHECK(writeMessage(*message, out) == size);
  FUZZ_CHECK(std::equal(bytes.begin(), bytes.end(), out.begin()));
  FUZZ_CHECK(writeUnsignedTransaction(bytes, out) == message->transactionSize());
  return 0;
}
