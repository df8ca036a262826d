// S1, S5: an off-chain message that decodes is written to the same bytes and is never a transaction or its message.

#include <algorithm>
#include <vector>

#include "fuzz-check.h"
#include "solana/offchain-message.h"
#include "solana/transaction.h"

using namespace waas::solana;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  std::vector<std::uint8_t> out(size + ADDRESS_SIZE + 32);
  Address signer;
  // As text: whatever can be signed is no transaction.
  if (auto written = writeOffchainMessage(signer, bytes, out)) {
    Bytes signedBytes = Bytes(out).first(*written);
    FUZZ_CHECK(bool(decodeOffchainMessage(signedBytes)));
    FUZZ_CHECK(!decodeMessage(signedBytes) && !decodeTransaction(signedBytes));
  }
  auto message = decodeOffchainMessage(bytes);
  if (!message) return 0;
  FUZZ_CHECK(!decodeMessage(bytes) && !decodeTransaction(bytes));
  std::vector<Address> signers;
  for (std::size_t i = 0; i < message->signerCount(); ++i) signers.push_back(copy(message->signer(i)));
  Bytes text(reinterpret_cast<const std::uint8_t*>(message->text().data()), message->text().size());
  auto written = message->version() == 1 ? writeOffchainMessage(std::span(signers), text, out)
                                         : writeOffchainMessageV0(message->applicationDomain(), signers, text, out);
  FUZZ_CHECK(written == size);
  FUZZ_CHECK(std::equal(bytes.begin(), bytes.end(), out.begin()));
  return 0;
}
