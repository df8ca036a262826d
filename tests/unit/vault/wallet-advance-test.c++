#include "daemon/vault/wallet-advance.h"

#include <gtest/gtest.h>

#include <functional>

#include "daemon/vault/sign-twice.h"
#include "keys-for-tests.h"

namespace waas::vault {
namespace {

const OwnerId OWNER{OwnerId::Kind::USER, Id{1, 2, 3}};

// A version of a wallet, with everything that a store holds of it.
struct Version {
  uint64_t epoch = 0, tag = 0;
  std::array<Octets, SHARES> shares;
  Octets recovery;
};

class WalletAdvance : public testing::Test {
 protected:
  WalletAdvance() {
    NewWallet made;
    EXPECT_EQ(makeWallet(OWNER, "Main", true, 1, keyring, random, *scratch, made), MakeOutcome::MADE);
    walletId = made.walletId;
    publicKey = made.publicKey;
    first = {made.epoch, made.tag, {}, Octets(made.recovery.begin(), made.recovery.end())};
    for (size_t i = 0; i < SHARES; i++) first.shares[i] = Octets(made.shares[i].begin(), made.shares[i].end());
  }

  WalletView viewOf(const Version& version) {
    return {.walletId = walletId,
            .owner = OWNER,
            .publicKey = publicKey,
            .epoch = version.epoch,
            .tag = version.tag,
            .shares = {version.shares[0], version.shares[1], version.shares[2]},
            .recovery = version.recovery};
  }
  bool wiped() {
    bool zero = isZero(scratch->seed) && isZero(scratch->openedSeed) && isZero(scratch->signingKey);
    for (auto* shares : {&scratch->shares, &scratch->opened, &scratch->added, &scratch->fresh}) {
      for (const auto& share : *shares) zero = zero && isZero(share);
    }
    return zero;
  }
  SignResult advance(const WalletView& view, Version& next, uint64_t epoch = 2) {
    return advanceBy(random, view, next, epoch);
  }
  SignResult advanceBy(Random& source, const WalletView& view, Version& next, uint64_t epoch = 2) {
    made.epoch = 99;
    SignResult result = advanceShares(keyring, view, epoch, source, *scratch, made);
    EXPECT_TRUE(wiped()) << "V33";
    next = {made.epoch, made.tag, {}, Octets(made.recovery.begin(), made.recovery.end())};
    for (size_t i = 0; i < SHARES; i++) next.shares[i] = Octets(made.shares[i].begin(), made.shares[i].end());
    if (result.outcome != SignOutcome::DONE) {
      EXPECT_EQ(made.epoch, 0u);
      EXPECT_EQ(next.recovery, Octets(RECOVERY_ENVELOPE_BYTES));
      for (auto& share : next.shares) EXPECT_EQ(share, Octets(SHARE_ENVELOPE_BYTES));
    }
    return result;
  }
  bool signs(const WalletView& view) {
    Signature out;
    Octets message(50, 7);
    return signWith(keyring, view, message, *scratch, out).outcome == SignOutcome::SIGNED &&
           crypto_sign_verify_detached(out.data(), message.data(), message.size(), publicKey.data()) == 0;
  }
  // The shares of a version, opened by its own keys.
  std::array<Octets, SHARES> openedOf(const Version& version) {
    std::array<Secret<32>, SHARES> shares;
    EXPECT_EQ(openShares(keyring, viewOf(version), shares).outcome, SignOutcome::DONE);
    return {get(shares[0]), get(shares[1]), get(shares[2])};
  }
  // Whether these three, put together by our own code, are the key.
  bool combine(const Octets& a, const Octets& b, const Octets& c) {
    std::array<Secret<32>, SHARES> shares;
    put(shares[0], a), put(shares[1], b), put(shares[2], c);
    Secret<32> seed;
    Secret<64> unused;
    PublicKey derived;
    EXPECT_TRUE(combineShares(shares, SHARE_COORDINATES, seed));
    crypto_sign_seed_keypair(derived.data(), unused.fill(TEST_ACCESS).data(), seed.reveal(TEST_ACCESS).data());
    return derived == publicKey;
  }

  FreshKeyring keyring;
  KernelRandom random;
  SecretBox<WalletScratch> scratch;
  NextVersion made;
  Id walletId;
  PublicKey publicKey;
  Version first;
};

TEST_F(WalletAdvance, V34ARefreshedWalletSignsWithTheSameKey) {
  Version previous = first, next;
  for (uint64_t epoch = 2; epoch < 12; epoch++) {
    ASSERT_EQ(advance(viewOf(previous), next, epoch).outcome, SignOutcome::DONE);
    EXPECT_EQ(next.epoch, epoch);
    EXPECT_NE(next.tag, previous.tag);
    EXPECT_TRUE(signs(viewOf(next)));
    EXPECT_TRUE(signs(viewOf(previous))) << "until the commit the old version is whole";
    previous = next;
  }
}

TEST_F(WalletAdvance, V34EveryShareIsAnotherOneAfterwards) {
  Version next;
  ASSERT_EQ(advance(viewOf(first), next).outcome, SignOutcome::DONE);
  auto before = openedOf(first), after = openedOf(next);
  for (size_t i = 0; i < SHARES; i++) EXPECT_NE(before[i], after[i]);
}

TEST_F(WalletAdvance, V34OldAndNewSharesDoNotCombine) {
  Version next;
  ASSERT_EQ(advance(viewOf(first), next).outcome, SignOutcome::DONE);
  auto before = openedOf(first), after = openedOf(next);
  // Even who has the share key and opens everything: each mixture of a saved dump and the present stores is nothing.
  for (unsigned mixture = 0; mixture < 8; mixture++) {
    auto pick = [&](unsigned i) { return (mixture >> i & 1) != 0 ? after[i] : before[i]; };
    EXPECT_EQ(combine(pick(0), pick(1), pick(2)), mixture == 0 || mixture == 7) << mixture;
  }
  // And as ciphertexts, under either version's name.
  for (unsigned mixture = 1; mixture < 7; mixture++) {
    for (const Version& named : {first, next}) {
      Version mixed = named;
      for (unsigned i = 0; i < SHARES; i++)
        mixed.shares[i] = (mixture >> i & 1) != 0 ? next.shares[i] : first.shares[i];
      EXPECT_FALSE(signs(viewOf(mixed))) << mixture;
      Version none;
      EXPECT_EQ(advance(viewOf(mixed), none, 3).outcome, SignOutcome::RECORD_REFUSED) << mixture;
    }
  }
}

TEST_F(WalletAdvance, V34TwoHostsThatPrepareTheSameEpochDoNotMix) {
  Version mine, theirs;
  ASSERT_EQ(advance(viewOf(first), mine).outcome, SignOutcome::DONE);
  ASSERT_EQ(advance(viewOf(first), theirs).outcome, SignOutcome::DONE);
  ASSERT_NE(mine.tag, theirs.tag);
  auto a = openedOf(mine), b = openedOf(theirs);
  EXPECT_FALSE(combine(a[0], b[1], b[2]));
  EXPECT_FALSE(combine(a[0], a[1], b[2]));
  Version mixed = mine;
  mixed.shares[1] = theirs.shares[1];
  EXPECT_FALSE(signs(viewOf(mixed)));
}

TEST_F(WalletAdvance, V35MissingSharesComeFromTheRecoveryEnvelope) {
  for (uint8_t bits : Octets{0b010, 0b100, 0b110}) {
    WalletView view = viewOf(first);
    for (uint8_t i = 0; i < SHARES; i++) {
      if ((bits >> i & 1) != 0) view.shares[i] = {};
    }
    EXPECT_EQ(toRecover(keyring, view, Replace::MISSING, *scratch), bits);
    view.fromRecovery = bits;
    Version next;
    ASSERT_EQ(advance(view, next).outcome, SignOutcome::DONE) << int(bits);
    EXPECT_TRUE(signs(viewOf(next)));
    EXPECT_TRUE(signs(view)) << "degraded signing";
    auto before = openedOf(first), after = openedOf(next);
    EXPECT_FALSE(combine(after[0], before[1], before[2])) << "an old recovery share does not fit a new share 1";
  }
}

TEST_F(WalletAdvance, SaysWhichShareIsMissingOrDamaged) {
  for (uint8_t i = 0; i < SHARES; i++) {
    WalletView view = viewOf(first);
    view.shares[i] = {};
    Version next;
    SignResult result = advance(view, next);
    EXPECT_EQ(result.outcome, SignOutcome::SHARE_MISSING);
    EXPECT_EQ(result.share, i + 1);
    Octets damaged = first.shares[i];
    for (size_t at = 0; at < damaged.size(); at++) {
      damaged[at] ^= 1;
      view.shares[i] = damaged;
      result = advance(view, next);
      bool version = at >= 2 && at < 6;
      EXPECT_EQ(result.outcome, version ? SignOutcome::KEY_VERSION_UNKNOWN : SignOutcome::RECORD_REFUSED) << at;
      EXPECT_EQ(result.share, i + 1);
      uint8_t bit = i > 0 && !version ? static_cast<uint8_t>(1 << i) : uint8_t{0};
      EXPECT_EQ(toRecover(keyring, view, Replace::MISSING_AND_DAMAGED, *scratch), bit) << at;
      EXPECT_EQ(toRecover(keyring, view, Replace::MISSING, *scratch), 0);
      damaged[at] ^= 1;
    }
  }
}

TEST_F(WalletAdvance, Share1IsNeverRecovered) {
  WalletView view = viewOf(first);
  view.shares[0] = {};
  view.fromRecovery = 0b111;
  Version next;
  SignResult result = advance(view, next);
  EXPECT_EQ(result.outcome, SignOutcome::SHARE_MISSING);
  EXPECT_EQ(result.share, 1);
}

TEST_F(WalletAdvance, V35ADamagedMovedOrOldRecoveryEnvelopeIsRefused) {
  Version next;
  ASSERT_EQ(advance(viewOf(first), next).outcome, SignOutcome::DONE);
  WalletView view = viewOf(first);
  view.shares[1] = {};
  view.fromRecovery = 0b010;
  auto expectRefused = [&](Bytes recovery) {
    view.recovery = recovery;
    Version none;
    SignResult result = advance(view, none);
    EXPECT_TRUE(result.outcome == SignOutcome::RECORD_REFUSED || result.outcome == SignOutcome::KEY_VERSION_UNKNOWN);
    EXPECT_EQ(result.share, SignResult::RECOVERY);
    EXPECT_FALSE(signs(view));
  };
  for (size_t at = 0; at < first.recovery.size(); at++) {
    Octets changed = first.recovery;
    changed[at] ^= 0x20;
    expectRefused(changed);
    expectRefused(Bytes(first.recovery).first(at));
  }
  expectRefused(next.recovery);
}

TEST_F(WalletAdvance, V35ARecoveryEnvelopeThatSomebodyElseMadeIsRefused) {
  // Sealing needs the public half only: an attacker at the database can make an envelope that opens.
  ShareContext context{.walletId = walletId,
                       .owner = OWNER,
                       .publicKey = publicKey,
                       .epoch = first.epoch,
                       .tag = first.tag,
                       .threshold = THRESHOLD};
  Secret<32> two, three;
  put(two, Octets(32, 0x11)), put(three, Octets(32, 0x22));
  std::array<uint8_t, RECOVERY_ENVELOPE_BYTES> forged;
  ASSERT_TRUE(sealRecovery(keyring, context, two, three, random, forged));
  for (uint8_t bits : Octets{0b010, 0b100, 0b110}) {
    WalletView view = viewOf(first);
    view.recovery = forged;
    view.fromRecovery = bits;
    Version none;
    SignResult result = advance(view, none);
    EXPECT_EQ(result.outcome, SignOutcome::RECORD_REFUSED);
    EXPECT_EQ(result.share, SignResult::RECOVERY);
    EXPECT_FALSE(signs(view));
  }
}

// Draws like the kernel, and at one of the draws spoils something that was finished before.
class Spoiler final : public Random {
 public:
  Spoiler(int when, std::function<void()> spoil) : when(when), spoil(std::move(spoil)) {}
  void fill(std::span<uint8_t> out) override {
    kernel.fill(out);
    if (++drawn == when) spoil();
  }
  int drawn = 0;

 private:
  KernelRandom kernel;
  int when;
  std::function<void()> spoil;
};

TEST_F(WalletAdvance, V34HandsOutNoVersionInWhichAKeyWouldBeLost) {
  // The draws: tag, two coefficients, three salts, the ephemeral key of the recovery envelope.
  constexpr int TAG = 1, SALT1 = 4, SALT3 = 6, LAST = 7;
  auto spoiled = [&](int when, std::function<void()> spoil) {
    Spoiler spoiler(when, std::move(spoil));
    Version next;
    SignOutcome outcome = advanceBy(spoiler, viewOf(first), next).outcome;
    EXPECT_EQ(spoiler.drawn, LAST);
    return outcome;
  };
  EXPECT_EQ(spoiled(0, [] {}), SignOutcome::DONE);
  for (size_t i = 0; i < SHARES; i++) {
    // A bit of an old share, before the new ones are made of it.
    EXPECT_EQ(spoiled(TAG, [&] { scratch->shares[i].fill(TEST_ACCESS)[5] ^= 1; }), SignOutcome::FAULT);
    // A bit of a new share, before it is sealed, and after.
    EXPECT_EQ(spoiled(SALT1, [&] { scratch->fresh[i].fill(TEST_ACCESS)[5] ^= 1; }), SignOutcome::FAULT);
    EXPECT_EQ(spoiled(LAST, [&] { scratch->fresh[i].fill(TEST_ACCESS)[5] ^= 1; }), SignOutcome::FAULT);
    // A bit of an envelope.
    EXPECT_EQ(spoiled(LAST, [&] { made.shares[i][60] ^= 1; }), SignOutcome::FAULT);
  }
  // What is added is not checked by itself, but by what the envelopes hold.
  EXPECT_EQ(spoiled(SALT3, [&] { scratch->added[0].fill(TEST_ACCESS)[0] ^= 1; }), SignOutcome::DONE);
  EXPECT_EQ(spoiled(LAST, [&] { made.epoch++; }), SignOutcome::FAULT);
  EXPECT_EQ(spoiled(LAST, [&] { made.tag ^= 1; }), SignOutcome::FAULT);
}

TEST_F(WalletAdvance, V34AGeneratorThatGivesNothingRefreshesNothing) {
  class Zeros final : public Random {
   public:
    void fill(std::span<uint8_t> out) override { std::fill(out.begin(), out.end(), uint8_t{0}); }
  } zeros;
  Version next;
  EXPECT_EQ(advanceBy(zeros, viewOf(first), next).outcome, SignOutcome::FAULT);
}

// What a thief of dumps can do, with this very code as the tool.
class Dumps : public WalletAdvance {
 protected:
  // Opens what the dump has with the keys at hand, and puts zeros for what is missing.
  bool gives(const Keyring& keys, bool postgres, bool redis) {
    std::array<Octets, SHARES> got;
    got.fill(Octets(32));
    auto take = [&](uint8_t i) {
      Secret<32> share;
      if (openEnvelope(keys, shareContext(viewOf(first), SHARE_COORDINATES[i]), first.shares[i], share) ==
          Opened::OPENED)
        got[i] = get(share);
    };
    if (postgres) {
      take(0);
      Secret<32> two, three;
      if (openRecovery(keys, shareContext(viewOf(first), 0), first.recovery, two, three) == Opened::OPENED) {
        got[1] = get(two);
        got[2] = get(three);
      }
    }
    if (redis) take(1), take(2);
    return combine(got[0], got[1], got[2]);
  }
};

TEST_F(Dumps, V23TwoRedisDumpsAndTheShareKeyGiveNothing) {
  EXPECT_FALSE(gives(keyring, false, true));
  EXPECT_TRUE(gives(keyring, true, true)) << "so the attempt is one";
}

TEST_F(Dumps, V23APostgresDumpAndTheShareKeyGiveNothingWithoutTheRecoveryKey) {
  EXPECT_TRUE(gives(keyring, true, false)) << "with it, as the threat model says of automatic mode";
  ASSERT_EQ(keyring.forgetRecovery(), KeyringChange::DONE);  // custodians have it
  EXPECT_FALSE(gives(keyring, true, false));
  EXPECT_FALSE(gives(keyring, false, true));
  EXPECT_TRUE(gives(keyring, true, true)) << "all three stores, and the share key";
}

TEST_F(Dumps, V34DumpsFromBeforeAndAfterARotationGiveNothingTogether) {
  Version next;
  ASSERT_EQ(advance(viewOf(first), next).outcome, SignOutcome::DONE);
  auto before = openedOf(first), after = openedOf(next);
  EXPECT_FALSE(combine(after[0], before[1], before[2])) << "PostgreSQL now, both Redis then";
  EXPECT_FALSE(combine(before[0], after[1], after[2]));
  EXPECT_FALSE(combine(after[0], after[1], before[2]));
}

}  // namespace
}  // namespace waas::vault
