// P7: bytes that are read as a policy can be decided by; all others are refused.

#include <memory>
#include <vector>

#include "fuzz-check.h"
#include "policy/evaluate.h"
#include "policy/file/describe.h"
#include "solana/instruction/system.h"

using namespace waas;
using namespace waas::policy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Address WALLET = [] {
    Address wallet;
    wallet.bytes.fill(7);
    return wallet;
  }();
  static const std::vector<std::uint8_t> BYTES =
      *solana::compileMessage({.version = solana::Version::V0,
                               .feePayer = WALLET,
                               .lifetime = WALLET,
                               .calls = {solana::system::transfer(WALLET, WALLET, 5),
                                         {Address{{9}}, {{WALLET, solana::Access::READONLY}}, {}},
                                         solana::system::transfer(WALLET, {}, 5)},
                               .tables = {},
                               .config = {}});
  Policy policy;
  if (readPolicy(Bytes(data, size), policy) != nullptr) {
    FUZZ_CHECK(policy.rules.empty());
    return 0;
  }
  auto message = solana::decodeMessage(BYTES);
  if (!message) return 0;
  auto facts = std::make_unique<Facts>();
  FUZZ_CHECK(readFacts(*message, {}, {&WALLET, 1}, *facts) == FactsOutcome::READ);
  LimitState limits;
  file::Describer describe(policy);
  for (const Rule& rule : policy.rules) describe.rule(rule);
  for (const Limit& limit : policy.limits) describe.limit(limit);
  for (unsigned action = 1; action <= ACTIONS; ++action) {
    Request request;
    request.caller.kind = static_cast<Caller::Kind>(size % 4 + 1);
    request.wallet.address = WALLET.bytes;
    request.action = static_cast<Action>(action);
    request.now = 1'800'000'000'000;
    request.message = &*message;
    Verdict verdict;
    decide(policy, request, facts.get(), &limits, verdict);
    FUZZ_CHECK(verdict.decision == Decision::APPROVED || verdict.decision == Decision::DENIED);
    FUZZ_CHECK(verdict.decision == Decision::APPROVED || verdict.chargeCount == 0);
    if (verdict.decision == Decision::APPROVED) FUZZ_CHECK(charge(policy, limits, verdict.charges(), request.now));
    FUZZ_CHECK(isSound(limits));
  }
  return 0;
}
