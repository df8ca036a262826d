#include "solana/instruction/associated-token.h"

namespace waas::solana::associated_token {
namespace {

using enum ActionKind;

// Older clients name the rent sysvar as a seventh account.
// clang-format off
constexpr Row ROWS[] = {
    {.tag = 0, .name = "AssociatedToken Create", .kind = CREATE_TOKEN_ACCOUNT, .asset = AssetKind::SOL, .accounts = 6,
     .most = 7, .at = {.from = 0, .to = 1, .authority = 0, .mint = 3, .toOwner = 2, .tokenProgram = 5}},
    {.tag = 1, .name = "AssociatedToken CreateIdempotent", .kind = CREATE_TOKEN_ACCOUNT, .asset = AssetKind::SOL,
     .accounts = 6, .most = 7, .at = {.from = 0, .to = 1, .authority = 0, .mint = 3, .toOwner = 2, .tokenProgram = 5}},
    // From the account that was made for an associated account as its owner, to the wallet's own one.
    {.tag = 2, .name = "AssociatedToken RecoverNested", .kind = TRANSFER, .asset = AssetKind::TOKEN, .accounts = 7,
     .at = {.from = 0, .to = 2, .authority = 5, .mint = 1, .toOwner = 5, .tokenProgram = 6}},
};
// clang-format on

}  // namespace

bool read(Bytes data, std::size_t accounts, Action& out) noexcept {
  if (data.size() > 1) return false;
  const Row* row = findRow(ROWS, data.empty() ? 0 : data[0], std::nullopt);
  return row != nullptr && readByRow(*row, {}, accounts, out);
}

}  // namespace waas::solana::associated_token
