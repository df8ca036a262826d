#include "daemon/vault/custody.h"

#include <gtest/gtest.h>

#include "daemon/vault/shamir.h"
#include "keys-for-tests.h"

namespace waas::vault {
namespace {

constexpr uint64_t NOW = 1'790'000'000'000;

struct Custodian {
  PublicKey publicKey;
  std::array<uint8_t, 32> secret;
  Custodian() { crypto_box_keypair(publicKey.data(), secret.data()); }

  // What a custodian does with a part that he gets: checks whose it is, and opens it.
  Octets open(const SealedPart& part, const PublicKey& answers) const {
    Octets covered(CUSTODY_SIGNATURE_DOMAIN.begin(), CUSTODY_SIGNATURE_DOMAIN.end());
    covered.insert(covered.end(), part.begin(), part.begin() + CUSTODY_BOX_BYTES);
    if (crypto_sign_verify_detached(part.data() + CUSTODY_BOX_BYTES, covered.data(), covered.size(), answers.data()) !=
        0)
      return {};
    Octets plain(CUSTODY_BOX_MAGIC.size() + CUSTODY_PART_BYTES);
    if (crypto_box_seal_open(plain.data(), part.data(), CUSTODY_BOX_BYTES, publicKey.data(), secret.data()) != 0)
      return {};
    return Octets(plain.begin() + CUSTODY_BOX_MAGIC.size(), plain.end());
  }
};

class Custodians : public testing::Test {
 protected:
  Custodians() { EXPECT_EQ(split(2, 3), SplitOutcome::SPLIT); }

  SplitOutcome split(uint8_t threshold, size_t n) {
    people.resize(n);
    parts.resize(n);
    std::vector<PublicKey> keys;
    for (auto& person : people) keys.push_back(person.publicKey);
    SplitOutcome outcome = splitRecoveryKey(*ring, threshold, keys, random, parts);
    opened.clear();
    for (size_t i = 0; i < n && outcome == SplitOutcome::SPLIT; i++) {
      opened.push_back(people[i].open(parts[i], ring->publicKeys().answers));
    }
    return outcome;
  }
  Octets giveBox(const Octets& part, uint64_t time = NOW, std::string_view magic = CUSTODY_GIVE_MAGIC) {
    Octets plain(magic.begin(), magic.end());
    plain.resize(magic.size() + 8);
    ByteWriter(std::span(plain).subspan(magic.size())).u64(time);
    plain.insert(plain.end(), part.begin(), part.end());
    Octets box(plain.size() + SEALED_BOX_OVERHEAD);
    crypto_box_seal(box.data(), plain.data(), plain.size(), ring->publicKeys().sealing.data());
    return box;
  }
  PartTaken give(const Octets& part, uint64_t now = NOW) { return custody.take(*ring, giveBox(part, now), now); }
  bool held() { return ring->newest(Purpose::RECOVERY).hasPrivate(); }

  std::unique_ptr<FreshKeyring> ring = std::make_unique<FreshKeyring>();
  KernelRandom random;
  std::vector<Custodian> people;
  std::vector<SealedPart> parts;
  std::vector<Octets> opened;
  Custody custody;
};

TEST_F(Custodians, V37EnoughOfThemGiveTheKeyForAWhile) {
  for (auto [threshold, n] : {std::pair<uint8_t, size_t>{2, 3}, {3, 5}, {2, 2}, {16, 16}}) {
    ASSERT_EQ(split(threshold, n), SplitOutcome::SPLIT);
    ASSERT_EQ(ring->forgetRecovery(), KeyringChange::DONE);
    for (uint8_t i = 1; i < threshold; i++) {
      ASSERT_EQ(give(opened[n - i]), PartTaken::TAKEN);
      EXPECT_EQ(custody.given(), i);
      EXPECT_EQ(give(opened[n - i]), PartTaken::TAKEN) << "the same part twice is one part";
      EXPECT_EQ(custody.given(), i);
      EXPECT_FALSE(held());
    }
    EXPECT_EQ(give(opened[0]), PartTaken::HELD);
    EXPECT_TRUE(held());
    EXPECT_TRUE(ring->newest(Purpose::RECOVERY).isLent());
    EXPECT_FALSE(custody.isOver(NOW + CUSTODY_HELD_MS - 1));
    EXPECT_TRUE(custody.isOver(NOW + CUSTODY_HELD_MS));
    EXPECT_TRUE(custody.forget(*ring));
    EXPECT_FALSE(held());
    EXPECT_FALSE(custody.isOver(UINT64_MAX));
    ring = std::make_unique<FreshKeyring>();
  }
}

TEST_F(Custodians, V37APartIsForOneCustodianOnly) {
  for (size_t i = 0; i < people.size(); i++) {
    for (size_t j = 0; j < people.size(); j++) {
      EXPECT_EQ(people[i].open(parts[j], ring->publicKeys().answers).empty(), i != j);
    }
    SealedPart changed = parts[i];
    changed[5] ^= 1;
    EXPECT_TRUE(people[i].open(changed, ring->publicKeys().answers).empty()) << "the signature finds it";
  }
}

TEST_F(Custodians, V37FewerPartsThanTheThresholdSayNothing) {
  // With one of two parts every key is as likely as any other: some other part makes it any key that one wants.
  Secret<32> key;
  ASSERT_TRUE(ring->newest(Purpose::RECOVERY).copyPrivate(key));
  std::array<Secret<32>, 2> shares;
  auto shareOf = [&](size_t i) {
    return Octets(opened[i].begin() + CustodyPartLayout::SHARE, opened[i].begin() + CustodyPartLayout::CHECK);
  };
  std::array<uint8_t, 2> numbers = {1, 2};
  put(shares[0], shareOf(0));
  put(shares[1], Octets(32, 0x5a));
  Secret<32> other;
  ASSERT_TRUE(combineShares(shares, numbers, other));
  EXPECT_FALSE(other.matches(key));
  put(shares[1], shareOf(1));
  ASSERT_TRUE(combineShares(shares, numbers, other));
  EXPECT_TRUE(other.matches(key)) << "so the attempt is one";
}

TEST_F(Custodians, V37SlipsAndStrangersAreRefusedOneByOne) {
  ASSERT_EQ(ring->forgetRecovery(), KeyringChange::DONE);
  for (size_t bit = 0; bit < CUSTODY_PART_BYTES * 8; bit += 3) {
    Octets changed = opened[0];
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ 1u << (bit % 8));
    EXPECT_EQ(give(changed), PartTaken::MISTYPED) << bit;
  }
  EXPECT_EQ(custody.take(*ring, giveBox(opened[0], NOW - 60'001), NOW), PartTaken::EXPIRED);
  EXPECT_EQ(custody.take(*ring, giveBox(opened[0], NOW + 60'001), NOW), PartTaken::EXPIRED);
  EXPECT_EQ(custody.take(*ring, giveBox(opened[0], NOW, CUSTODY_BOX_MAGIC), NOW), PartTaken::BOX_REFUSED);
  Octets box = giveBox(opened[0]);
  box[70] ^= 1;
  EXPECT_EQ(custody.take(*ring, box, NOW), PartTaken::BOX_REFUSED);
  EXPECT_EQ(custody.take(*ring, {}, NOW), PartTaken::BOX_REFUSED);
  EXPECT_EQ(custody.given(), 0);
  EXPECT_FALSE(held());
}

TEST_F(Custodians, V37PartsOfTwoSplittingsDoNotCombine) {
  std::vector<Octets> before = opened;
  ASSERT_EQ(split(2, 3), SplitOutcome::SPLIT);
  ASSERT_EQ(ring->forgetRecovery(), KeyringChange::DONE);
  ASSERT_EQ(give(before[0]), PartTaken::TAKEN);
  EXPECT_EQ(give(opened[1]), PartTaken::OTHER_SET);
  EXPECT_EQ(give(before[2]), PartTaken::HELD);
}

TEST_F(Custodians, V37PartsOfAnotherKeyAreNotOurs) {
  FreshKeyring other(5);
  std::vector<PublicKey> keys;
  for (auto& person : people) keys.push_back(person.publicKey);
  std::vector<SealedPart> theirs(3);
  ASSERT_EQ(splitRecoveryKey(other, 2, keys, random, theirs), SplitOutcome::SPLIT);
  ASSERT_EQ(ring->forgetRecovery(), KeyringChange::DONE);
  EXPECT_EQ(give(people[0].open(theirs[0], other.publicKeys().answers)), PartTaken::OTHER_KEY);
}

TEST_F(Custodians, V37AFalsePartGivesNothingAndLeavesNothing) {
  ASSERT_EQ(ring->forgetRecovery(), KeyringChange::DONE);
  // A custodian who lies, with a check that fits.
  Octets false1 = opened[1];
  false1[CustodyPartLayout::SHARE + 3] ^= 1;
  Octets text(CUSTODY_CHECK_DOMAIN.begin(), CUSTODY_CHECK_DOMAIN.end());
  text.insert(text.end(), false1.begin(), false1.begin() + CustodyPartLayout::CHECK);
  Hash hash;
  crypto_hash_sha256(hash.data(), text.data(), text.size());
  std::copy_n(hash.begin(), CUSTODY_CHECK_BYTES, false1.begin() + CustodyPartLayout::CHECK);
  ASSERT_EQ(give(opened[0]), PartTaken::TAKEN);
  EXPECT_EQ(give(false1), PartTaken::WRONG);
  EXPECT_FALSE(held());
  EXPECT_EQ(custody.given(), 0);
  ASSERT_EQ(give(opened[0]), PartTaken::TAKEN) << "all begin anew";
  EXPECT_EQ(give(opened[1]), PartTaken::HELD);
}

TEST_F(Custodians, RefusesToSplitWhatMakesNoSense) {
  EXPECT_EQ(split(1, 3), SplitOutcome::MEANINGLESS);
  EXPECT_EQ(split(0, 3), SplitOutcome::MEANINGLESS);
  EXPECT_EQ(split(4, 3), SplitOutcome::MEANINGLESS);
  EXPECT_EQ(split(2, 17), SplitOutcome::MEANINGLESS);
  std::vector<PublicKey> twice = {people[0].publicKey, people[0].publicKey}, none = {people[0].publicKey, PublicKey{}};
  std::vector<SealedPart> two(2);
  EXPECT_EQ(splitRecoveryKey(*ring, 2, twice, random, two), SplitOutcome::MEANINGLESS);
  EXPECT_EQ(splitRecoveryKey(*ring, 2, none, random, two), SplitOutcome::MEANINGLESS);
  EXPECT_EQ(two[0], SealedPart{});
  ASSERT_EQ(ring->forgetRecovery(), KeyringChange::DONE);
  EXPECT_EQ(split(2, 3), SplitOutcome::PRIVATE_ABSENT);
}

}  // namespace
}  // namespace waas::vault
