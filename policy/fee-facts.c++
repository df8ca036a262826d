#include "policy/fee-facts.h"

#include <algorithm>
#include <limits>

#include "solana/instruction/compute-budget.h"
#include "solana/instruction/system.h"

namespace waas::policy {
namespace {

namespace budget = solana::compute_budget;

constexpr std::uint64_t MOST = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t MICRO = 1'000'000;

// Programs that check signatures; the first byte of their data says how many, and each costs as one of the message's
// own.
constexpr Address CHECKERS[] = {solana::knownAddress("Ed25519SigVerify111111111111111111111111111"),
                                solana::knownAddress("KeccakSecp256k11111111111111111111111111111"),
                                solana::knownAddress("Secp256r1SigVerify1111111111111111111111111")};

std::uint64_t checkedSignatures(AddressView program, Bytes data) noexcept {
  bool checks = std::any_of(std::begin(CHECKERS), std::end(CHECKERS),
                            [program](const Address& known) { return same(known, program); });
  return checks && !data.empty() ? data[0] : 0;
}

void take(const budget::SettingValue& setting, Fee& fee) noexcept {
  auto narrow = static_cast<std::uint32_t>(setting.value);
  switch (setting.setting) {
    case budget::Setting::HEAP_SIZE: fee.heapSize = narrow; break;
    case budget::Setting::LOADED_DATA_SIZE: fee.loadedAccountsDataSizeLimit = narrow; break;
    case budget::Setting::UNIT_PRICE: fee.microLamportsPerUnit = setting.value; break;
    case budget::Setting::UNIT_LIMIT:
      fee.computeUnitLimit = std::min(narrow, budget::MAX_COMPUTE_UNITS);
      fee.limitSaid = true;
      break;
  }
}

/// Price times limit, rounded up to lamports; the largest number where that is larger, as in the runtime.
std::uint64_t priorityFee(std::uint64_t limit, std::uint64_t price) noexcept {
  // The remainder's product stays below 1.4 million times a million.
  std::uint64_t rest = (price % MICRO * limit + MICRO - 1) / MICRO;
  std::uint64_t whole = 0;
  if (__builtin_mul_overflow(price / MICRO, limit, &whole) || __builtin_add_overflow(whole, rest, &whole)) return MOST;
  return whole;
}

void readInstructions(const solana::Message& message, Fee& fee, std::uint64_t& checked) noexcept {
  bool header = message.version() == solana::Version::V1;
  std::uint64_t units = 0;
  for (const solana::Instruction& instruction : message.instructions()) {
    AddressView program = message.staticKey(instruction.program);
    bool isBudget = same(program, budget::PROGRAM);
    bool cheap = isBudget || same(program, solana::system::PROGRAM);
    units += cheap ? budget::DEFAULT_BUILTIN_UNITS : budget::DEFAULT_UNITS;
    if (isBudget && !header) {
      if (auto setting = budget::readSetting(instruction.data)) take(*setting, fee);
    }
    checked += checkedSignatures(program, instruction.data);
  }
  if (!fee.limitSaid && !header) {
    fee.computeUnitLimit = static_cast<std::uint32_t>(std::min<std::uint64_t>(units, budget::MAX_COMPUTE_UNITS));
  }
}

}  // namespace

Fee readFee(const solana::Message& message) noexcept {
  Fee fee;
  std::uint64_t checked = 0;
  readInstructions(message, fee, checked);
  if (message.version() == solana::Version::V1) {
    const solana::Config& config = message.config();
    fee.priorityLamports = config.priorityFeeLamports.value_or(0);
    fee.computeUnitLimit = config.computeUnitLimit.value_or(0);
    fee.limitSaid = config.computeUnitLimit.has_value();
    fee.heapSize = config.heapSize;
    fee.loadedAccountsDataSizeLimit = config.loadedAccountsDataSizeLimit;
  } else {
    fee.priorityLamports = priorityFee(fee.computeUnitLimit, fee.microLamportsPerUnit.value_or(0));
  }
  fee.baseLamports = (message.header().requiredSignatures + checked) * budget::LAMPORTS_PER_SIGNATURE;
  if (__builtin_add_overflow(fee.baseLamports, fee.priorityLamports, &fee.totalLamports)) fee.totalLamports = MOST;
  return fee;
}

}  // namespace waas::policy
