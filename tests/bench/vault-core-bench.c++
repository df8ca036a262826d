// What the pieces of one signature cost, and the alternatives to computing it twice
// (docs/decisions/0001-compute-twice.md).
//
//   vault-core-bench --benchmark_repetitions=9 --benchmark_report_aggregates_only=true
//
// Scratch and keyring lie in secret memory, as in the vault; the message is a 150-byte transfer's length.
#include <benchmark/benchmark.h>

#include <algorithm>

#include "daemon/vault/sign-twice.h"
#include "daemon/vault/vector-registers.h"

using namespace waas;
using namespace waas::vault;

namespace {

constexpr SecretAccess ACCESS = SecretAccess::here();

// A keyring, a wallet and the scratch of a worker.
struct Bench {
  Bench() {
    if (sodium_init() < 0 || !aesAvailable() || !keyring.generate(random)) abort();
    owner.id.fill(7);
    if (makeWallet(owner, "Main", true, 1'790'000'000'000, keyring, random, *scratch, wallet) != MakeOutcome::MADE) {
      abort();
    }
    view = {.walletId = wallet.walletId,
            .owner = owner,
            .publicKey = wallet.publicKey,
            .epoch = wallet.epoch,
            .tag = wallet.tag,
            .shares = {wallet.shares[0], wallet.shares[1], wallet.shares[2]}};
    random.fill(message);
  }

  KernelRandom random;
  Keyring keyring;
  SecretBox<WalletScratch> scratch;
  OwnerId owner;
  NewWallet wallet;
  WalletView view;
  std::array<uint8_t, 150> message;
  Signature signature;
};

// One computation, with nothing compared: what the alternatives begin with.
bool signPlainly(Bench& b, Secret<64>& signature) {
  NoFault none;
  bool done = signOnce(1, b.keyring, b.view, b.message, *b.scratch, signature, none).outcome == SignOutcome::SIGNED;
  return done;
}

void combine(benchmark::State& state) {
  Bench b;
  Secret<32> shares[3], seed;
  for (auto& share : shares) b.random.fill(share.fill(ACCESS));
  for (auto _ : state) {
    if (!combineShares(shares, SHARE_COORDINATES, seed)) abort();
    benchmark::DoNotOptimize(seed.reveal(ACCESS).data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(combine);

void split(benchmark::State& state) {
  Bench b;
  Secret<32> shares[3], seed;
  for (auto _ : state) {
    if (!splitSecret(seed, THRESHOLD, SHARE_COORDINATES, shares, b.random)) abort();
    benchmark::ClobberMemory();
  }
}
BENCHMARK(split);

void deriveEnvelopeKey(benchmark::State& state) {
  Bench b;
  Secret<32> key;
  std::array<uint8_t, 49> info{};
  const KeyDeriver& deriver = b.keyring.newest(Purpose::SHARE).deriver();
  for (auto _ : state) {
    deriver.derive(info, key);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(deriveEnvelopeKey);

void openShare(benchmark::State& state) {
  Bench b;
  ShareContext context = shareContext(b.view, 1);
  Secret<32> share;
  for (auto _ : state) {
    if (openEnvelope(b.keyring, context, b.view.shares[0], share) != Opened::OPENED) abort();
    benchmark::ClobberMemory();
  }
}
BENCHMARK(openShare);

void ed25519Sign(benchmark::State& state) {
  Bench b;
  Secret<64> key, signature;
  b.random.fill(key.fill(ACCESS));
  for (auto _ : state) {
    crypto_sign_detached(signature.fill(ACCESS).data(), nullptr, b.message.data(), b.message.size(),
                         key.reveal(ACCESS).data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(ed25519Sign);

// No check at all: the floor.
void signOnceUnchecked(benchmark::State& state) {
  Bench b;
  Secret<64> signature;
  for (auto _ : state) {
    if (!signPlainly(b, signature)) abort();
    b.scratch->wipe();
  }
}
BENCHMARK(signOnceUnchecked);

// What the vault does.
void signWithTotal(benchmark::State& state) {
  Bench b;
  for (auto _ : state) {
    if (signWith(b.keyring, b.view, b.message, *b.scratch, b.signature).outcome != SignOutcome::SIGNED) abort();
  }
}
BENCHMARK(signWithTotal);

// Alternative: sign once, verify the signature under the bound public key.
void signThenVerify(benchmark::State& state) {
  Bench b;
  Secret<64> signature;
  for (auto _ : state) {
    if (!signPlainly(b, signature)) abort();
    if (crypto_sign_verify_detached(signature.reveal(ACCESS).data(), b.message.data(), b.message.size(),
                                    b.view.publicKey.data()) != 0) {
      abort();
    }
    b.scratch->wipe();
  }
}
BENCHMARK(signThenVerify);

// Alternative: derive the public key from the seed, compare it with the bound one, sign once. Sees a wrong seed, but no
// fault in the signature itself.
void deriveThenSign(benchmark::State& state) {
  Bench b;
  Secret<64> signature;
  PublicKey derived;
  for (auto _ : state) {
    if (!signPlainly(b, signature)) abort();
    crypto_sign_seed_keypair(derived.data(), b.scratch->signingKey.fill(ACCESS).data(),
                             b.scratch->seed.reveal(ACCESS).data());
    if (derived != b.view.publicKey) abort();
    b.scratch->wipe();
  }
}
BENCHMARK(deriveThenSign);

// Alternative: decrypt and combine once, only the signature twice. Sees no fault before the seed is there.
void signatureTwiceOnly(benchmark::State& state) {
  Bench b;
  Secret<64> first, second;
  for (auto _ : state) {
    if (!signPlainly(b, first)) abort();
    crypto_sign_detached(second.fill(ACCESS).data(), nullptr, b.message.data(), b.message.size(),
                         b.scratch->signingKey.reveal(ACCESS).data());
    if (!first.matches(second)) abort();
    b.scratch->wipe();
  }
}
BENCHMARK(signatureTwiceOnly);

void makeWholeWallet(benchmark::State& state) {
  Bench b;
  NewWallet wallet;
  for (auto _ : state) {
    if (makeWallet(b.owner, "Main", true, 1'790'000'000'000, b.keyring, b.random, *b.scratch, wallet) !=
        MakeOutcome::MADE) {
      abort();
    }
  }
}
BENCHMARK(makeWholeWallet);

void certificateCheck(benchmark::State& state) {
  Bench b;
  for (auto _ : state) {
    if (!certificateIsOurs(b.keyring, b.wallet.certificate(), b.wallet.mac)) abort();
  }
}
BENCHMARK(certificateCheck);

void registersWiped(benchmark::State& state) {
  for (auto _ : state) wipeVectorRegisters();
}
BENCHMARK(registersWiped);

}  // namespace

BENCHMARK_MAIN();
