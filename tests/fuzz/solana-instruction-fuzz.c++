// Whatever an instruction's data says, a decoder that understands it stays within it. Input: which program, number of
// accounts, data.

#include <array>
#include <cstring>
#include <iterator>

#include "fuzz-check.h"
#include "policy/program-table.h"
#include "solana/instruction/associated-token.h"
#include "solana/instruction/compute-budget.h"
#include "solana/instruction/jupiter.h"
#include "solana/instruction/lookup-table.h"
#include "solana/instruction/memo.h"
#include "solana/instruction/stake.h"
#include "solana/instruction/system.h"
#include "solana/instruction/token-2022.h"
#include "solana/instruction/token.h"
#include "solana/instruction/vote.h"

using namespace waas::solana;

namespace {

using Read = bool (*)(Bytes, std::size_t, Action&) noexcept;
constexpr Read READERS[] = {system::read,         token::read,  token2022::read, associated_token::read,
                            compute_budget::read, memo::read,   stake::read,     lookup_table::read,
                            vote::read,           jupiter::read};

bool within(Bytes part, Bytes whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void checkBatch(Bytes data) {
  static constexpr std::array<std::uint8_t, 255> ACCOUNTS{};
  token::Batch batch(data, ACCOUNTS);
  std::size_t read = 1;
  while (auto child = batch.next()) {
    FUZZ_CHECK(within(child->data, data));
    read += 2 + child->data.size();
  }
  FUZZ_CHECK(!batch.whole() || read == data.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  if (size < 2) return 0;
  Read read = READERS[input[0] % std::size(READERS)];
  std::size_t accounts = input[1] % 32;
  Bytes data(input + 2, size - 2);
  if (token::isBatch(data)) checkBatch(data);
  system::advancesNonce(data);
  compute_budget::readSetting(data);
  Action action;
  if (!read(data, accounts, action)) return 0;
  FUZZ_CHECK(action.kind != ActionKind::UNKNOWN);
  FUZZ_CHECK(action.name != nullptr && *action.name != '\0');
  FUZZ_CHECK(action.needed <= accounts);
  FUZZ_CHECK(within(action.toKey, data) && (action.toKey.empty() || action.toKey.size() == ADDRESS_SIZE));
  FUZZ_CHECK(within(action.ownerKey, data) && (action.ownerKey.empty() || action.ownerKey.size() == ADDRESS_SIZE));
  FUZZ_CHECK(within(action.text, data));
  // The same again is the same: nothing is kept from before.
  Action again;
  again.amount = 1;
  again.name = "before";
  FUZZ_CHECK(read(data, accounts, again));
  FUZZ_CHECK(again.kind == action.kind && again.amount == action.amount && again.decimals == action.decimals);
  FUZZ_CHECK(again.name == action.name && again.swap.minimumOut == action.swap.minimumOut);
  FUZZ_CHECK(action.kind != ActionKind::SWAP || action.swap.minimumOut <= action.swap.quotedOut);
  return 0;
}
