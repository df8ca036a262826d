#include "daemon/vault/keyring.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <set>

#include "daemon/vault/root-credential.h"
#include "keys-for-tests.h"

namespace waas::vault {
namespace {

Octets wrapped(const Keyring& keyring, const Secret<32>& root) {
  KernelRandom random;
  Octets out(MAX_KEYRING_BYTES);
  out.resize(keyring.wrap(root, random, out));
  return out;
}

TEST(Keyring, GeneratesOneVersionOfEverything) {
  FreshKeyring keyring;
  EXPECT_EQ(keyring.keys().size(), PURPOSES);
  for (uint8_t p = 1; p <= PURPOSES; p++) {
    const Key& key = keyring.newest(static_cast<Purpose>(p));
    EXPECT_EQ(key.version(), 1u);
    EXPECT_TRUE(key.newest());
    EXPECT_TRUE(key.hasPrivate());
    EXPECT_EQ(keyring.find(key.purpose(), 1), &key);
    EXPECT_EQ(keyring.find(key.purpose(), 2), nullptr);
    EXPECT_EQ(keyring.find(key.purpose(), 0), nullptr);
  }
}

TEST(Keyring, V29OpensUnderItsRootCredentialOnly) {
  FreshKeyring keyring;
  Secret<32> root;
  put(root, Octets(32, 0x42));
  Octets file = wrapped(keyring, root);
  {
    Keyring again;
    ASSERT_EQ(again.load(file, root), KeyringLoaded::LOADED);
    ASSERT_EQ(again.keys().size(), keyring.keys().size());
    EXPECT_EQ(again.publicKeys().print(), keyring.publicKeys().print());
    Octets text{1, 2, 3};
    for (Purpose p : {Purpose::SHARE, Purpose::VERIFIER, Purpose::SALT}) {
      EXPECT_EQ(again.newest(p).hmac().mac({text}), keyring.newest(p).hmac().mac({text}));
    }
  }
  for (size_t bit = 0; bit < 256; bit++) {
    Secret<32> wrong;
    Octets bytes(32, 0x42);
    bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ 1u << (bit % 8));
    put(wrong, bytes);
    Keyring none;
    ASSERT_EQ(none.load(file, wrong), KeyringLoaded::REFUSED);
    EXPECT_TRUE(none.keys().empty());
  }
}

TEST(Keyring, V29RefusesEveryChangedOrMissingByte) {
  FreshKeyring keyring;
  Secret<32> root;
  Octets file = wrapped(keyring, root);
  Keyring none;  // stays empty all along, so one is enough
  for (size_t i = 0; i < file.size(); i++) {
    Octets changed = file;
    changed[i] ^= 0x10;
    ASSERT_EQ(none.load(changed, root), KeyringLoaded::REFUSED) << i;
    ASSERT_EQ(none.load(Bytes(file).first(i), root), KeyringLoaded::REFUSED) << i;
  }
  EXPECT_EQ(none.load(Octets(MAX_KEYRING_BYTES + 1), root), KeyringLoaded::REFUSED);
  EXPECT_EQ(none.load(file, root), KeyringLoaded::LOADED);
}

TEST(Keyring, V29LoadsWhatAnIndependentImplementationWrapped) {
  ForeignKeyring keyring;
  EXPECT_EQ(keyring.keys().size(), PURPOSES + 1);
  EXPECT_EQ(keyring.newest(Purpose::SHARE).version(), 2u);
  ASSERT_NE(keyring.find(Purpose::SHARE, 1), nullptr);
  EXPECT_FALSE(keyring.find(Purpose::SHARE, 1)->newest());
  EXPECT_EQ(keyring.newest(Purpose::AUDIT).version(), 7u);
  EXPECT_EQ(keyring.publicKeys().sealing, toArray<32>(keyring.vectors.at("public-sealing-7")));
  EXPECT_EQ(keyring.publicKeys().answers, toArray<32>(keyring.vectors.at("public-answer-7")));
  EXPECT_EQ(keyring.publicKeys().audit, toArray<32>(keyring.vectors.at("public-audit-7")));
}

// Authentic keyrings that are none: the plaintext of a good one is changed and sealed again, by what the format says.
class Rewrapped : public testing::Test {
 protected:
  Rewrapped() {
    file = wrapped(keyring, root);
    plain.resize(file.size() - 38 - 16);
    EXPECT_EQ(crypto_aead_aes256gcm_decrypt(plain.data(), nullptr, nullptr, file.data() + 38, file.size() - 38,
                                            associated().data(), associated().size(), NONCE, key().data()),
              0);
  }
  Octets associated() {
    std::string domain = "waas keyring 1";
    Octets ad(domain.begin(), domain.end());
    ad.insert(ad.end(), file.begin(), file.begin() + 38);
    return ad;
  }
  Octets key() {
    std::string salt = "waas root 1", info = "waas envelope 1 \x05";
    Secret<32> prk;
    hkdfExtract(asBytes(salt.data(), salt.size()), root.reveal(TEST_ACCESS), prk);
    Octets text(info.begin(), info.end()), out(32);
    text.insert(text.end(), file.begin() + 6, file.begin() + 38);
    EXPECT_TRUE(hkdfExpand(prk, text, out));
    return out;
  }
  KeyringLoaded loadAfter(const std::function<void(Octets&)>& change) {
    Octets changed = plain;
    change(changed);
    Octets envelope(file.begin(), file.begin() + 38);
    envelope.resize(38 + changed.size() + 16);
    crypto_aead_aes256gcm_encrypt(envelope.data() + 38, nullptr, changed.data(), changed.size(), associated().data(),
                                  associated().size(), nullptr, NONCE, key().data());
    Keyring again;
    KeyringLoaded result = again.load(envelope, root);
    EXPECT_EQ(again.keys().empty(), result != KeyringLoaded::LOADED);
    hasRecoveryKey = result == KeyringLoaded::LOADED && again.newest(Purpose::RECOVERY).hasPrivate();
    return result;
  }
  static size_t entry(size_t i) { return 2 + i * KEYRING_ENTRY_BYTES; }

  static constexpr uint8_t NONCE[12] = {};
  FreshKeyring keyring;
  Secret<32> root;
  Octets file, plain;
  bool hasRecoveryKey = false;
};

TEST_F(Rewrapped, V29TakesNothingThatIsNoWholeKeyring) {
  EXPECT_EQ(loadAfter([](Octets&) {}), KeyringLoaded::LOADED);
  std::vector<std::function<void(Octets&)>> changes = {
      [](Octets& p) { p.resize(p.size() - KEYRING_ENTRY_BYTES), p[0]--; },  // no recovery key at all
      [](Octets& p) { p[0]--; },                                            // trailing bytes
      [](Octets& p) { p[0]++; },                                            // missing bytes
      [](Octets& p) { p[1] = 0xff; },                                       // a count beyond reason
      [](Octets& p) { p[entry(0)] = 0; },                                   // no such purpose
      [](Octets& p) { p[entry(0)] = PURPOSES + 1; },                        // nor this
      [](Octets& p) { p[entry(0) + 1] = 0; },                               // version 0
      [](Octets& p) { p[entry(0) + 5] = 0; },                               // no newest of its purpose
      [](Octets& p) { p[entry(0) + 5] = 2; },                               // neither yes nor no
      [](Octets& p) { p[entry(0) + 6] = 0; },                               // a share key without private half
      [](Octets& p) { p[entry(1)] = 1; },                                   // the same version twice
      [](Octets& p) { p[entry(1)] = 1, p[entry(1) + 1] = 2; },              // two newest of one purpose
      [](Octets& p) { p[entry(7) + 7] ^= 1; },                              // halves that don't fit
      [](Octets& p) { p[entry(7) + 39] ^= 1; },
      [](Octets& p) { p.clear(); },
  };
  for (size_t i = 0; i < changes.size(); i++) EXPECT_EQ(loadAfter(changes[i]), KeyringLoaded::MALFORMED) << i;
}

TEST_F(Rewrapped, RecoveryKeyMayBeItsPublicHalfAlone) {
  EXPECT_EQ(loadAfter([](Octets& p) {
              p[entry(9) + 6] = 0;
              std::fill_n(p.begin() + static_cast<ptrdiff_t>(entry(9)) + 7, 32, uint8_t{0});
            }),
            KeyringLoaded::LOADED);
  EXPECT_FALSE(hasRecoveryKey);
}

TEST_F(Rewrapped, KeepsAtMostTheKeysThatHaveRoom) {
  auto fill = [&](size_t count) {
    return loadAfter([&](Octets& p) {
      for (uint8_t version = 2; p[0] < count; version++, p[0]++) {
        Octets older(p.begin() + static_cast<ptrdiff_t>(entry(0)), p.begin() + static_cast<ptrdiff_t>(entry(1)));
        older[1] = version;
        older[5] = 0;
        p.insert(p.end(), older.begin(), older.end());
      }
    });
  };
  EXPECT_EQ(fill(MAX_KEYS), KeyringLoaded::LOADED);
  EXPECT_EQ(fill(MAX_KEYS + 1), KeyringLoaded::REFUSED);  // larger than any keyring
}

TEST(Keyring, V29IsReadOnlyOnceLoaded) {
  FreshKeyring keyring;
  auto* bytes = const_cast<Key*>(&keyring.newest(Purpose::SHARE));
  EXPECT_DEATH(reinterpret_cast<volatile uint8_t*>(bytes)[64] = 1, "");
}

TEST(Keyring, KeysOfTwoPurposesHaveNothingInCommon) {
  // The same 32 bytes under two purposes: only the derivation tells them apart.
  Secret<32> prk1, prk2;
  Octets text{1};
  FreshKeyring keyring;
  std::set<Hash> macs;
  for (const Key& key : keyring.keys()) macs.insert(key.hmac().mac({text}));
  EXPECT_EQ(macs.size(), PURPOSES);
  std::string first = "waas share 1", second = "waas record 1";
  hkdfExtract(asBytes(first.data(), first.size()), text, prk1);
  hkdfExtract(asBytes(second.data(), second.size()), text, prk2);
  EXPECT_FALSE(prk1.matches(prk2));
}

TEST(Key, SignsWithTheSigningPurposesOnly) {
  FreshKeyring keyring;
  Octets message{1, 2, 3};
  for (const Key& key : keyring.keys()) {
    Signature signature;
    bool signs = key.purpose() == Purpose::ANSWER || key.purpose() == Purpose::AUDIT;
    EXPECT_EQ(key.sign(message, signature), signs);
    if (signs) {
      EXPECT_EQ(crypto_sign_verify_detached(signature.data(), message.data(), message.size(), key.publicKey().data()),
                0);
    } else {
      EXPECT_EQ(signature, Signature{});
    }
  }
}

TEST(Key, OpensBoxesSealedToItAndNoOthers) {
  FreshKeyring keyring, others(5);
  const Key& sealing = keyring.newest(Purpose::SEALING);
  Octets secret(20, 8), box(20 + crypto_box_SEALBYTES), plain(20, 1);
  crypto_box_seal(box.data(), secret.data(), secret.size(), sealing.publicKey().data());
  EXPECT_TRUE(sealing.openBox(box, plain));
  EXPECT_EQ(plain, secret);
  EXPECT_FALSE(others.newest(Purpose::SEALING).openBox(box, plain));
  EXPECT_EQ(plain, Octets(20));
  EXPECT_FALSE(keyring.newest(Purpose::RECOVERY).openBox(box, plain));
  for (size_t i = 0; i < box.size(); i++) {
    Octets changed = box;
    changed[i] ^= 1;
    EXPECT_FALSE(sealing.openBox(changed, plain));
    EXPECT_FALSE(sealing.openBox(Bytes(box).first(i), plain));
  }
  Octets shorter(19);
  EXPECT_FALSE(sealing.openBox(box, shorter));
}

TEST(Key, RefusesToAgreeOnPointsOfLowOrder) {
  FreshKeyring keyring;
  const Key& recovery = keyring.newest(Purpose::RECOVERY);
  Secret<32> shared;
  PublicKey low{};
  EXPECT_FALSE(recovery.agree(low, shared));
  low[0] = 1;
  EXPECT_FALSE(recovery.agree(low, shared));
  EXPECT_TRUE(isZero(shared));
  EXPECT_TRUE(recovery.agree(keyring.newest(Purpose::SEALING).publicKey(), shared));
  EXPECT_FALSE(keyring.newest(Purpose::SEALING).agree(recovery.publicKey(), shared));
}

// --- root credential

CredentialRead readText(const std::string& text, Secret<32>& root) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  EXPECT_EQ(write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  close(ends[1]);
  CredentialScratch scratch;
  put(root, Octets(32, 1));
  CredentialRead result = readRootCredential(ends[0], scratch, root);
  close(ends[0]);
  EXPECT_TRUE(isZero(scratch.text));
  EXPECT_EQ(isZero(root), result != CredentialRead::READ);
  return result;
}

TEST(RootCredential, IsSixtyFourHexadecimalCharacters) {
  Secret<32> root;
  std::string text = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
  EXPECT_EQ(readText(text, root), CredentialRead::READ);
  EXPECT_EQ(get(root), fromHex(text));
  EXPECT_EQ(readText(text + "\n", root), CredentialRead::READ);
  for (const std::string& wrong :
       {std::string(), text.substr(1), text + "0", text + " ", text + "\n\n", "\n" + text, text.substr(1) + "g",
        text.substr(2) + "\n\n", std::string(64, '\0'), text + std::string(1000, '0')}) {
    EXPECT_EQ(readText(wrong, root), CredentialRead::MALFORMED) << wrong;
  }
}

TEST(RootCredential, SaysWhenItCannotBeRead) {
  CredentialScratch scratch;
  Secret<32> root;
  EXPECT_EQ(readRootCredential(-1, scratch, root), CredentialRead::UNREADABLE);
}

}  // namespace
}  // namespace waas::vault
