// What the constant-time check runs under valgrind: secrets are marked undefined, so that memcheck reports every branch
// and every address that depends on one (the method of A. Langley's ctgrind). The mode says what is run; "table" and
// "branch" are positive controls, which must be reported.
//
// Constant in: shares, coefficients, secrets, keys. Not in: coordinates, counts, lengths, which are public.
#include <sodium.h>
#include <valgrind/memcheck.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <map>
#include <string_view>

#include "daemon/vault/kdf.h"
#include "daemon/vault/shamir.h"

using namespace waas;
using namespace waas::vault;

namespace {

constexpr SecretAccess ACCESS = SecretAccess::here();

void hide(void* at, size_t bytes) { VALGRIND_MAKE_MEM_UNDEFINED(at, bytes); }
void show(void* at, size_t bytes) { VALGRIND_MAKE_MEM_DEFINED(at, bytes); }
void fill(uint8_t* at, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) at[i] = static_cast<uint8_t>(i * 37 + 11);
}

// Coefficients that are secret, too.
class HiddenRandom final : public Random {
 public:
  void fill(std::span<uint8_t> out) override {
    ::fill(out.data(), out.size());
    hide(out.data(), out.size());
  }
};

bool splitsAndCombines(size_t threshold, std::span<const uint8_t> coordinates) {
  std::array<Secret<32>, 5> shares;
  Secret<32> secret, again;
  fill(secret.fill(ACCESS).data(), 32);
  hide(secret.fill(ACCESS).data(), 32);
  HiddenRandom random;
  auto some = std::span(shares).first(coordinates.size());
  bool done = splitSecret(secret, threshold, coordinates, some, random) &&
              combineShares(some.first(threshold), coordinates.first(threshold), again);
  show(secret.fill(ACCESS).data(), 32);
  show(again.fill(ACCESS).data(), 32);
  return done && again.matches(secret);
}

bool shamir() {
  constexpr uint8_t OURS[] = {1, 2, 3}, FAR[] = {7, 130, 255, 1, 64};
  bool good = splitsAndCombines(3, OURS);
  for (size_t threshold = 1; threshold <= 5; threshold++) good = splitsAndCombines(threshold, FAR) && good;
  return good;
}

bool kdf() {
  Secret<32> prk, key;
  fill(prk.fill(ACCESS).data(), 32);
  hide(prk.fill(ACCESS).data(), 32);
  KeyDeriver(prk).derive({}, key);
  HmacKey mac(prk.reveal(ACCESS));
  Hash expected{};
  bool same = mac.verify({}, expected);
  show(&same, sizeof same);
  return !same;
}

bool ed25519() {
  uint8_t seed[32], pk[32], sk[64], signature[64], message[] = "message";
  fill(seed, sizeof seed);
  hide(seed, sizeof seed);
  crypto_sign_seed_keypair(pk, sk, seed);
  show(pk, sizeof pk);
  show(sk + 32, 32);  // the public half
  crypto_sign_detached(signature, nullptr, message, sizeof message, sk);
  show(signature, sizeof signature);
  return crypto_sign_verify_detached(signature, message, sizeof message, pk) == 0;
}

bool compare() {
  Secret<32> a, b;
  fill(a.fill(ACCESS).data(), 32);
  fill(b.fill(ACCESS).data(), 32);
  hide(a.fill(ACCESS).data(), 32);
  bool same = a.matches(b);
  show(&same, sizeof same);
  return same;
}

// --- positive controls

struct Tables {
  uint8_t log[256], exp[512];
  Tables() {
    unsigned x = 1;
    for (unsigned i = 0; i < 255; i++) {
      exp[i] = exp[i + 255] = static_cast<uint8_t>(x);
      log[x] = static_cast<uint8_t>(i);
      x ^= x << 1 ^ (x & 0x80 ? 0x11bu : 0);
    }
    log[0] = 0;
    exp[510] = exp[511] = 1;
  }
};

// Multiplication by logarithms, as most implementations have it.
bool table() {
  static const Tables tables;
  uint8_t secret[32], product[32];
  fill(secret, sizeof secret);
  hide(secret, sizeof secret);
  for (size_t i = 0; i < 32; i++) {
    product[i] = secret[i] != 0 ? tables.exp[tables.log[secret[i]] + tables.log[5]] : uint8_t{0};
  }
  show(product, sizeof product);
  return product[0] != 0;
}

__attribute__((noinline)) bool earlyExit(const uint8_t* a, const uint8_t* b, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

bool branch() {
  uint8_t a[32], b[32];
  fill(a, sizeof a);
  fill(b, sizeof b);
  hide(a, sizeof a);
  bool same = earlyExit(a, b, sizeof a);
  show(&same, sizeof same);
  return same;
}

}  // namespace

// Exit code 0: ran, and the result is right. What memcheck says is in its own log.
int main(int argc, char** argv) {
  const std::map<std::string_view, bool (*)()> modes = {{"shamir", shamir},   {"kdf", kdf},     {"ed25519", ed25519},
                                                        {"compare", compare}, {"table", table}, {"branch", branch}};
  auto mode = argc == 2 ? modes.find(argv[1]) : modes.end();
  if (sodium_init() < 0 || mode == modes.end()) return 2;
  if (RUNNING_ON_VALGRIND == 0) return 77;
  return mode->second() ? 0 : 3;
}
