// Random damage, from a fixed seed: whatever still decodes must be canonical, sanitized and of one kind.

#include <gtest/gtest.h>

#include <random>

#include "samples.h"
#include "solana/offchain-message.h"
#include "solana/payload-kind.h"

namespace waas::solana::test {
namespace {

Buffer mutated(Buffer bytes, std::mt19937& random) {
  auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
  auto byte = [&] { return static_cast<std::uint8_t>(random()); };
  for (std::size_t edits = 1 + below(3); edits > 0 && !bytes.empty(); --edits) {
    // Half of the edits go to the first bytes, where the counts are.
    std::size_t at = below(2) == 0 ? below(std::min<std::size_t>(bytes.size(), 80)) : below(bytes.size());
    auto here = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(6)) {
      case 0: *here = static_cast<std::uint8_t>(*here ^ (1u << below(8))); break;
      case 1: *here = byte(); break;
      case 2: *here = static_cast<std::uint8_t>(*here + 1); break;
      case 3: bytes.insert(here, byte()); break;
      case 4: bytes.erase(here); break;
      default: bytes.resize(at); break;
    }
  }
  return bytes;
}

void expectSound(const Message& message) {
  ASSERT_GE(message.header().requiredSignatures, 1);
  ASSERT_TRUE(message.isSigner(0));
  ASSERT_TRUE(message.isWritable(0));
  ASSERT_LE(message.header().requiredSignatures, message.staticKeyCount());
  ASSERT_LE(message.accountCount(), MAX_ACCOUNTS);
  for (const Instruction& instruction : message.instructions()) {
    ASSERT_NE(instruction.program, 0);
    ASSERT_LT(instruction.program, message.staticKeyCount());
    for (std::uint8_t account : instruction.accounts) ASSERT_LT(account, message.accountCount());
  }
  Buffer again(message.bytes().size());
  ASSERT_EQ(writeMessage(message, again), message.bytes().size());
  ASSERT_EQ(toHex(again), toHex(message.bytes()));
}

TEST(Mutation, S1S3WhatStillDecodesIsCanonicalAndSound) {
  std::mt19937 random(20251122);
  std::vector<Buffer> transactions = transactionVectors();
  std::size_t accepted = 0;
  for (int round = 0; round < 60000; ++round) {
    Buffer bytes = mutated(transactions[random() % transactions.size()], random);
    auto transaction = decodeTransaction(bytes);
    if (transaction) {
      ++accepted;
      expectSound(transaction->message());
      ASSERT_EQ(transaction->message().transactionSize(), bytes.size());
    }
    auto message = decodeMessage(bytes);
    if (message) expectSound(*message);
    ASSERT_FALSE(transaction && message);
  }
  // Not a test of nothing: much damage (in keys, data, signatures) leaves another sound transaction.
  EXPECT_GT(accepted, 5000u);
  EXPECT_LT(accepted, 55000u);
}

TEST(Mutation, S2S5OffchainMessagesStayOneKind) {
  std::mt19937 random(20251122);
  auto list = vectors("offchain-messages");
  std::size_t accepted = 0;
  for (int round = 0; round < 10000; ++round) {
    Buffer bytes = mutated(fromBase64(list[random() % list.size()].at("bytes")), random);
    PayloadKind kind = classify(bytes);
    ASSERT_TRUE(kind == PayloadKind::OFFCHAIN_MESSAGE || kind == PayloadKind::UNKNOWN);
    accepted += kind == PayloadKind::OFFCHAIN_MESSAGE ? 1 : 0;
  }
  EXPECT_GT(accepted, 100u);
}

}  // namespace
}  // namespace waas::solana::test
