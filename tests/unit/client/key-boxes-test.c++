#include "client/lib/key-boxes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace waas::client {
namespace {

constexpr SecretAccess ACCESS = SecretAccess::here();

SecretText textOf(const std::string& text) {
  SecretText secret;
  EXPECT_TRUE(secret.append(kj::arrayPtr(text.data(), text.size())));
  return secret;
}

std::string contentOf(const SecretText& text) {
  auto chars = text.reveal(ACCESS);
  return std::string(chars.begin(), chars.size());
}

// RFC 8032, test 1, as solana-keygen would write it.
const std::string FILE_OF_RFC_8032 =
    "[157,97,177,157,239,253,90,96,186,132,74,244,146,236,44,196,68,73,197,105,123,50,105,25,112,59,172,3,28,174,127,"
    "96,"
    "215,90,152,1,130,177,10,183,213,75,254,211,201,100,7,58,14,225,114,243,218,166,35,37,175,2,26,104,247,7,81,26]\n";

TEST(KeyBoxes, ReadsAndWritesTheFileOfSolanaKeygen) {
  KeyPair pair;
  ASSERT_TRUE(parseKeyFile(textOf(FILE_OF_RFC_8032), pair));
  EXPECT_EQ(pair.reveal(ACCESS)[0], 0x9d);
  EXPECT_EQ(pair.reveal(ACCESS)[63], 0x1a);
  EXPECT_EQ(contentOf(writeKeyFile(pair)), FILE_OF_RFC_8032);
  std::string spaced = FILE_OF_RFC_8032;
  for (size_t at = 0; (at = spaced.find(',', at)) != std::string::npos; at += 3) spaced.replace(at, 1, " ,\n");
  EXPECT_TRUE(parseKeyFile(textOf("\n " + spaced), pair));
}

TEST(KeyBoxes, RefusesWhatIsNoKeyPair) {
  const std::string& good = FILE_OF_RFC_8032;
  std::string otherSeed = good, otherKey = good;
  otherSeed.replace(1, 3, "158");
  otherKey.replace(good.rfind(",26"), 3, ",27");
  for (const std::string& text :
       {std::string(), std::string("[]"), otherSeed, otherKey, good.substr(1), good.substr(0, good.size() - 2),
        good + "1", "[1," + good.substr(1), std::string("[0157") + good.substr(4), std::string("[-99") + good.substr(4),
        std::string("[999") + good.substr(4), std::string("[15.7") + good.substr(4), std::string(4000, '[')}) {
    KeyPair pair;
    EXPECT_FALSE(parseKeyFile(textOf(text), pair)) << text.substr(0, 20);
    EXPECT_TRUE(std::ranges::all_of(pair.reveal(ACCESS), [](uint8_t b) { return b == 0; }));
  }
}

TEST(KeyBoxes, AnImportBoxHoldsWhatItSays) {
  KeyPair pair;
  ASSERT_TRUE(parseKeyFile(textOf(FILE_OF_RFC_8032), pair));
  BoxKey vault;
  OwnerId owner{OwnerId::Kind::SERVICE, Id{1, 2}};
  auto box = sealImportBox(pair, owner, "main", 1234, vault.publicKey());
  ASSERT_EQ(box.size(), IMPORT_BOX_BYTES);
  std::vector<uint8_t> plain(ImportBoxLayout::SIZE);
  ASSERT_EQ(crypto_box_seal_open(plain.data(), box.begin(), box.size(), vault.publicKey().data(),
                                 vault.secret().reveal(ACCESS).data()),
            0);
  ByteReader r(plain);
  Bytes magic = r.bytes(IMPORT_BOX_MAGIC.size());
  EXPECT_TRUE(std::ranges::equal(magic, asBytes(IMPORT_BOX_MAGIC.data(), IMPORT_BOX_MAGIC.size())));
  EXPECT_EQ(r.owner(), owner);
  EXPECT_EQ(r.u64(), 1234u);
  r.bytes(32);
  EXPECT_TRUE(std::ranges::equal(r.bytes(64), pair.reveal(ACCESS)));
  EXPECT_TRUE(r.done());
}

class ExportBox : public testing::Test {
 protected:
  ExportBox() {
    EXPECT_TRUE(parseKeyFile(textOf(FILE_OF_RFC_8032), pair));
    wallet.walletId = Id{7};
    wallet.owner = {OwnerId::Kind::USER, Id{8}};
    std::copy_n(pair.reveal(ACCESS).data() + 32, 32, wallet.publicKey.data());
  }
  kj::Array<kj::byte> seal(const OwnerId& owner, const Id& id, const PublicKey& to) {
    std::vector<uint8_t> plain(ExportBoxLayout::SIZE);
    ByteWriter w(plain);
    w.bytes(asBytes(EXPORT_BOX_MAGIC.data(), EXPORT_BOX_MAGIC.size()));
    w.owner(owner);
    w.bytes(id);
    w.bytes(pair.reveal(ACCESS));
    auto box = kj::heapArray<kj::byte>(EXPORT_BOX_BYTES);
    crypto_box_seal(box.begin(), plain.data(), plain.size(), to.data());
    return box;
  }
  KeyPair pair, got;
  Wallet wallet;
  BoxKey client;
};

TEST_F(ExportBox, GivesTheCertifiedWalletsKey) {
  client.openExport(seal(wallet.owner, wallet.walletId, client.publicKey()), wallet, got);
  EXPECT_TRUE(got.matches(pair));
}

TEST_F(ExportBox, L1AKeyThatIsNotTheCertifiedAddresssIsRefused) {
  // Anybody could have sealed to the client's key.
  BoxKey other;
  EXPECT_ANY_THROW(client.openExport(seal(wallet.owner, wallet.walletId, other.publicKey()), wallet, got));
  EXPECT_ANY_THROW(
      client.openExport(seal({OwnerId::Kind::SERVICE, Id{8}}, wallet.walletId, client.publicKey()), wallet, got));
  EXPECT_ANY_THROW(client.openExport(seal(wallet.owner, Id{9}, client.publicKey()), wallet, got));
  EXPECT_ANY_THROW(client.openExport(kj::heapArray<kj::byte>(10), wallet, got));
  auto box = seal(wallet.owner, wallet.walletId, client.publicKey());
  wallet.publicKey[0] ^= 1;
  EXPECT_ANY_THROW(client.openExport(box, wallet, got));
  EXPECT_TRUE(std::ranges::all_of(got.reveal(ACCESS), [](uint8_t b) { return b == 0; }));
}

TEST(CustodyPart, TextComesBackAsItWas) {
  Secret<CUSTODY_PART_BYTES> part, again;
  randombytes_buf(part.fill(ACCESS).data(), part.SIZE);
  std::string text = contentOf(writePart(part));
  EXPECT_EQ(text.size(), 128u);
  ASSERT_TRUE(parsePart(textOf(text), again));
  EXPECT_TRUE(again.matches(part));
  ASSERT_TRUE(parsePart(textOf(text.substr(0, 40) + " \n" + text.substr(40) + "\n"), again));
  EXPECT_TRUE(again.matches(part));
  for (const std::string& bad : {std::string(), text.substr(1), text + "AAAA", "!" + text.substr(1)}) {
    EXPECT_FALSE(parsePart(textOf(bad), again)) << bad;
  }
}

TEST(CustodyPart, IsTakenOnlyFromTheVaultAndOnlyByItsCustodian) {
  Secret<CUSTODY_PART_BYTES> part, got;
  randombytes_buf(part.fill(ACCESS).data(), part.SIZE);
  BoxKey custodian, other;
  PublicKey answers, strangers;
  std::vector<uint8_t> signingKey(64), strange(64);
  crypto_sign_keypair(answers.data(), signingKey.data());
  crypto_sign_keypair(strangers.data(), strange.data());
  std::vector<uint8_t> plain(CUSTODY_BOX_MAGIC.begin(), CUSTODY_BOX_MAGIC.end());
  plain.insert(plain.end(), part.reveal(ACCESS).begin(), part.reveal(ACCESS).end());
  auto sealed = kj::heapArray<kj::byte>(SEALED_PART_BYTES);
  crypto_box_seal(sealed.begin(), plain.data(), plain.size(), custodian.publicKey().data());
  std::vector<uint8_t> covered(CUSTODY_SIGNATURE_DOMAIN.begin(), CUSTODY_SIGNATURE_DOMAIN.end());
  covered.insert(covered.end(), sealed.begin(), sealed.begin() + CUSTODY_BOX_BYTES);
  crypto_sign_detached(sealed.begin() + CUSTODY_BOX_BYTES, nullptr, covered.data(), covered.size(), signingKey.data());
  custodian.openPart(sealed, answers, got);
  EXPECT_TRUE(got.matches(part));
  EXPECT_ANY_THROW(custodian.openPart(sealed, strangers, got));
  EXPECT_ANY_THROW(other.openPart(sealed, answers, got));
  EXPECT_ANY_THROW(custodian.openPart(sealed.slice(0, sealed.size() - 1), answers, got));
  sealed[9] ^= 1;
  EXPECT_ANY_THROW(custodian.openPart(sealed, answers, got));
}

}  // namespace
}  // namespace waas::client
