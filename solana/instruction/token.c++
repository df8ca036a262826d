#include "solana/instruction/token.h"

namespace waas::solana::token {
namespace {

constexpr std::uint8_t SET_AUTHORITY_TAG = 6;
constexpr std::uint8_t BATCH_TAG = 255;
constexpr std::uint8_t UNWRAP_LAMPORTS_TAG = 45;
/// Roles of the Token program; Token-2022 goes on counting.
constexpr std::size_t TOKEN_ROLES = 4;

using enum ActionKind;
constexpr AssetKind TOKEN = AssetKind::TOKEN;

// Wherever an authority is asked for, it may be a multisignature, whose signers follow: most = ANY.
// One row of the table on a line or two:
// clang-format off
constexpr Row ROWS[] = {
    {.tag = 0, .name = "Token InitializeMint", .data = "bxX", .accounts = 2, .at = {.mint = 0}},
    {.tag = 1, .name = "Token InitializeAccount", .kind = CREATE_TOKEN_ACCOUNT, .accounts = 4, .at = {.to = 0, .mint =
     1, .toOwner = 2}},
    {.tag = 2, .name = "Token InitializeMultisig", .data = "b", .accounts = 3, .most = ANY, .at = {.to = 0}},
    {.tag = 3, .name = "Token Transfer", .data = "n", .kind = TRANSFER, .asset = TOKEN, .accounts = 3, .most = ANY,
     .at = {.from = 0, .to = 1, .authority = 2}},
    {.tag = 4, .name = "Token Approve", .data = "n", .kind = APPROVE, .asset = TOKEN, .accounts = 3, .most = ANY, .at
     = {.from = 0, .to = 1, .authority = 2}},
    {.tag = 5, .name = "Token Revoke", .kind = REVOKE, .accounts = 2, .most = ANY, .at = {.from = 0, .authority = 1}},
    {.tag = 7, .name = "Token MintTo", .data = "n", .kind = MINT, .asset = TOKEN, .accounts = 3, .most = ANY, .at =
     {.to = 1, .authority = 2, .mint = 0}},
    {.tag = 8, .name = "Token Burn", .data = "n", .kind = BURN, .asset = TOKEN, .accounts = 3, .most = ANY, .at =
     {.from = 0, .authority = 2, .mint = 1}},
    {.tag = 9, .name = "Token CloseAccount", .kind = CLOSE_ACCOUNT, .asset = AssetKind::SOL, .accounts = 3, .most =
     ANY, .at = {.from = 0, .to = 1, .authority = 2}},
    {.tag = 10, .name = "Token FreezeAccount", .kind = FREEZE, .accounts = 3, .most = ANY, .at = {.from = 0,
     .authority = 2, .mint = 1}},
    {.tag = 11, .name = "Token ThawAccount", .kind = THAW, .accounts = 3, .most = ANY, .at = {.from = 0, .authority =
     2, .mint = 1}},
    {.tag = 12, .name = "Token TransferChecked", .data = "nd", .kind = TRANSFER, .asset = TOKEN, .accounts = 4, .most
     = ANY, .at = {.from = 0, .to = 2, .authority = 3, .mint = 1}},
    {.tag = 13, .name = "Token ApproveChecked", .data = "nd", .kind = APPROVE, .asset = TOKEN, .accounts = 4, .most =
     ANY, .at = {.from = 0, .to = 2, .authority = 3, .mint = 1}},
    {.tag = 14, .name = "Token MintToChecked", .data = "nd", .kind = MINT, .asset = TOKEN, .accounts = 3, .most = ANY,
     .at = {.to = 1, .authority = 2, .mint = 0}},
    {.tag = 15, .name = "Token BurnChecked", .data = "nd", .kind = BURN, .asset = TOKEN, .accounts = 3, .most = ANY,
     .at = {.from = 0, .authority = 2, .mint = 1}},
    {.tag = 16, .name = "Token InitializeAccount2", .data = "o", .kind = CREATE_TOKEN_ACCOUNT, .accounts = 3, .at =
     {.to = 0, .mint = 1}},
    {.tag = 17, .name = "Token SyncNative", .kind = HARMLESS, .accounts = 1, .most = 2, .at = {.from = 0}},
    {.tag = 18, .name = "Token InitializeAccount3", .data = "o", .kind = CREATE_TOKEN_ACCOUNT, .accounts = 2, .at =
     {.to = 0, .mint = 1}},
    {.tag = 19, .name = "Token InitializeMultisig2", .data = "b", .accounts = 2, .most = ANY, .at = {.to = 0}},
    {.tag = 20, .name = "Token InitializeMint2", .data = "bxX", .accounts = 1, .at = {.mint = 0}},
    {.tag = 21, .name = "Token GetAccountDataSize", .data = "r", .kind = HARMLESS, .accounts = 1},
    {.tag = 22, .name = "Token InitializeImmutableOwner", .kind = HARMLESS, .accounts = 1},
    {.tag = 23, .name = "Token AmountToUiAmount", .data = "q", .kind = HARMLESS, .accounts = 1},
    {.tag = 24, .name = "Token UiAmountToAmount", .data = "r", .kind = HARMLESS, .accounts = 1},
    // Everything above the rent of an account of the program's, mints and multisignatures included.
    {.tag = 38, .name = "Token WithdrawExcessLamports", .kind = TRANSFER, .asset = AssetKind::SOL, .accounts = 3,
     .most = ANY, .at = {.from = 0, .to = 1, .authority = 2}},
    // Wrapped SOL becomes lamports of any account; without an amount all of it.
    {.tag = UNWRAP_LAMPORTS_TAG, .name = "Token UnwrapLamports", .data = "N", .kind = TRANSFER, .asset = TOKEN,
     .accounts = 3, .most = ANY, .at = {.from = 0, .to = 1, .authority = 2}},
};
// clang-format on

// Tag, role and an optional key.
constexpr Row SET_AUTHORITY_ROW = {.tag = SET_AUTHORITY_TAG,
                                   .name = "Token SetAuthority",
                                   .data = "K",
                                   .kind = SET_AUTHORITY,
                                   .accounts = 2,
                                   .most = ANY,
                                   .at = {.from = 0, .authority = 1}};

Role roleOf(std::uint8_t byte) noexcept {
  switch (byte) {
    case 0: return Role::MINT_AUTHORITY;
    case 1: return Role::FREEZE_AUTHORITY;
    case 2: return Role::ACCOUNT_OWNER;
    case 3: return Role::CLOSE_AUTHORITY;
    default: return Role::EXTENSION;
  }
}

}  // namespace

std::span<const Row> commonRows() noexcept { return ROWS; }

bool readSetAuthority(Bytes data, std::size_t accounts, std::size_t roles, Action& out) noexcept {
  if (data.size() < 2 || data[0] != SET_AUTHORITY_TAG || data[1] >= roles) return false;
  if (!readByRow(SET_AUTHORITY_ROW, data.subspan(2), accounts, out)) return false;
  out.role = roleOf(data[1]);
  return true;
}

bool read(Bytes data, std::size_t accounts, Action& out) noexcept {
  if (data.empty()) return false;
  if (data[0] == SET_AUTHORITY_TAG) return readSetAuthority(data, accounts, TOKEN_ROLES, out);
  const Row* row = findRow(ROWS, data[0], std::nullopt);
  if (row == nullptr || !readByRow(*row, data.subspan(1), accounts, out)) return false;
  out.nativeMint = row->tag == UNWRAP_LAMPORTS_TAG;
  return true;
}

bool isBatch(Bytes data) noexcept { return !data.empty() && data[0] == BATCH_TAG; }

std::optional<Batch::Child> Batch::next() noexcept {
  if (broken || reader.atEnd()) return std::nullopt;
  Child child;
  std::uint8_t accounts = 0;
  std::uint8_t size = 0;
  broken = !(reader.read(accounts) && reader.read(size) && reader.take(size, child.data) &&
             accountReader.take(accounts, child.accounts));
  if (broken) return std::nullopt;
  return child;
}

}  // namespace waas::solana::token
