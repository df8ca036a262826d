#pragma once
// Transactions for tests of decisions, and asking a policy about them.

#include <optional>
#include <string>
#include <vector>

#include "policy/evaluate.h"
#include "policy/file/policy-file.h"
#include "protocol/service-owner.h"
#include "solana/message-builder.h"

namespace waas::policy {

using solana::InstructionCall;

/// An address that is nobody's but this number's.
Address addressOf(std::uint8_t number);

inline const Address WALLET = addressOf(1);
inline const Address STRANGER = addressOf(2);
inline const Address USDC = *solana::parseAddress("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v");
inline const Address UNKNOWN_PROGRAM = addressOf(99);

/// The owner's associated account of the Token program.
Address tokenAccount(const Address& owner, const Address& mint);

InstructionCall transferSol(const Address& from, const Address& to, std::uint64_t lamports);
InstructionCall transferTokens(const Address& owner, const Address& from, const Address& mint, const Address& to,
                               std::uint64_t amount, std::uint8_t decimals = 6);
/// Transfer without the mint.
InstructionCall transferUnchecked(const Address& owner, const Address& from, const Address& to, std::uint64_t amount);
InstructionCall approve(const Address& owner, const Address& from, const Address& delegate, std::uint64_t amount);
InstructionCall setOwner(const Address& owner, const Address& account, const Address& next);
InstructionCall closeAccount(const Address& owner, const Address& account, const Address& to);
InstructionCall makeTokenAccount(const Address& payer, const Address& owner, const Address& mint);
InstructionCall syncNative(const Address& account);
InstructionCall advanceNonce(const Address& nonce, const Address& authority);
InstructionCall memo(const std::string& text);
InstructionCall unitPrice(std::uint64_t microLamports);
InstructionCall unitLimit(std::uint32_t units);
InstructionCall unknownCall(const Address& signer);

struct SwapOf {
  Address user, source, destination, fromMint, toMint;
  std::uint64_t in = 0, quotedOut = 0;
  std::uint16_t slippageBps = 50, platformFeeBps = 0;
};
InstructionCall swap(const SwapOf& of);

struct Asked {
  Caller caller{Caller::Kind::PERSON, {}, 0};
  OwnerId owner{OwnerId::Kind::USER, {}};
  Action action = Action::SIGN_TRANSACTION;
  Mode mode = Mode::WHOLE;
  Address wallet = WALLET;
  std::string walletName = "Main";
  Address feePayer = WALLET;
  solana::Version version = solana::Version::V0;
  std::vector<solana::TableContent> tables;
  bool claimTables = true;
  std::vector<Address> others;
  solana::Config config;
  std::uint64_t now = 1'800'000'000'000;

  static Asked byService(const std::string& name);
};

/// A decision, with what it is a view of.
struct Answer {
  Decision decision = Decision::UNKNOWN;
  std::string rule, reason;
  std::uint16_t instruction = 0;
  std::vector<Charge> charges;

  bool approved() const { return decision == Decision::APPROVED; }
};

/// Compiles a policy file that must be without errors.
Policy policyOf(const std::string& toml);
Policy policyOfExample(const std::string& name);

/// Asks a policy about these instructions, or, without any, about another action.
Answer ask(const Policy& policy, const std::vector<InstructionCall>& calls, const Asked& asked = {},
           const LimitState* limits = nullptr);

}  // namespace waas::policy
