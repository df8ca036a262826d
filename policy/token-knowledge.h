#pragma once
// What a message tells about the token accounts that it uses: whose they are, and of which mint.

#include <array>

#include "policy/facts.h"

namespace waas::policy {

/// What is known of one token account.
struct TokenAccount {
  std::uint8_t index = 0;  // of the account in the message
  Party owner;
  Party mint;
  Party program;
};

/// Token accounts that are known at a point of the message, for each what was learned last. Bounded: what no longer
/// fits is not learned, so that it is unknown. Value type.
class TokenKnowledge {
 public:
  static constexpr std::size_t CAPACITY = 24;

  /// Null if nothing is known.
  const TokenAccount* find(std::uint8_t index) const noexcept;
  void learn(const TokenAccount& account) noexcept;
  void forget(std::uint8_t index) noexcept;
  /// After an instruction of which nobody knows what it does.
  void forgetAll() noexcept { count = 0; }

 private:
  std::array<TokenAccount, CAPACITY> accounts;
  std::size_t count = 0;
};

}  // namespace waas::policy
