#include "policy/operation.h"

#include <array>

#include "policy/request.h"

namespace waas::policy {
namespace {

constexpr std::array<std::string_view, OPERATIONS> OPERATION_NAMES = {
    "transfer",      "approve", "revoke", "set-authority", "close", "create-account", "create-token-account",
    "advance-nonce", "mint",    "burn",   "freeze",        "swap",  "memo",           "other"};

constexpr std::array<std::string_view, ACTIONS> ACTION_NAMES = {
    "sign-transaction", "sign-message", "sign-degraded", "export", "import", "rotate", "recover", "delete"};

}  // namespace

std::string_view nameOf(Operation operation) noexcept {
  auto i = static_cast<std::size_t>(operation);
  return i < OPERATIONS ? OPERATION_NAMES[i] : std::string_view();
}

std::string_view nameOf(Action action) noexcept {
  auto i = static_cast<std::size_t>(action);
  return i >= 1 && i <= ACTIONS ? ACTION_NAMES[i - 1] : std::string_view();
}

Operation operationOf(const Effect& effect) noexcept {
  switch (effect.kind) {
    case EffectKind::UNKNOWN: return Operation::UNKNOWN;
    case EffectKind::TRANSFER: return Operation::TRANSFER;
    case EffectKind::APPROVE: return Operation::APPROVE;
    case EffectKind::REVOKE: return Operation::REVOKE;
    case EffectKind::SET_AUTHORITY: return Operation::SET_AUTHORITY;
    case EffectKind::CLOSE_ACCOUNT: return Operation::CLOSE_ACCOUNT;
    case EffectKind::CREATE_ACCOUNT: return Operation::CREATE_ACCOUNT;
    case EffectKind::CREATE_TOKEN_ACCOUNT: return Operation::CREATE_TOKEN_ACCOUNT;
    case EffectKind::NONCE: return Operation::ADVANCE_NONCE;
    case EffectKind::MINT: return Operation::MINT;
    case EffectKind::BURN: return Operation::BURN;
    case EffectKind::FREEZE:
    case EffectKind::THAW: return Operation::FREEZE;
    case EffectKind::SWAP: return Operation::SWAP;
    case EffectKind::MEMO: return Operation::MEMO;
    case EffectKind::COMPUTE_BUDGET:
    case EffectKind::HARMLESS: return Operation::NOTHING;
    case EffectKind::OTHER: return Operation::OTHER;
  }
  return Operation::UNKNOWN;
}

}  // namespace waas::policy
