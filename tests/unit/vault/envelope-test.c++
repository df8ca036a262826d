#include "daemon/vault/envelope.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "daemon/vault/recovery-envelope.h"
#include "keys-for-tests.h"

namespace waas::vault {
namespace {

Id idFrom(uint8_t first) {
  Id id;
  for (uint8_t i = 0; i < id.size(); i++) id[i] = static_cast<uint8_t>(first + i);
  return id;
}

// The contexts of tests/vectors/envelope.
ShareContext foreignShare(const std::map<std::string, Octets>& vectors, uint8_t index) {
  return {.walletId = idFrom(0),
          .owner = {OwnerId::Kind::USER, idFrom(16)},
          .publicKey = toArray<32>(vectors.at("wallet-public")),
          .epoch = 5,
          .tag = 0x0123456789abcdef,
          .index = index,
          .threshold = 3};
}
const AccountContext ACCOUNT{.userId = idFrom(32), .version = 9, .email = "a@example.org"};
const SessionKeyContext SESSION{.userId = idFrom(32), .sessionId = idFrom(48)};

TEST(Aes, GcmGivesTheValuesOfNist) {
  ASSERT_GE(sodium_init(), 0);
  ASSERT_TRUE(aesAvailable());
  size_t good = 0, bad = 0;
  for (const auto& parts : vectorLines("aes-gcm/gcm-decrypt-256.txt")) {
    Octets key = fromHex(parts[0]), iv = fromHex(parts[1]), ad = fromHex(parts[2]), sealed = fromHex(parts[3]);
    Octets tag = fromHex(parts[4]), plain(sealed.size());
    sealed.insert(sealed.end(), tag.begin(), tag.end());
    bool opened = crypto_aead_aes256gcm_decrypt(plain.data(), nullptr, nullptr, sealed.data(), sealed.size(), ad.data(),
                                                ad.size(), iv.data(), key.data()) == 0;
    ASSERT_EQ(opened, parts[5] != "FAIL");
    (opened ? good : bad)++;
    if (!opened) continue;
    ASSERT_EQ(plain, fromHex(parts[5]));
    Octets again(sealed.size());
    crypto_aead_aes256gcm_encrypt(again.data(), nullptr, plain.data(), plain.size(), ad.data(), ad.size(), nullptr,
                                  iv.data(), key.data());
    ASSERT_EQ(again, sealed);
  }
  EXPECT_EQ(good + bad, 300u);
  EXPECT_GT(bad, 100u);
}

TEST(Envelope, V24OpensWhatAnIndependentImplementationSealed) {
  ForeignKeyring keyring;
  const auto& v = keyring.vectors;
  for (uint8_t index = 1; index <= 3; index++) {
    std::string name = "share-" + std::to_string(index);
    Secret<32> share;
    EXPECT_EQ(openEnvelope(keyring, foreignShare(v, index), v.at(name), share), Opened::OPENED);
    EXPECT_EQ(get(share), v.at(name + "-plain"));
  }
  Octets record(v.at("account-plain").size());
  EXPECT_EQ(openEnvelope(keyring, ACCOUNT, v.at("account"), record), Opened::OPENED);
  EXPECT_EQ(record, v.at("account-plain"));
  Secret<32> key, share2, share3;
  EXPECT_EQ(openEnvelope(keyring, SESSION, v.at("session-key"), key), Opened::OPENED);
  EXPECT_EQ(get(key), v.at("session-key-plain"));
  EXPECT_EQ(openRecovery(keyring, foreignShare(v, 0), v.at("recovery"), share2, share3), Opened::OPENED);
  EXPECT_EQ(get(share2), v.at("share-2-plain"));
  EXPECT_EQ(get(share3), v.at("share-3-plain"));
}

// One sealed envelope of each kind, and how to open it.
struct Sealed {
  std::string kind;
  Octets envelope;
  std::function<Opened(Bytes)> open;
  std::function<bool()> wiped;  // whether what it opened into is all zeros
};

class EveryKind : public testing::Test {
 protected:
  EveryKind() {
    for (auto* s : {&share, &share2, &share3, &key}) random.fill(s->fill(TEST_ACCESS));
    context.index = 2;
    context.threshold = 3;
    Octets envelope(SHARE_ENVELOPE_BYTES), recovery(RECOVERY_ENVELOPE_BYTES), account(60 + ENVELOPE_OVERHEAD);
    EXPECT_TRUE(sealEnvelope(keyring, context, share, random, std::span<uint8_t, SHARE_ENVELOPE_BYTES>(envelope)));
    all.push_back({"share", envelope, [this](Bytes e) { return openEnvelope(keyring, context, e, share); },
                   [this] { return isZero(share); }});
    EXPECT_TRUE(sealEnvelope(keyring, SESSION, key, random, std::span<uint8_t, SESSION_KEY_ENVELOPE_BYTES>(envelope)));
    all.push_back({"session", envelope, [this](Bytes e) { return openEnvelope(keyring, SESSION, e, key); },
                   [this] { return isZero(key); }});
    EXPECT_TRUE(sealEnvelope(keyring, ACCOUNT, record, random, account));
    all.push_back({"account", account, [this](Bytes e) { return openEnvelope(keyring, ACCOUNT, e, record); },
                   [this] { return record == Octets(60); }});
    EXPECT_TRUE(
        sealRecovery(keyring, context, share2, share3, random, std::span<uint8_t, RECOVERY_ENVELOPE_BYTES>(recovery)));
    all.push_back({"recovery", recovery, [this](Bytes e) { return openRecovery(keyring, context, e, share2, share3); },
                   [this] { return isZero(share2) && isZero(share3); }});
  }

  FreshKeyring keyring;
  Replayed random{11};
  ShareContext context;
  Secret<32> share, share2, share3, key;
  Octets record = Octets(60, 3);
  std::vector<Sealed> all;
};

TEST_F(EveryKind, V24OpensInItsOwnContext) {
  for (const Sealed& s : all) {
    EXPECT_EQ(s.open(s.envelope), Opened::OPENED) << s.kind;
    EXPECT_FALSE(s.wiped());
  }
}

TEST_F(EveryKind, V24RefusesEveryFlippedBitAndLeavesNothing) {
  for (const Sealed& s : all) {
    for (size_t bit = 0; bit < s.envelope.size() * 8; bit++) {
      Octets changed = s.envelope;
      changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ 1u << (bit % 8));
      bool inVersion = bit / 8 >= 2 && bit / 8 < 6;
      // V26: a key version that we don't have is said as such; everything else is damage. (Curve25519 ignores the top
      // bit of an ephemeral key, but the associated data doesn't.)
      ASSERT_EQ(s.open(changed), inVersion ? Opened::UNKNOWN_KEY_VERSION : Opened::DAMAGED) << s.kind << " bit " << bit;
      ASSERT_TRUE(s.wiped()) << s.kind;
    }
    EXPECT_EQ(s.open(s.envelope), Opened::OPENED);
  }
}

TEST_F(EveryKind, V24RefusesEveryTruncationAndEveryAppendedByte) {
  for (const Sealed& s : all) {
    for (size_t size = 0; size < s.envelope.size(); size++) {
      ASSERT_EQ(s.open(Bytes(s.envelope).first(size)), Opened::DAMAGED) << s.kind << " cut to " << size;
    }
    Octets longer = s.envelope;
    longer.push_back(0);
    EXPECT_EQ(s.open(longer), Opened::DAMAGED);
    EXPECT_EQ(s.open(Octets(s.envelope.size())), Opened::DAMAGED);
  }
}

TEST_F(EveryKind, V24RefusesEnvelopesOfAnotherKind) {
  for (const Sealed& s : all) {
    for (const Sealed& other : all) {
      if (s.kind != other.kind) {
        EXPECT_EQ(s.open(other.envelope), Opened::DAMAGED) << other.kind << " as " << s.kind;
      }
    }
    // Nor with the kind byte rewritten.
    Octets forged = s.envelope;
    for (uint8_t kind = 0; kind < 8; kind++) {
      if (kind == s.envelope[1]) continue;
      forged[1] = kind;
      for (const Sealed& as : all) EXPECT_EQ(as.open(forged), Opened::DAMAGED);
    }
  }
}

TEST_F(EveryKind, V24RefusesEnvelopesOfAnotherKeyring) {
  FreshKeyring others(99);
  Secret<32> out, out3;
  Octets plain(60);
  EXPECT_EQ(openEnvelope(others, context, all[0].envelope, out), Opened::DAMAGED);
  EXPECT_EQ(openEnvelope(others, SESSION, all[1].envelope, out), Opened::DAMAGED);
  EXPECT_EQ(openEnvelope(others, ACCOUNT, all[2].envelope, plain), Opened::DAMAGED);
  EXPECT_EQ(openRecovery(others, context, all[3].envelope, out, out3), Opened::DAMAGED);
}

TEST_F(EveryKind, V24RefusesAShareMovedToAnyOtherContext) {
  std::vector<std::function<void(ShareContext&)>> moves = {
      [](ShareContext& c) { c.walletId[15] ^= 1; }, [](ShareContext& c) { c.owner.kind = OwnerId::Kind::SERVICE; },
      [](ShareContext& c) { c.owner.id[0] ^= 1; },  [](ShareContext& c) { c.publicKey[31] ^= 0x80; },
      [](ShareContext& c) { c.epoch++; },           [](ShareContext& c) { c.tag++; },
      [](ShareContext& c) { c.threshold = 2; },
  };
  const ShareContext own = context;
  for (auto& move : moves) {
    context = own;
    move(context);
    EXPECT_EQ(all[0].open(all[0].envelope), Opened::DAMAGED);
    EXPECT_EQ(all[3].open(all[3].envelope), Opened::DAMAGED);
  }
  context = own;
  for (uint8_t index : Octets{0, 1, 3, 255}) {
    context.index = index;
    EXPECT_EQ(all[0].open(all[0].envelope), Opened::DAMAGED);
    EXPECT_EQ(all[3].open(all[3].envelope), Opened::OPENED) << "the recovery envelope has no index of its own";
  }
}

TEST_F(EveryKind, V24RefusesAnAccountOrSessionMovedToAnother) {
  AccountContext otherUser = ACCOUNT, otherVersion = ACCOUNT, otherEmail = ACCOUNT, shiftedEmail = ACCOUNT;
  otherUser.userId[0] ^= 1;
  otherVersion.version--;
  otherEmail.email = "b@example.org";
  shiftedEmail.email = "a@example.or";
  for (const AccountContext& other : {otherUser, otherVersion, otherEmail, shiftedEmail}) {
    EXPECT_EQ(openEnvelope(keyring, other, all[2].envelope, record), Opened::DAMAGED);
  }
  SessionKeyContext otherPerson = SESSION, otherSession = SESSION;
  otherPerson.userId[0] ^= 1;
  otherSession.sessionId[0] ^= 1;
  EXPECT_EQ(openEnvelope(keyring, otherPerson, all[1].envelope, key), Opened::DAMAGED);
  EXPECT_EQ(openEnvelope(keyring, otherSession, all[1].envelope, key), Opened::DAMAGED);
}

TEST(Envelope, V25EachHasASaltAndThusAKeyOfItsOwn) {
  FreshKeyring keyring;
  KernelRandom random;
  std::set<Octets> salts, bodies;
  Secret<32> share;
  for (int i = 0; i < 1000; i++) {
    Octets envelope(SHARE_ENVELOPE_BYTES);
    ASSERT_TRUE(
        sealEnvelope(keyring, ShareContext(), share, random, std::span<uint8_t, SHARE_ENVELOPE_BYTES>(envelope)));
    salts.insert(Octets(envelope.begin() + 6, envelope.begin() + 38));
    bodies.insert(Octets(envelope.begin() + 38, envelope.end()));
  }
  EXPECT_EQ(salts.size(), 1000u);
  EXPECT_EQ(bodies.size(), 1000u);
}

TEST(Envelope, SealsUnderTheNewestKeyAndOpensUnderOlderOnes) {
  ForeignKeyring keyring;
  KernelRandom random;
  Secret<32> share, out;
  random.fill(share.fill(TEST_ACCESS));
  Octets envelope(SHARE_ENVELOPE_BYTES);
  ASSERT_TRUE(sealEnvelope(keyring, ShareContext(), share, random, std::span<uint8_t, SHARE_ENVELOPE_BYTES>(envelope)));
  EXPECT_EQ(envelope[2], 2);  // the vectors' newest share key
  EXPECT_EQ(openEnvelope(keyring, ShareContext(), envelope, out), Opened::OPENED);
  EXPECT_TRUE(out.matches(share));
  EXPECT_EQ(keyring.vectors.at("share-2")[2], 1) << "the vectors' second share, which opens too, is of the older key";
}

TEST(Envelope, RefusesBuffersOfAnotherSize) {
  FreshKeyring keyring;
  KernelRandom random;
  Octets plain(10, 1);
  for (size_t size : {0u, 10u, 63u, 65u}) {
    Octets out(size, 7);
    EXPECT_FALSE(sealEnvelope(keyring, ACCOUNT, plain, random, out));
    EXPECT_EQ(out, Octets(size));
  }
  Octets out(64);
  AccountContext tooLong = ACCOUNT;
  std::string email(MAX_CONTEXT_EMAIL_BYTES + 1, 'x');
  tooLong.email = email;
  EXPECT_FALSE(sealEnvelope(keyring, tooLong, plain, random, out));
  EXPECT_TRUE(sealEnvelope(keyring, ACCOUNT, plain, random, out));
  EXPECT_EQ(openEnvelope(keyring, tooLong, out, plain), Opened::DAMAGED);
  tooLong.email = std::string_view(email).substr(1);
  EXPECT_TRUE(sealEnvelope(keyring, tooLong, plain, random, out));
  EXPECT_EQ(openEnvelope(keyring, tooLong, out, plain), Opened::OPENED);
  Octets empty, nothing(ENVELOPE_OVERHEAD);
  EXPECT_TRUE(sealEnvelope(keyring, ACCOUNT, empty, random, nothing));
  EXPECT_EQ(openEnvelope(keyring, ACCOUNT, nothing, empty), Opened::OPENED);
}

}  // namespace
}  // namespace waas::vault
