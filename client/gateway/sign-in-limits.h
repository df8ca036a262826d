#pragma once
// How often somebody may try to sign in or up, by network address and by account.
//
// Each has an allowance that refills with time, so nobody is kept out for longer than one refill. An account's own
// allowance counts for addresses that are new to it only: whoever has signed in from his address before has one of his
// own, which others can't use up. Counting is on the e-mail address as it was given, whether there is such an account
// or not, so the answers tell nothing. The vault counts failures by account, too.
#include <kj/async.h>

#include <string>
#include <vector>

#include "parts.h"

namespace waas::gateway {

// A value, made for one call.
class SignInLimits {
 public:
  explicit SignInLimits(Parts& parts) : parts(parts) {}

  using Charged = std::vector<Hash>;  // what was taken, to be given back

  // Takes one attempt; fails with `tooManyAttempts` or `tooManyRequests` and a time to wait.
  kj::Promise<Charged> chargeSignIn(std::string email, std::string address);
  kj::Promise<void> chargeSignUp(std::string address);

  // These two go on in the background.
  void noteSuccess(const std::string& email, const std::string& address, Charged charged);
  void giveBack(Charged charged);

 private:
  Parts& parts;
};

}  // namespace waas::gateway
