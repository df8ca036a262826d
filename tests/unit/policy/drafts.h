#pragma once
// Messages for the tests of facts: drafted by our builder, decoded again, read.

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "policy/facts.h"
#include "solana/instruction/associated-token.h"
#include "solana/instruction/jupiter.h"
#include "solana/instruction/system.h"
#include "solana/instruction/token-2022.h"
#include "solana/instruction/token.h"
#include "solana/message-builder.h"
#include "solana/program-address.h"

namespace waas::policy::test {

using solana::Access;
using solana::InstructionCall;
using solana::MessageDraft;
using solana::Version;

inline Address named(std::uint8_t number) {
  Address address;
  address.bytes.fill(number);
  return address;
}

inline const Address WALLET = named(0x11);
inline const Address OTHER = named(0x22);
inline const Address MINT = named(0x33);
inline const Address ACCOUNT = named(0x44);
inline const Address STRANGER = named(0x55);
inline const Address UNKNOWN_PROGRAM = named(0x66);

inline Address ataOf(const Address& owner, const Address& mint, const Address& program = solana::token::PROGRAM) {
  return solana::associatedTokenAddress(owner, mint, program).value();
}

inline std::vector<std::uint8_t> withAmount(std::vector<std::uint8_t> data, std::uint64_t amount) {
  for (int i = 0; i < 8; ++i) data.push_back(static_cast<std::uint8_t>(amount >> (8 * i)));
  return data;
}

inline InstructionCall tokenCall(std::vector<solana::AccountUse> accounts, std::vector<std::uint8_t> data,
                                 const Address& program = solana::token::PROGRAM) {
  return {program, std::move(accounts), std::move(data)};
}

inline InstructionCall transferChecked(const Address& from, const Address& mint, const Address& to, const Address& by,
                                       std::uint64_t amount, const Address& program = solana::token::PROGRAM) {
  auto data = withAmount({12}, amount);
  data.push_back(6);
  return tokenCall({{from, Access::WRITABLE}, {mint}, {to, Access::WRITABLE}, {by, Access::READONLY_SIGNER}}, data,
                   program);
}

inline InstructionCall createAta(const Address& payer, const Address& owner, const Address& mint,
                                 const Address& program = solana::token::PROGRAM) {
  return {solana::associated_token::PROGRAM,
          {{payer, Access::WRITABLE_SIGNER},
           {ataOf(owner, mint, program), Access::WRITABLE},
           {owner},
           {mint},
           {solana::system::PROGRAM},
           {program}},
          {1}};
}

inline InstructionCall closeAccount(const Address& account, const Address& to, const Address& by) {
  return tokenCall({{account, Access::WRITABLE}, {to, Access::WRITABLE}, {by, Access::READONLY_SIGNER}}, {9});
}

/// A message that is kept, and the facts of it, which look into it.
struct Reading {
  std::vector<std::uint8_t> bytes;
  std::unique_ptr<Facts> facts = std::make_unique<Facts>();
  FactsOutcome outcome = FactsOutcome::UNKNOWN;

  const Facts* operator->() const { return facts.get(); }
  const Facts& operator*() const { return *facts; }
  const Effect& effect(std::size_t index) const { return facts->effects()[index]; }
};

inline std::unique_ptr<Reading> read(const MessageDraft& draft, std::span<const TableClaim> claims = {},
                                     std::span<const Address> ours = {&WALLET, 1}) {
  auto reading = std::make_unique<Reading>();
  auto bytes = solana::compileMessage(draft);
  EXPECT_TRUE(bytes) << "the draft does not compile";
  reading->bytes = bytes.value();
  auto message = solana::decodeMessage(reading->bytes);
  EXPECT_TRUE(message);
  reading->outcome = readFacts(*message, claims, ours, *reading->facts);
  return reading;
}

inline MessageDraft draftOf(std::vector<InstructionCall> calls, Version version = Version::V0,
                            const Address& payer = WALLET) {
  MessageDraft draft;
  draft.version = version;
  draft.feePayer = payer;
  draft.lifetime = named(0x77);
  draft.calls = std::move(calls);
  return draft;
}

inline std::unique_ptr<Reading> readCalls(std::vector<InstructionCall> calls, Version version = Version::V0,
                                          const Address& payer = WALLET) {
  auto reading = read(draftOf(std::move(calls), version, payer));
  EXPECT_EQ(reading->outcome, FactsOutcome::READ);
  return reading;
}

}  // namespace waas::policy::test
