// What a decision costs: decoding a transaction, reading its facts, and asking a policy, beside the signature itself.
//
//   policy-bench --benchmark_repetitions=9 --benchmark_report_aggregates_only=true
//
// Transactions: a transfer (215 bytes), one of 1,232 bytes (legacy: as many transfers as fit), one of 4,096 (version
// 1). Policies: 10 and 1,000 rules that all apply, of which the last one covers, and 1,000 that are about other
// callers.
#include <benchmark/benchmark.h>
#include <sodium.h>

#include <memory>
#include <string>

#include "policy/evaluate.h"
#include "policy/file/policy-file.h"
#include "solana/instruction/system.h"
#include "solana/transaction.h"

using namespace waas;
using namespace waas::policy;

namespace {

Address addressOf(unsigned number) {
  Address address;
  address.bytes.fill(static_cast<uint8_t>(number));
  address.bytes[0] = 9;
  address.bytes[1] = static_cast<uint8_t>(number >> 8);
  return address;
}

const Address WALLET = addressOf(1);

// A transaction of this version with as many transfers as `most`, or as fit.
std::vector<uint8_t> transactionOf(solana::Version version, unsigned most) {
  solana::MessageDraft draft{
      .version = version, .feePayer = WALLET, .lifetime = addressOf(2), .calls = {}, .tables = {}, .config = {}};
  std::optional<std::vector<uint8_t>> message;
  for (unsigned i = 0; i < most; ++i) {
    draft.calls.push_back(solana::system::transfer(WALLET, addressOf(100 + i), 1'000 + i));
    auto next = solana::compileMessage(draft);
    if (!next) break;
    message = std::move(next);
  }
  // A memo fills up what is left.
  std::vector<uint8_t> out;
  if (version == solana::Version::V1) {
    out = *message;
    out.resize(out.size() + 64);
  } else {
    out.push_back(1);
    out.resize(65);
    out.insert(out.end(), message->begin(), message->end());
  }
  return out;
}

struct Bench {
  Bench(unsigned rules, bool apply, solana::Version version, unsigned transfers)
      : facts(std::make_unique<Facts>()), transaction(transactionOf(version, transfers)) {
    std::string text = "format = 1\n";
    for (unsigned i = 0; i < rules; ++i) {
      bool last = i + 1 == rules;
      std::string caller =
          last || apply ? "service" : "person 000000000000000000000000000" + std::to_string(10'000 + i);
      text +=
          "[[allow]]\nname = \"r" + std::to_string(i) + "\"\nactions = [\"sign-transaction\"]\ncallers = [\"" + caller +
          "\"]\noperations = [\"transfer\"]\nprograms = [\"system\"]\nassets = [\"SOL\"]\ndestinations = [\"any\"]\n" +
          "max-amounts = [\"" + (last ? std::string("1000") : "0.0000000" + std::to_string(10 + i % 80)) +
          " SOL\"]\nmax-fee = \"0.01 SOL\"\n";
    }
    auto read = file::readPolicyFile(text);
    if (read.failed()) abort();
    auto compiled = file::compile(read.file);
    if (!compiled || readPolicy(*compiled, policy) != nullptr) abort();
    request.caller = {Caller::Kind::SERVICE, {}, 1000};
    request.wallet.address = WALLET.bytes;
    request.wallet.owner = {OwnerId::Kind::SERVICE, {}};
    request.action = Action::SIGN_TRANSACTION;
    request.now = 1'800'000'000'000;
  }

  void decideOnce() {
    auto decoded = solana::decodeTransaction(transaction);
    auto message = decoded ? solana::decodeMessage(decoded->messageBytes())
                           : solana::Decoded<solana::Message>(decoded.malformed());
    if (!message) abort();
    if (readFacts(*message, {}, {&WALLET, 1}, *facts) != FactsOutcome::READ) abort();
    request.message = &*message;
    decide(policy, request, facts.get(), &limits, verdict);
    if (verdict.decision != Decision::APPROVED) abort();
  }

  Policy policy;
  std::unique_ptr<Facts> facts;
  std::vector<uint8_t> transaction;
  Request request;
  LimitState limits;
  Verdict verdict;
};

void decision(benchmark::State& state, unsigned rules, bool apply, solana::Version version, unsigned transfers) {
  Bench b(rules, apply, version, transfers);
  for (auto _ : state) b.decideOnce();
  state.counters["bytes"] = static_cast<double>(b.transaction.size());
  state.counters["effects"] = static_cast<double>(b.facts->effectCount);
}
constexpr unsigned MANY = 90;
BENCHMARK_CAPTURE(decision, small_10_rules, 10, true, solana::Version::LEGACY, 1);
BENCHMARK_CAPTURE(decision, small_1000_rules, 1000, true, solana::Version::LEGACY, 1);
BENCHMARK_CAPTURE(decision, small_1000_rules_of_others, 1000, false, solana::Version::LEGACY, 1);
BENCHMARK_CAPTURE(decision, legacy_full_10_rules, 10, true, solana::Version::LEGACY, MANY);
BENCHMARK_CAPTURE(decision, legacy_full_1000_rules, 1000, true, solana::Version::LEGACY, MANY);
BENCHMARK_CAPTURE(decision, v1_full_10_rules, 10, true, solana::Version::V1, MANY);
BENCHMARK_CAPTURE(decision, v1_full_1000_rules, 1000, true, solana::Version::V1, MANY);

// Of these, what the policy itself takes.
void ruling(benchmark::State& state, unsigned rules, unsigned transfers) {
  Bench b(rules, true, solana::Version::LEGACY, transfers);
  auto message = *solana::decodeMessage(solana::decodeTransaction(b.transaction)->messageBytes());
  readFacts(message, {}, {&WALLET, 1}, *b.facts);
  b.request.message = &message;
  for (auto _ : state) decide(b.policy, b.request, b.facts.get(), &b.limits, b.verdict);
}
BENCHMARK_CAPTURE(ruling, small_10_rules, 10, 1);
BENCHMARK_CAPTURE(ruling, small_1000_rules, 1000, 1);

// The measure of it all: one Ed25519 signature, of which a signature of ours makes two.
void signature(benchmark::State& state) {
  uint8_t key[crypto_sign_SECRETKEYBYTES], pub[crypto_sign_PUBLICKEYBYTES], out[crypto_sign_BYTES];
  crypto_sign_keypair(pub, key);
  std::vector<uint8_t> message(150, 7);
  for (auto _ : state) crypto_sign_detached(out, nullptr, message.data(), message.size(), key);
}
BENCHMARK(signature);

}  // namespace

BENCHMARK_MAIN();
