// The decoders of known programs, on what the programs' own libraries make (tests/vectors/solana/instructions.json).

#include <gtest/gtest.h>
#include <sodium.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

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

namespace waas::solana::test {
namespace {

using nlohmann::json;
using Read = bool (*)(Bytes, std::size_t, Action&) noexcept;

Read readerOf(const Address& program) {
  const std::map<Address, Read> readers = {{system::PROGRAM, system::read},
                                           {token::PROGRAM, token::read},
                                           {token2022::PROGRAM, token2022::read},
                                           {associated_token::PROGRAM, associated_token::read},
                                           {compute_budget::PROGRAM, compute_budget::read},
                                           {memo::PROGRAM_4, memo::read},
                                           {lookup_table::PROGRAM, lookup_table::read},
                                           {stake::PROGRAM, stake::read},
                                           {vote::PROGRAM, vote::read}};
  return readers.at(program);
}

struct Vector {
  std::string name;
  Read read;
  std::vector<std::uint8_t> data;
  std::vector<std::string> accounts;
  std::map<std::string, std::string> args;  // those that are plain text
};

std::vector<std::uint8_t> unhex(const std::string& text) {
  std::vector<std::uint8_t> out(text.size() / 2);
  sodium_hex2bin(out.data(), out.size(), text.data(), text.size(), nullptr, nullptr, nullptr);
  return out;
}

std::vector<Vector> load() {
  std::vector<Vector> out;
  for (const json& entry : json::parse(std::ifstream(WAAS_SOLANA_VECTORS "/instructions.json"))) {
    Vector vector;
    vector.name = entry.at("source").get<std::string>() + " " + entry.at("name").get<std::string>();
    vector.read = readerOf(parseAddress(entry.at("program").get<std::string>()).value());
    vector.data = unhex(entry.at("data"));
    vector.accounts = entry.at("accounts").get<std::vector<std::string>>();
    for (const auto& [name, value] : entry.at("args").items()) {
      if (value.is_string()) vector.args[name] = value;
    }
    out.push_back(std::move(vector));
  }
  return out;
}

const std::vector<Vector>& vectors() {
  static const std::vector<Vector> LOADED = load();
  return LOADED;
}

/// The runtime doesn't take it any more, and so nor do we.
bool isObsolete(const Vector& vector) { return vector.name.ends_with(" RequestUnits"); }

/// Its data ends in text or a list without a length, so that more of it is another instruction of the same kind.
bool isOpenEnded(const Vector& vector) {
  static const std::set<std::string> OPEN = {"AddMemo", "UiAmountToAmount", "GetAccountDataSize", "Reallocate"};
  return OPEN.contains(vector.name.substr(vector.name.rfind(' ') + 1));
}

std::string_view roleAt(const Vector& vector, std::uint8_t position) {
  return position < vector.accounts.size() ? std::string_view(vector.accounts[position]) : std::string_view();
}

TEST(Instructions, WhatTheLibrariesMakeIsUnderstood) {
  ASSERT_GT(vectors().size(), 200u);
  for (const Vector& vector : vectors()) {
    Action action;
    EXPECT_EQ(vector.read(vector.data, vector.accounts.size(), action), !isObsolete(vector)) << vector.name;
  }
}

// P2 needs it: whatever stands after what we read could mean something to somebody else.
TEST(Instructions, AByteMoreOrLessIsNotUnderstood) {
  for (const Vector& vector : vectors()) {
    if (isOpenEnded(vector) || vector.data.empty()) continue;
    Action action;
    auto longer = vector.data;
    longer.push_back(0);
    EXPECT_FALSE(vector.read(longer, vector.accounts.size(), action)) << vector.name;
    Bytes shorter = Bytes(vector.data).first(vector.data.size() - 1);
    // Without its one byte, the older Create of an associated account is left.
    bool stillCreate = vector.data.size() == 1 && vector.read == associated_token::read;
    EXPECT_EQ(vector.read(shorter, vector.accounts.size(), action), stillCreate) << vector.name;
  }
}

TEST(Instructions, AnAccountTooFewIsNotUnderstood) {
  for (const Vector& vector : vectors()) {
    Action action;
    if (vector.accounts.empty() || !vector.read(vector.data, vector.accounts.size(), action)) continue;
    if (action.needed < vector.accounts.size() || action.kind == ActionKind::MEMO) continue;
    EXPECT_FALSE(vector.read(vector.data, vector.accounts.size() - 1, action)) << vector.name;
  }
}

TEST(Instructions, AccountsMeanWhatTheLibrariesCallThem) {
  const std::set<std::string_view> FROM = {"newAccount",
                                           "source",
                                           "account",
                                           "payer",
                                           "token",
                                           "sourceToken",
                                           "nonceAccount",
                                           "stake",
                                           "owned",
                                           "address",
                                           "authority",
                                           "sourceStake",
                                           "mint",
                                           "metadata",
                                           "group",
                                           "vote",
                                           "nestedAssociatedAccountAddress"};
  const std::set<std::string_view> TO = {"destination",
                                         "newAccount",
                                         "delegate",
                                         "token",
                                         "ata",
                                         "account",
                                         "recipientAccount",
                                         "recipient",
                                         "multisig",
                                         "destinationToken",
                                         "feeReceiver",
                                         "stake",
                                         "splitStake",
                                         "destinationStake",
                                         "vote",
                                         "address",
                                         "nativeMint",
                                         "node",
                                         "destinationAssociatedAccountAddress"};
  const std::set<std::string_view> AUTHORITY = {
      "authority",         "owner",           "source",        "payer",         "account",
      "newAccount",        "nonceAuthority",  "baseAccount",   "mintAuthority", "stakeAuthority",
      "withdrawAuthority", "updateAuthority", "walletAddress", "base",          "node"};
  for (const Vector& vector : vectors()) {
    Action action;
    if (!vector.read(vector.data, vector.accounts.size(), action)) continue;
    auto from = roleAt(vector, action.at.from);
    EXPECT_TRUE(from.empty() || FROM.contains(from)) << vector.name << " " << from;
    auto to = roleAt(vector, action.at.to);
    EXPECT_TRUE(to.empty() || TO.contains(to)) << vector.name << " " << to;
    auto by = roleAt(vector, action.at.authority);
    EXPECT_TRUE(by.empty() || AUTHORITY.contains(by) || by.ends_with("Authority")) << vector.name << " " << by;
    auto mint = roleAt(vector, action.at.mint);
    EXPECT_TRUE(mint.empty() || mint == "mint" || mint == "nestedTokenMintAddress") << vector.name << " " << mint;
  }
}

TEST(Instructions, AmountsAndDecimalsAreThoseOfTheLibraries) {
  std::size_t amounts = 0;
  for (const Vector& vector : vectors()) {
    Action action;
    if (!vector.read(vector.data, vector.accounts.size(), action)) continue;
    if (action.kind == ActionKind::OTHER || action.kind == ActionKind::HARMLESS) continue;
    for (const char* name : {"amount", "lamports", "withdrawAmount"}) {
      if (!vector.args.contains(name)) continue;
      ++amounts;
      EXPECT_EQ(action.amount, std::stoull(vector.args.at(name))) << vector.name;
    }
    if (vector.args.contains("decimals")) {
      EXPECT_EQ(action.decimals, std::stoul(vector.args.at("decimals"))) << vector.name;
    }
    if (vector.args.contains("fee")) {
      EXPECT_EQ(action.withheld, std::stoull(vector.args.at("fee"))) << vector.name;
    }
  }
  EXPECT_GE(amounts, 40u);
}

/// Reads the vector of this name, which must be there.
Action read(const std::string& name) {
  Action action;
  for (const Vector& vector : vectors()) {
    if (vector.name != name) continue;
    EXPECT_TRUE(vector.read(vector.data, vector.accounts.size(), action));
  }
  EXPECT_NE(action.kind, ActionKind::UNKNOWN) << name;
  return action;
}

TEST(Instructions, KindsAreThoseThatRulesSpeakOf) {
  const std::map<std::string, ActionKind> kinds = {
      {"@solana-program/system TransferSol", ActionKind::TRANSFER},
      {"@solana-program/system TransferSolWithSeed", ActionKind::TRANSFER},
      {"@solana-program/system WithdrawNonceAccount", ActionKind::TRANSFER},
      {"@solana-program/system Assign", ActionKind::SET_AUTHORITY},
      {"@solana-program/system CreateAccountAllowPrefund", ActionKind::CREATE_ACCOUNT},
      {"@solana-program/system AdvanceNonceAccount", ActionKind::NONCE},
      {"@solana-program/token ApproveChecked", ActionKind::APPROVE},
      {"@solana-program/token CloseAccount", ActionKind::CLOSE_ACCOUNT},
      {"@solana-program/token UnwrapLamports", ActionKind::TRANSFER},
      {"@solana-program/token WithdrawExcessLamports", ActionKind::TRANSFER},
      {"@solana-program/token SyncNative", ActionKind::HARMLESS},
      {"@solana-program/token InitializeAccount3", ActionKind::CREATE_TOKEN_ACCOUNT},
      {"@solana-program/token-2022 TransferCheckedWithFee", ActionKind::TRANSFER},
      {"@solana-program/token-2022 ConfidentialTransfer", ActionKind::TRANSFER},
      {"@solana-program/token-2022 PermissionedBurn", ActionKind::BURN},
      {"@solana-program/token-2022 UpdateTransferHook", ActionKind::OTHER},
      {"@solana-program/token-2022 DisableCpiGuard", ActionKind::OTHER},
      {"@solana-program/token-2022 CreateAssociatedTokenIdempotent", ActionKind::CREATE_TOKEN_ACCOUNT},
      {"@solana-program/token-2022 RecoverNestedAssociatedToken", ActionKind::TRANSFER},
      {"@solana-program/address-lookup-table CloseLookupTable", ActionKind::CLOSE_ACCOUNT},
      {"@solana-program/stake Withdraw", ActionKind::TRANSFER},
      {"@solana-program/stake Authorize", ActionKind::SET_AUTHORITY},
      {"@solana-program/memo AddMemo", ActionKind::MEMO},
      {"@solana/web3.js VoteWithdraw", ActionKind::TRANSFER},
  };
  for (const auto& [name, kind] : kinds) EXPECT_EQ(read(name).kind, kind) << name;
}

TEST(Instructions, RolesTellWhichAuthorityChanges) {
  EXPECT_EQ(read("@solana-program/token SetAuthority").role, Role::ACCOUNT_OWNER);
  EXPECT_EQ(read("@solana/spl-token SetAuthority").role, Role::CLOSE_AUTHORITY);
  EXPECT_EQ(read("@solana-program/system Assign").role, Role::PROGRAM);
  EXPECT_EQ(read("@solana-program/system AuthorizeNonceAccount").role, Role::NONCE);
  EXPECT_EQ(read("@solana-program/stake Authorize").role, Role::WITHDRAWER);
  EXPECT_EQ(read("@solana/web3.js VoteAuthorize").role, Role::WITHDRAWER);
  EXPECT_EQ(read("@solana/web3.js VoteAuthorizeWithSeed").role, Role::VOTER);
  EXPECT_EQ(read("@solana-program/system Assign").toKey.size(), ADDRESS_SIZE);
}

TEST(Instructions, NothingIsUnderstoodOfATagThatDoesNotExist) {
  const std::pair<Read, std::uint8_t> beyond[] = {
      {system::read, 14},        {token::read, 25},        {token::read, 46},       {token2022::read, 47},
      {stake::read, 15},         {vote::read, 2},          {lookup_table::read, 5}, {associated_token::read, 3},
      {compute_budget::read, 0}, {compute_budget::read, 5}};
  for (auto [reader, tag] : beyond) {
    for (std::size_t size : {1u, 2u, 4u, 12u, 36u, 44u, 52u}) {
      std::vector<std::uint8_t> data(size, 0);
      data[0] = tag;
      Action action;
      for (std::size_t accounts : {0u, 1u, 2u, 3u, 4u, 6u}) EXPECT_FALSE(reader(data, accounts, action)) << int(tag);
    }
  }
}

TEST(Instructions, ABatchIsWalkedToItsEnd) {
  // Two transfers of three accounts each.
  std::vector<std::uint8_t> data = {255};
  for (std::uint8_t amount : std::initializer_list<std::uint8_t>{7, 8}) {
    data.insert(data.end(), {3, 9, 3, amount, 0, 0, 0, 0, 0, 0, 0});
  }
  const std::vector<std::uint8_t> accounts = {1, 2, 3, 4, 5, 6};
  ASSERT_TRUE(token::isBatch(data));
  token::Batch batch(data, accounts);
  for (std::uint8_t amount : std::initializer_list<std::uint8_t>{7, 8}) {
    auto child = batch.next();
    ASSERT_TRUE(child);
    EXPECT_EQ(child->accounts.size(), 3u);
    Action action;
    ASSERT_TRUE(token::read(child->data, child->accounts.size(), action));
    EXPECT_EQ(action.amount, amount);
  }
  EXPECT_FALSE(batch.next());
  EXPECT_TRUE(batch.whole());
  EXPECT_FALSE(token::Batch(data, Bytes(accounts).first(5)).whole());
  data.push_back(0);
  token::Batch cut(data, accounts);
  while (cut.next()) {
  }
  EXPECT_FALSE(cut.whole()) << "a child without its data";
  Action action;
  EXPECT_FALSE(token::read(data, accounts.size(), action)) << "a batch is no plain instruction, nor a batch's child";
}

/// A swap in the older layout, through one exchange without parameters.
std::vector<std::uint8_t> oldSwap(std::vector<std::uint8_t> tag, std::vector<std::uint8_t> plan) {
  tag.insert(tag.end(), plan.begin(), plan.end());
  tag.insert(tag.end(), {0x40, 0x42, 0x0f, 0, 0, 0, 0, 0});  // 1,000,000 in
  tag.insert(tag.end(), {0x80, 0x84, 0x1e, 0, 0, 0, 0, 0});  // 2,000,000 out
  tag.insert(tag.end(), {50, 0, 3});                         // 0.5 % slippage, 0.03 % fee
  return tag;
}

const std::vector<std::uint8_t> ROUTE = {0xe5, 0x17, 0xcb, 0x97, 0x7a, 0xe3, 0xad, 0x2a};

TEST(Jupiter, AmountsAreReadFromTheFront) {
  Action action;
  auto data = oldSwap(ROUTE, {1, 0, 0, 0, 7, 100, 0, 1});
  ASSERT_TRUE(jupiter::read(data, 20, action));
  EXPECT_EQ(action.kind, ActionKind::SWAP);
  EXPECT_EQ(action.amount, 1'000'000u);
  EXPECT_EQ(action.swap.quotedOut, 2'000'000u);
  EXPECT_EQ(action.swap.minimumOut, 1'990'000u);
  EXPECT_EQ(action.swap.slippageBps, 50);
  EXPECT_EQ(action.swap.platformFeeBps, 3);
  // Other amounts at the end, as if the plan had more to it: the program would read the first ones.
  data.insert(data.end(), {1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_FALSE(jupiter::read(data, 20, action));
}

TEST(Jupiter, ExchangesHaveParametersOfTheirOwn) {
  Action action;
  EXPECT_TRUE(jupiter::read(oldSwap(ROUTE, {1, 0, 0, 0, 17, 1, 100, 0, 1}), 20, action)) << "Whirlpool, a to b";
  EXPECT_FALSE(jupiter::read(oldSwap(ROUTE, {1, 0, 0, 0, 17, 2, 100, 0, 1}), 20, action)) << "no bool";
  EXPECT_TRUE(jupiter::read(oldSwap(ROUTE, {1, 0, 0, 0, 47, 0, 1, 1, 0, 0, 0, 6, 3, 100, 0, 1}), 20, action))
      << "slices";
  EXPECT_FALSE(jupiter::read(oldSwap(ROUTE, {1, 0, 0, 0, 109, 100, 0, 1}), 20, action)) << "an exchange not known";
  EXPECT_FALSE(jupiter::read(oldSwap(ROUTE, {0, 0, 0, 0}), 20, action)) << "no exchange at all";
  EXPECT_FALSE(jupiter::read(oldSwap(ROUTE, {1, 0, 0, 0, 7, 100, 0, 1}), 8, action)) << "an account too few";
}

TEST(Jupiter, NewerLayoutHasAmountsFirst) {
  std::vector<std::uint8_t> data = {0xbb, 0x64, 0xfa, 0xcc, 0x31, 0xc4, 0xaf, 0x14, 0x40, 0x42, 0x0f, 0,    0,
                                    0,    0,    0,    0x80, 0x84, 0x1e, 0,    0,    0,    0,    0,    0x10, 0x27,
                                    4,    0,    5,    0,    1,    0,    0,    0,    200,  1,    2,    3};
  Action action;
  ASSERT_TRUE(jupiter::read(data, 10, action));
  EXPECT_EQ(action.amount, 1'000'000u);
  EXPECT_EQ(action.swap.slippageBps, 10'000);
  EXPECT_EQ(action.swap.minimumOut, 0u);
  EXPECT_EQ(action.swap.platformFeeBps, 4);
  EXPECT_EQ(action.swap.positiveSlippageFeeBps, 5);
}

TEST(Jupiter, ExactOutTakesTheQuoteAndItsSlippageAtMost) {
  Action action;
  ASSERT_TRUE(
      jupiter::read(oldSwap({0xd0, 0x33, 0xef, 0x97, 0x7b, 0x2b, 0xed, 0x5c}, {1, 0, 0, 0, 7, 100, 0, 1}), 11, action));
  EXPECT_TRUE(action.swap.exactOut);
  EXPECT_EQ(action.swap.minimumOut, 1'000'000u);
  EXPECT_EQ(action.amount, 2'010'603u) << "2,000,000 and 0.5 %, and 0.03 % of that";
  // The largest quote with the largest slippage is no small number.
  std::vector<std::uint8_t> data = {0x9d, 0x8a, 0xb8, 0x52, 0x15, 0xf4, 0xf3, 0x24};
  data.insert(data.end(), 8, 1);
  data.insert(data.end(), 8, 0xff);
  data.insert(data.end(), {0xff, 0xff, 0, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0});
  ASSERT_TRUE(jupiter::read(data, 10, action));
  EXPECT_EQ(action.amount, UINT64_MAX);
}

}  // namespace
}  // namespace waas::solana::test
