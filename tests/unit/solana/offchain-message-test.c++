#include "solana/offchain-message.h"

#include <gtest/gtest.h>

#include "samples.h"
#include "solana/payload-kind.h"

namespace waas::solana::test {
namespace {

Buffer signedForm(std::string_view text) {
  Buffer out(offchainMessageSize(text.size()));
  auto size = writeOffchainMessage(addressOf(1), bytesOf(text), out);
  if (!size) throw std::length_error("text");
  EXPECT_EQ(*size, out.size());
  return out;
}

std::vector<Address> signersOf(const nlohmann::json& vector) {
  std::vector<Address> signers;
  for (const std::string text : vector.at("signers")) signers.push_back(*parseAddress(text));
  return signers;
}

TEST(OffchainMessage, WritesWhatTheLibraryWrites) {
  for (const auto& vector : vectors("offchain-messages")) {
    Buffer expected = fromBase64(vector.at("bytes"));
    std::string text = vector.at("text");
    std::vector<Address> signers = signersOf(vector);
    Buffer out(expected.size());
    std::optional<std::size_t> size;
    if (vector.at("version") == 1) {
      size = writeOffchainMessage(std::span(signers), bytesOf(text), out);
    } else {
      Address domain = *parseAddress(vector.at("domain").get<std::string>());
      size = writeOffchainMessageV0(domain, signers, bytesOf(text), out);
    }
    ASSERT_EQ(size, expected.size()) << text.substr(0, 40);
    EXPECT_EQ(toHex(out), toHex(expected)) << text.substr(0, 40);
  }
}

TEST(OffchainMessage, ReadsWhatTheLibraryWrites) {
  for (const auto& vector : vectors("offchain-messages")) {
    Buffer bytes = fromBase64(vector.at("bytes"));
    auto message = decodeOffchainMessage(bytes);
    ASSERT_TRUE(message) << vector.at("text");
    EXPECT_EQ(message->version(), vector.at("version"));
    EXPECT_EQ(message->text(), vector.at("text").get<std::string>());
    std::vector<Address> signers = signersOf(vector);
    ASSERT_EQ(message->signerCount(), signers.size());
    for (const Address& signer : signers) EXPECT_TRUE(message->signerIndex(signer));
    EXPECT_FALSE(message->signerIndex(addressOf(1)));
    if (vector.at("version") == 0) {
      EXPECT_EQ(message->applicationDomain(), *parseAddress(vector.at("domain").get<std::string>()));
      EXPECT_EQ(static_cast<int>(message->format()), vector.at("format"));
    }
  }
}

TEST(OffchainMessage, VerifiesTheLibrarysSignature) {
  for (const auto& vector : vectors("offchain-messages")) {
    Buffer bytes = fromBase64(vector.at("bytes"));
    Buffer signature = fromBase64(vector.at("signature"));
    Address signer = signersOf(vector).front();
    EXPECT_EQ(crypto_sign_verify_detached(signature.data(), bytes.data(), bytes.size(), signer.bytes.data()), 0);
  }
}

TEST(OffchainMessage, S5IsNeverATransactionOrItsMessage) {
  // Also not with a text that is itself a transaction as far as it can be, and not when it is cut anywhere.
  std::vector<std::string> texts{"a", std::string(1000, '\x01'), std::string(1, '\x01') + std::string(64, 'x')};
  for (const std::string& text : texts) {
    Buffer bytes = signedForm(text);
    EXPECT_EQ(bytes.front(), 0xff);
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
      Bytes part = Bytes(bytes).first(size);
      ASSERT_FALSE(decodeMessage(part));
      ASSERT_FALSE(decodeTransaction(part));
    }
    EXPECT_EQ(classify(bytes), PayloadKind::OFFCHAIN_MESSAGE);
  }
}

TEST(OffchainMessage, RefusesTextThatCanNotBeSigned) {
  struct Case {
    Buffer text;
    Malformed reason;
  };
  for (const Case& entry :
       {Case{{}, Malformed::EMPTY_TEXT}, Case{{0xff}, Malformed::NOT_UTF8}, Case{{'a', 0xc3}, Malformed::NOT_UTF8},
        Case{{'a', 0, 'b'}, Malformed::TEXT_NOT_PLAIN}, Case{{0xef, 0xbb, 0xbf, 'a'}, Malformed::TEXT_NOT_PLAIN},
        Case{Buffer(MAX_OFFCHAIN_TEXT + 1, 'a'), Malformed::TOO_LARGE}}) {
    EXPECT_EQ(checkOffchainText(entry.text), entry.reason);
    Buffer out(100000);
    EXPECT_FALSE(writeOffchainMessage(addressOf(1), entry.text, out));
    Address signer = addressOf(1);
    EXPECT_FALSE(writeOffchainMessageV0(addressOf(0), {&signer, 1}, entry.text, out));
  }
  EXPECT_EQ(checkOffchainText(Buffer(MAX_OFFCHAIN_TEXT, 'a')), Malformed::NONE);
  EXPECT_EQ(checkOffchainText(bytesOf("a\xef\xbb\xbf")), Malformed::NONE);
}

TEST(OffchainMessage, SignsTheLongestText) {
  Buffer bytes = signedForm(std::string(MAX_OFFCHAIN_TEXT, 'a'));
  EXPECT_TRUE(decodeOffchainMessage(bytes));
  bytes.push_back('a');
  EXPECT_EQ(decodeOffchainMessage(bytes).malformed(), Malformed::TOO_LARGE);
}

TEST(OffchainMessage, S1RefusesSignersOutOfOrderOrTwice) {
  Address signers[] = {addressOf(2), addressOf(1)};
  Buffer out(200);
  auto size = writeOffchainMessage(std::span(signers), bytesOf("text"), out);
  ASSERT_TRUE(size);
  Buffer bytes(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(*size));
  ASSERT_TRUE(decodeOffchainMessage(bytes));
  EXPECT_EQ(bytes[18], 1);
  bytes[18] = 3;  // now the first is above the second
  EXPECT_EQ(decodeOffchainMessage(bytes).malformed(), Malformed::SIGNERS_NOT_SORTED);
  std::fill_n(bytes.begin() + 18, 32, std::uint8_t{2});
  EXPECT_EQ(decodeOffchainMessage(bytes).malformed(), Malformed::SIGNERS_NOT_SORTED);
  Address twice[] = {addressOf(1), addressOf(1)};
  EXPECT_FALSE(writeOffchainMessage(std::span(twice), bytesOf("text"), out));
  EXPECT_FALSE(writeOffchainMessageV0(addressOf(0), twice, bytesOf("text"), out));
  EXPECT_FALSE(writeOffchainMessage(std::span<Address>(), bytesOf("text"), out));
}

TEST(OffchainMessage, S1AcceptsOnlyTheSmallestFormatOfVersion0) {
  for (const auto& vector : vectors("offchain-messages")) {
    if (vector.at("version") != 0) continue;
    Buffer bytes = fromBase64(vector.at("bytes"));
    for (std::uint32_t format = 0; format < 256; ++format) {
      bytes[49] = static_cast<std::uint8_t>(format);
      EXPECT_EQ(bool(decodeOffchainMessage(bytes)), vector.at("format") == format);
    }
  }
}

TEST(OffchainMessage, S4RefusesEveryTruncationOfItsHead) {
  for (const auto& vector : vectors("offchain-messages")) {
    Buffer bytes = fromBase64(vector.at("bytes"));
    bool version1 = vector.at("version") == 1;
    // Version 1 has no length: a text that is cut between characters is another sound text.
    std::size_t head = version1 ? 18 + 32 * vector.at("signers").size() + 1 : bytes.size();
    for (std::size_t size = 0; size < head; ++size) {
      Buffer cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_FALSE(decodeOffchainMessage(cut)) << size;
    }
    bytes.push_back('a');
    EXPECT_EQ(bool(decodeOffchainMessage(bytes)), version1);
  }
}

TEST(OffchainMessage, RefusesOtherDomainsAndVersions) {
  Buffer good = signedForm("text");
  for (std::size_t at = 0; at < 16; ++at) {
    Buffer bytes = good;
    bytes[at] ^= 1;
    EXPECT_EQ(decodeOffchainMessage(bytes).malformed(), Malformed::NOT_OFFCHAIN);
  }
  for (std::uint32_t version = 2; version < 256; ++version) {
    good[16] = static_cast<std::uint8_t>(version);
    EXPECT_EQ(decodeOffchainMessage(good).malformed(), Malformed::UNKNOWN_VERSION);
  }
}

TEST(OffchainMessage, RefusesTheFormOfOldCommandLines) {
  // Domain, version 0, format 0, length, text: without application domain and signers.
  for (std::size_t length : {1u, 10u, 33u, 100u, 1000u}) {
    Buffer bytes = signedForm("a");
    bytes.resize(16);
    bytes.insert(bytes.end(), {0, 0, static_cast<std::uint8_t>(length & 0xff), static_cast<std::uint8_t>(length >> 8)});
    bytes.resize(bytes.size() + length, 'a');
    EXPECT_FALSE(decodeOffchainMessage(bytes)) << length;
  }
}

}  // namespace
}  // namespace waas::solana::test
