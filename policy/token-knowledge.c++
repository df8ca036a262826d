#include "policy/token-knowledge.h"

namespace waas::policy {

const TokenAccount* TokenKnowledge::find(std::uint8_t index) const noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    if (accounts[i].index == index) return &accounts[i];
  }
  return nullptr;
}

void TokenKnowledge::learn(const TokenAccount& account) noexcept {
  forget(account.index);
  if (count < CAPACITY) accounts[count++] = account;
}

void TokenKnowledge::forget(std::uint8_t index) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    if (accounts[i].index != index) continue;
    accounts[i] = accounts[--count];
    return;
  }
}

}  // namespace waas::policy
