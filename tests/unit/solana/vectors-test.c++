// What Solana's own libraries made and read, read by us.

#include <gtest/gtest.h>

#include "samples.h"

namespace waas::solana::test {
namespace {

using nlohmann::json;

json numbers(Bytes bytes) {
  json list = json::array();
  for (std::uint8_t byte : bytes) list.push_back(byte);
  return list;
}

std::string text(AddressView address) { return std::string(format(address).view()); }

json configOf(const Config& config) {
  json out = json::object();
  if (config.priorityFeeLamports) out["priorityFeeLamports"] = std::to_string(*config.priorityFeeLamports);
  if (config.computeUnitLimit) out["computeUnitLimit"] = std::to_string(*config.computeUnitLimit);
  if (config.loadedAccountsDataSizeLimit) {
    out["loadedAccountsDataSizeLimit"] = std::to_string(*config.loadedAccountsDataSizeLimit);
  }
  if (config.heapSize) out["heapSize"] = std::to_string(*config.heapSize);
  return out;
}

void expectSame(const Transaction& transaction, const json& vector) {
  const Message& message = transaction.message();
  json version = message.version() == Version::LEGACY ? json("legacy") : json(message.version() == Version::V0 ? 0 : 1);
  EXPECT_EQ(version, vector.at("version"));
  const Header& header = message.header();
  EXPECT_EQ(json({header.requiredSignatures, header.readonlySigned, header.readonlyUnsigned}), vector.at("header"));
  json keys = json::array();
  for (std::size_t i = 0; i < message.staticKeyCount(); ++i) keys.push_back(text(message.staticKey(i)));
  EXPECT_EQ(keys, vector.at("keys"));
  EXPECT_EQ(text(message.lifetime()), vector.at("lifetime"));
  json instructions = json::array();
  for (const Instruction& instruction : message.instructions()) {
    instructions.push_back({instruction.program, numbers(instruction.accounts), toHex(instruction.data)});
  }
  EXPECT_EQ(instructions, vector.at("instructions"));
  json lookups = json::array();
  for (const LookupTable& lookup : message.lookupTables()) {
    lookups.push_back({text(lookup.address()), numbers(lookup.writable), numbers(lookup.readonly)});
  }
  EXPECT_EQ(lookups, vector.at("lookups"));
  EXPECT_EQ(configOf(message.config()), vector.at("config"));
  json signatures = json::array();
  for (std::size_t i = 0; i < transaction.signatureCount(); ++i) signatures.push_back(toHex(transaction.signature(i)));
  EXPECT_EQ(signatures, vector.at("signatures"));
  EXPECT_EQ(toHex(transaction.messageBytes()), vector.at("message"));
}

TEST(Vectors, AreReadAsTheLibrariesReadThem) {
  auto list = vectors("transactions");
  EXPECT_GE(list.size(), 40u);
  for (const auto& vector : list) {
    SCOPED_TRACE(vector.at("name").get<std::string>() + " " + vector.at("version").dump());
    Buffer bytes = fromBase64(vector.at("transaction"));
    auto transaction = decodeTransaction(bytes);
    ASSERT_TRUE(transaction) << describe(transaction.malformed());
    expectSame(*transaction, vector);
  }
}

TEST(Vectors, S1AreWrittenToTheSameBytes) {
  for (const Buffer& bytes : transactionVectors()) {
    auto transaction = decodeTransaction(bytes);
    ASSERT_TRUE(transaction);
    Buffer message(MAX_V1_TRANSACTION_SIZE);
    auto size = writeMessage(transaction->message(), message);
    ASSERT_TRUE(size);
    EXPECT_EQ(toHex(Bytes(message).first(*size)), toHex(transaction->messageBytes()));
    EXPECT_EQ(transaction->message().transactionSize(), bytes.size());
    std::vector<Signature> signatures(transaction->signatureCount());
    for (std::size_t i = 0; i < signatures.size(); ++i) {
      std::copy_n(transaction->signature(i).begin(), SIGNATURE_SIZE, signatures[i].bytes.begin());
    }
    Buffer whole(bytes.size());
    ASSERT_EQ(writeTransaction(transaction->messageBytes(), signatures, whole), bytes.size());
    EXPECT_EQ(whole, bytes);
  }
}

TEST(Vectors, HoldSignaturesOverTheMessageThatWeSee) {
  for (const Buffer& bytes : transactionVectors()) {
    auto transaction = decodeTransaction(bytes);
    ASSERT_TRUE(transaction);
    Bytes message = transaction->messageBytes();
    for (std::size_t i = 0; i < transaction->signatureCount(); ++i) {
      EXPECT_EQ(crypto_sign_verify_detached(transaction->signature(i).data(), message.data(), message.size(),
                                            transaction->message().staticKey(i).data()),
                0);
    }
  }
}

}  // namespace
}  // namespace waas::solana::test
