#include "sign-in-limits.h"

#include <sodium.h>

#include "problem.h"

namespace waas::gateway {
namespace {

constexpr uint32_t ADDRESS_REFILL_MS = 10'000, ACCOUNT_REFILL_MS = 10'000, FAMILIAR_REFILL_MS = 10'000,
                   SIGN_UP_REFILL_MS = 30'000;

Hash subject(std::string_view kind, std::string_view a, std::string_view b = {}) {
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  for (auto part : {std::string_view("waas gateway attempts 1"), kind, a, b}) {
    uint8_t length[4];
    ByteWriter(length).u32(static_cast<uint32_t>(part.size()));
    crypto_hash_sha256_update(&state, length, sizeof length);
    crypto_hash_sha256_update(&state, reinterpret_cast<const uint8_t*>(part.data()), part.size());
  }
  Hash hash;
  crypto_hash_sha256_final(&state, hash.data());
  return hash;
}

[[noreturn]] void hold(ErrorCode code, uint32_t wait) {
  kj::throwFatalException(client::makeFailure(failureWith(code, nullptr, wait)));
  KJ_UNREACHABLE;
}

}  // namespace

kj::Promise<SignInLimits::Charged> SignInLimits::chargeSignIn(std::string email, std::string address) {
  Hash byAddress = subject("address", address), byAccount = subject("account", email),
       byBoth = subject("familiar", email, address);
  auto& p = parts;
  return p.database.isFamiliar(byBoth).then([&p, byAddress, byAccount, byBoth](bool familiar) {
    auto& s = p.settings;
    Allowance account = familiar ? Allowance{byBoth, s.signInsPerAccount, FAMILIAR_REFILL_MS}
                                 : Allowance{byAccount, s.signInsPerAccount, ACCOUNT_REFILL_MS};
    Charged charged{byAddress, account.subject};
    return p.database.charge({{byAddress, s.signInsPerAddress, ADDRESS_REFILL_MS}, account})
        .then([&p, charged](uint32_t wait) {
          if (wait > 0) {
            p.metrics.signIn("held");
            hold(ErrorCode::TOO_MANY_ATTEMPTS, wait);
          }
          return charged;
        });
  });
}

kj::Promise<void> SignInLimits::chargeSignUp(std::string address) {
  return parts.database.charge({{subject("sign up", address), parts.settings.signUpsPerAddress, SIGN_UP_REFILL_MS}})
      .then([](uint32_t wait) {
        if (wait > 0) hold(ErrorCode::TOO_MANY_REQUESTS, wait);
      });
}

void SignInLimits::noteSuccess(const std::string& email, const std::string& address, Charged charged) {
  giveBack(std::move(charged));
  parts.background.add(parts.database.noteFamiliar(subject("familiar", email, address)));
}

void SignInLimits::giveBack(Charged charged) {
  if (!charged.empty()) parts.background.add(parts.database.giveBack(std::move(charged)));
}

}  // namespace waas::gateway
