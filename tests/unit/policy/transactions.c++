#include "transactions.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "solana/instruction/associated-token.h"
#include "solana/instruction/compute-budget.h"
#include "solana/instruction/jupiter.h"
#include "solana/instruction/memo.h"
#include "solana/instruction/system.h"
#include "solana/instruction/token.h"
#include "solana/program-address.h"

namespace waas::policy {
namespace {

using enum solana::Access;
namespace token = solana::token;

/// Bytes and little-endian integers one after another.
class Data {
 public:
  Data& u8(std::uint8_t value) { return integer(value, 1); }
  Data& u16(std::uint16_t value) { return integer(value, 2); }
  Data& u32(std::uint32_t value) { return integer(value, 4); }
  Data& u64(std::uint64_t value) { return integer(value, 8); }
  Data& bytes(std::span<const std::uint8_t> more) {
    all.insert(all.end(), more.begin(), more.end());
    return *this;
  }
  operator std::vector<std::uint8_t>() const { return all; }

 private:
  std::vector<std::uint8_t> all;

  Data& integer(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) all.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    return *this;
  }
};

}  // namespace

Address addressOf(std::uint8_t number) {
  Address address;
  address.bytes.fill(number);
  address.bytes[0] = 7;
  return address;
}

Address tokenAccount(const Address& owner, const Address& mint) {
  return *solana::associatedTokenAddress(owner, mint, token::PROGRAM);
}

InstructionCall transferSol(const Address& from, const Address& to, std::uint64_t lamports) {
  return solana::system::transfer(from, to, lamports);
}

InstructionCall transferTokens(const Address& owner, const Address& from, const Address& mint, const Address& to,
                               std::uint64_t amount, std::uint8_t decimals) {
  return {token::PROGRAM,
          {{from, WRITABLE}, {mint, READONLY}, {to, WRITABLE}, {owner, READONLY_SIGNER}},
          Data().u8(12).u64(amount).u8(decimals)};
}

InstructionCall transferUnchecked(const Address& owner, const Address& from, const Address& to, std::uint64_t amount) {
  return {token::PROGRAM, {{from, WRITABLE}, {to, WRITABLE}, {owner, READONLY_SIGNER}}, Data().u8(3).u64(amount)};
}

InstructionCall approve(const Address& owner, const Address& from, const Address& delegate, std::uint64_t amount) {
  return {token::PROGRAM, {{from, WRITABLE}, {delegate, READONLY}, {owner, READONLY_SIGNER}}, Data().u8(4).u64(amount)};
}

InstructionCall setOwner(const Address& owner, const Address& account, const Address& next) {
  return {token::PROGRAM, {{account, WRITABLE}, {owner, READONLY_SIGNER}}, Data().u8(6).u8(2).u8(1).bytes(next.bytes)};
}

InstructionCall closeAccount(const Address& owner, const Address& account, const Address& to) {
  return {token::PROGRAM, {{account, WRITABLE}, {to, WRITABLE}, {owner, READONLY_SIGNER}}, Data().u8(9)};
}

InstructionCall makeTokenAccount(const Address& payer, const Address& owner, const Address& mint) {
  return {solana::associated_token::PROGRAM,
          {{payer, WRITABLE_SIGNER},
           {tokenAccount(owner, mint), WRITABLE},
           {owner, READONLY},
           {mint, READONLY},
           {solana::system::PROGRAM, READONLY},
           {token::PROGRAM, READONLY}},
          Data().u8(1)};
}

InstructionCall syncNative(const Address& account) { return {token::PROGRAM, {{account, WRITABLE}}, Data().u8(17)}; }

InstructionCall advanceNonce(const Address& nonce, const Address& authority) {
  Address recentBlockhashes = *solana::parseAddress("SysvarRecentB1ockHashes11111111111111111111");
  return {solana::system::PROGRAM,
          {{nonce, WRITABLE}, {recentBlockhashes, READONLY}, {authority, READONLY_SIGNER}},
          Data().u32(4)};
}

InstructionCall memo(const std::string& text) { return {solana::memo::PROGRAM, {}, {text.begin(), text.end()}}; }

InstructionCall unitPrice(std::uint64_t microLamports) {
  return {solana::compute_budget::PROGRAM, {}, Data().u8(3).u64(microLamports)};
}

InstructionCall unitLimit(std::uint32_t units) {
  return {solana::compute_budget::PROGRAM, {}, Data().u8(2).u32(units)};
}

InstructionCall unknownCall(const Address& signer) { return {UNKNOWN_PROGRAM, {{signer, WRITABLE_SIGNER}}, {1, 2, 3}}; }

InstructionCall swap(const SwapOf& of) {
  constexpr std::uint8_t SHARED_ACCOUNTS_ROUTE_V2[] = {0xd1, 0x98, 0x53, 0x93, 0x7c, 0xfe, 0xd8, 0xe9};
  return {solana::jupiter::PROGRAM,
          {{addressOf(200), READONLY},
           {of.user, READONLY_SIGNER},
           {of.source, WRITABLE},
           {addressOf(201), WRITABLE},
           {addressOf(202), WRITABLE},
           {of.destination, WRITABLE},
           {of.fromMint, READONLY},
           {of.toMint, READONLY},
           {token::PROGRAM, READONLY},
           {token::PROGRAM, READONLY},
           {addressOf(203), READONLY},
           {solana::jupiter::PROGRAM, READONLY}},
          Data()
              .bytes(SHARED_ACCOUNTS_ROUTE_V2)
              .u8(0)
              .u64(of.in)
              .u64(of.quotedOut)
              .u16(of.slippageBps)
              .u16(of.platformFeeBps)
              .u16(0)
              .u32(1)
              .u8(7)};
}

Asked Asked::byService(const std::string& name) {
  Asked asked;
  asked.owner = serviceOwner(name);
  asked.caller = {Caller::Kind::SERVICE, asked.owner.id, 1001};
  return asked;
}

Policy policyOf(const std::string& toml) {
  auto read = file::readPolicyFile(toml);
  for (auto& remark : read.remarks) ADD_FAILURE() << remark.line << ": " << remark.text;
  auto compiled = file::compile(read.file);
  Policy policy;
  if (!compiled) {
    ADD_FAILURE() << "too large";
  } else if (const char* wrong = readPolicy(*compiled, policy)) {
    ADD_FAILURE() << wrong;
  }
  return policy;
}

Policy policyOfExample(const std::string& name) {
  std::ifstream in(std::string(WAAS_POLICY_EXAMPLES) + "/" + name + ".toml");
  std::stringstream text;
  text << in.rdbuf();
  return policyOf(text.str());
}

Answer ask(const Policy& policy, const std::vector<InstructionCall>& calls, const Asked& asked,
           const LimitState* limits) {
  Request request{.caller = asked.caller,
                  .wallet = {{}, asked.wallet.bytes, asked.owner, asked.walletName},
                  .action = asked.action,
                  .mode = asked.mode,
                  .now = asked.now,
                  .message = nullptr,
                  .others = asked.others};
  LimitState unused;
  std::optional<std::vector<std::uint8_t>> bytes;
  std::optional<solana::Message> message;
  auto facts = std::make_unique<Facts>();
  std::vector<std::vector<std::uint8_t>> entries;
  std::vector<TableClaim> claims;
  std::vector<Address> ours = asked.others;  // facts are views into it
  ours.push_back(asked.wallet);
  if (!calls.empty()) {
    bytes = solana::compileMessage({.version = asked.version,
                                    .feePayer = asked.feePayer,
                                    .lifetime = addressOf(250),
                                    .calls = calls,
                                    .tables = asked.tables,
                                    .config = asked.config});
    if (!bytes) {
      ADD_FAILURE() << "the message can't be compiled";
      return {};
    }
    message = *solana::decodeMessage(*bytes);
    entries.reserve(asked.tables.size());
    for (auto& table : asked.tables) {
      auto& all = entries.emplace_back();
      for (auto& address : table.addresses) all.insert(all.end(), address.bytes.begin(), address.bytes.end());
      if (asked.claimTables) claims.push_back({table.table, all});
    }
    EXPECT_EQ(readFacts(*message, claims, ours, *facts), FactsOutcome::READ);
    request.message = &*message;
  }
  Verdict verdict;
  decide(policy, request, calls.empty() ? nullptr : facts.get(), limits ? limits : &unused, verdict);
  return {verdict.decision,
          std::string(verdict.rule),
          std::string(verdict.reason),
          verdict.instruction,
          {verdict.charges().begin(), verdict.charges().end()}};
}

}  // namespace waas::policy
