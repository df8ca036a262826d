#include "solana/transaction.h"

#include <gtest/gtest.h>

#include "samples.h"

namespace waas::solana::test {
namespace {

Buffer unsignedTransaction(const Buffer& message) {
  Buffer out(MAX_V1_TRANSACTION_SIZE);
  auto size = writeUnsignedTransaction(message, out);
  if (!size) throw std::length_error("transaction");
  out.resize(*size);
  return out;
}

TEST(Transaction, S4RefusesEveryTruncationAndEveryByteMore) {
  for (Buffer bytes : transactionVectors()) {
    ASSERT_TRUE(decodeTransaction(bytes));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      Buffer cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_FALSE(decodeTransaction(cut)) << size;
    }
    bytes.push_back(0);
    EXPECT_FALSE(decodeTransaction(bytes));
    bytes.insert(bytes.begin(), 0);
    EXPECT_FALSE(decodeTransaction(bytes));
  }
}

TEST(Transaction, RefusesAnyOtherNumberOfSignatures) {
  for (Version version : {Version::LEGACY, Version::V0}) {
    Buffer message = Sample(version).write();
    for (std::uint32_t count = 0; count < 256; ++count) {
      Buffer bytes{static_cast<std::uint8_t>(count)};
      bytes.resize(1 + 64 * (count & 0x7f));
      bytes.insert(bytes.end(), message.begin(), message.end());
      EXPECT_EQ(bool(decodeTransaction(bytes)), count == 1) << count;
    }
  }
  Buffer message = Sample(Version::V1).write();
  for (std::size_t count = 0; count < 60; ++count) {
    Buffer bytes = message;
    bytes.resize(message.size() + 64 * count);
    EXPECT_EQ(bool(decodeTransaction(bytes)), count == 1) << count;
  }
}

TEST(Transaction, RefusesAMessageInTheFrameOfAnotherVersion) {
  // v1 behind signatures, as legacy and v0 stand.
  Buffer v1 = Sample(Version::V1).write();
  Buffer bytes(65);
  bytes[0] = 1;
  bytes.insert(bytes.end(), v1.begin(), v1.end());
  EXPECT_EQ(decodeTransaction(bytes).malformed(), Malformed::UNKNOWN_VERSION);
  // v0 and legacy before signatures, as v1 stands.
  for (Version version : {Version::LEGACY, Version::V0}) {
    Buffer message = Sample(version).write();
    message.resize(message.size() + 64);
    EXPECT_FALSE(decodeTransaction(message));
  }
}

TEST(Transaction, S2RefusesASignatureCountThatBeginsLikeV1) {
  // 81 01 is 129 as a compact-u16, and v1 with one signer.
  Buffer message = Sample(Version::LEGACY).write();
  for (std::size_t size : {std::size_t{129} * 64, std::size_t{4096} - 2 - message.size(), std::size_t{64}}) {
    Buffer bytes{0x81, 0x01};
    bytes.resize(2 + size);
    bytes.insert(bytes.end(), message.begin(), message.end());
    EXPECT_FALSE(decodeTransaction(bytes)) << size;
  }
}

/// Bytes that are a sound transaction and, from the first byte on, a sound bare message of another content. The counts
/// of the outer message lie where a signature and an address are in the inner one.
Buffer twoReadings() {
  Buffer bytes(4);
  bytes[0] = 1;  // transaction: one signature · message: one signer
  bytes[2] = 1;  // message: one readonly other
  bytes[3] = 2;  // message: two keys, at 4 and 36; the transaction's message begins at 65, in the second
  bytes.resize(65, 0x11);
  const Buffer inner{1, 0, 1, 2};
  bytes.insert(bytes.end(), inner.begin(), inner.end());
  bytes.resize(69 + 32, 0x22);  // inner fee payer; the outer blockhash ends at 100
  bytes.resize(69 + 64, 0x33);  // inner program
  bytes.resize(69 + 96, 0x44);  // inner blockhash
  const Buffer innerInstruction{1, 1, 0, 3, 7, 7, 7};
  bytes.insert(bytes.end(), innerInstruction.begin(), innerInstruction.end());
  bytes[100] = 1;                                              // outer: one instruction,
  bytes[101] = 1;                                              // program 1,
  bytes[102] = 0;                                              // no account,
  bytes[103] = static_cast<std::uint8_t>(bytes.size() - 104);  // all the rest is data
  return bytes;
}

TEST(Transaction, S2RefusesBytesThatAreAlsoABareMessage) {
  Buffer bytes = twoReadings();
  ASSERT_TRUE(decodeMessage(bytes));
  ASSERT_TRUE(decodeMessage(Bytes(bytes).subspan(65)));
  EXPECT_EQ(decodeTransaction(bytes).malformed(), Malformed::AMBIGUOUS);
  // With another signature in the slot there is one reading left.
  bytes[2] = 99;
  EXPECT_FALSE(decodeMessage(bytes));
  EXPECT_TRUE(decodeTransaction(bytes));
}

TEST(Transaction, S6KeepsSignatureSlotsOutsideTheMessage) {
  for (const Buffer& bytes : transactionVectors()) {
    auto transaction = decodeTransaction(bytes);
    ASSERT_TRUE(transaction);
    std::vector<bool> covered(bytes.size());
    for (std::size_t i = 0; i < transaction->signatureCount(); ++i) {
      for (std::size_t j = 0; j < SIGNATURE_SIZE; ++j) {
        std::size_t at = transaction->signatureOffset(i) + j;
        ASSERT_LT(at, bytes.size());
        EXPECT_FALSE(covered[at]);
        covered[at] = true;
      }
    }
    auto begin = static_cast<std::size_t>(transaction->messageBytes().data() - bytes.data());
    for (std::size_t at = begin; at < begin + transaction->messageBytes().size(); ++at) {
      EXPECT_FALSE(covered[at]);
      covered[at] = true;
    }
    auto uncovered = static_cast<std::size_t>(std::count(covered.begin(), covered.end(), false));
    EXPECT_EQ(uncovered, transaction->message().version() == Version::V1 ? 0u : 1u);
  }
}

TEST(Transaction, PutsASignatureIntoItsSlotAndKeepsTheOthers) {
  for (Version version : {Version::LEGACY, Version::V0, Version::V1}) {
    Sample sample(version);
    sample.header = {2, 0, 1};
    Buffer bytes = unsignedTransaction(sample.write());
    auto before = decodeTransaction(bytes);
    ASSERT_TRUE(before);
    Signature first;
    Signature second;
    first.bytes.fill(0xaa);
    second.bytes.fill(0xbb);
    Buffer messageBefore(before->messageBytes().begin(), before->messageBytes().end());
    ASSERT_TRUE(putSignature(bytes, before->signatureOffset(*before->signerIndex(addressOf(2))), second));
    auto half = decodeTransaction(bytes);
    ASSERT_TRUE(half);
    EXPECT_TRUE(half->isEmptySlot(0));
    EXPECT_FALSE(half->isEmptySlot(1));
    ASSERT_TRUE(putSignature(bytes, half->signatureOffset(0), first));
    auto whole = decodeTransaction(bytes);
    ASSERT_TRUE(whole);
    EXPECT_EQ(toHex(whole->signature(0)), toHex(first.bytes));
    EXPECT_EQ(toHex(whole->signature(1)), toHex(second.bytes));
    EXPECT_EQ(toHex(whole->messageBytes()), toHex(messageBefore));
    EXPECT_FALSE(whole->signerIndex(addressOf(3)));  // a key of the message that does not sign
  }
}

TEST(Transaction, PutsNoSignatureBeyondTheEnd) {
  Buffer bytes(100);
  EXPECT_FALSE(putSignature(bytes, 37, Signature()));
  EXPECT_FALSE(putSignature(bytes, 101, Signature()));
  EXPECT_FALSE(putSignature(bytes, ~std::size_t{0}, Signature()));
  EXPECT_TRUE(putSignature(bytes, 36, Signature()));
}

TEST(Transaction, WritesNothingIntoABufferThatIsTooSmall) {
  for (Version version : {Version::LEGACY, Version::V0, Version::V1}) {
    Buffer message = Sample(version).write();
    std::size_t size = unsignedTransaction(message).size();
    Buffer out(size - 1);
    EXPECT_FALSE(writeUnsignedTransaction(message, out));
    Signature none[2];
    Buffer enough(size + 100);
    EXPECT_FALSE(writeTransaction(message, none, enough));
    EXPECT_TRUE(writeTransaction(message, std::span(none).first(1), enough));
  }
}

}  // namespace
}  // namespace waas::solana::test
