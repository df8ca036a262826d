#include "solana/instruction/token-2022.h"

#include <algorithm>

#include "solana/instruction/token.h"

namespace waas::solana::token2022 {
namespace {

constexpr std::uint8_t SET_AUTHORITY_TAG = 6;
/// Roles that SetAuthority knows here: the four of Token, and those of thirteen extensions.
constexpr std::size_t ROLES = 18;
constexpr std::uint8_t UNWRAP_LAMPORTS_TAG = 45;
constexpr std::size_t INTERFACE_TAG_SIZE = 8;

using enum ActionKind;
constexpr AssetKind TOKEN = AssetKind::TOKEN;

// One row of the table on a line or two:
// clang-format off
constexpr Row ROWS[] = {
    {.tag = 25, .name = "Token-2022 InitializeMintCloseAuthority", .data = "X", .accounts = 1, .at = {.mint = 0}},
    // Transfer fees.
    {.tag = 26, .sub = 0, .name = "Token-2022 InitializeTransferFeeConfig", .data = "XXhq", .accounts = 1, .at =
     {.mint = 0}},
    {.tag = 26, .sub = 1, .name = "Token-2022 TransferCheckedWithFee", .data = "ndf", .kind = TRANSFER, .asset =
     TOKEN, .accounts = 4, .most = ANY, .at = {.from = 0, .to = 2, .authority = 3, .mint = 1}},
    {.tag = 26, .sub = 2, .name = "Token-2022 WithdrawWithheldTokensFromMint", .kind = TRANSFER, .asset = TOKEN,
     .accounts = 3, .most = ANY, .at = {.from = 0, .to = 1, .authority = 2, .mint = 0}},
    {.tag = 26, .sub = 3, .name = "Token-2022 WithdrawWithheldTokensFromAccounts", .data = "b", .kind = TRANSFER,
     .asset = TOKEN, .accounts = 3, .most = ANY, .at = {.from = 0, .to = 1, .authority = 2, .mint = 0}},
    {.tag = 26, .sub = 4, .name = "Token-2022 HarvestWithheldTokensToMint", .accounts = 1, .most = ANY, .at = {.mint =
     0}},
    {.tag = 26, .sub = 5, .name = "Token-2022 SetTransferFee", .data = "hq", .accounts = 2, .most = ANY, .at =
     {.authority = 1, .mint = 0}},
    // Confidential transfers: what is moved, and where the authority stands, depends on proofs elsewhere.
    {.tag = 27, .sub = 0, .name = "Token-2022 InitializeConfidentialTransferMint", .data = "x?x", .accounts = 1, .at =
     {.mint = 0}},
    {.tag = 27, .sub = 1, .name = "Token-2022 UpdateConfidentialTransferMint", .data = "?x", .accounts = 2, .most =
     ANY, .at = {.authority = 1, .mint = 0}},
    {.tag = 27, .sub = 2, .name = "Token-2022 ConfigureConfidentialTransferAccount", .data = "Cqb", .accounts = 4,
     .most = ANY, .at = {.from = 0, .mint = 1}},
    {.tag = 27, .sub = 3, .name = "Token-2022 ApproveConfidentialTransferAccount", .accounts = 3, .most = ANY, .at =
     {.from = 0, .mint = 1}},
    {.tag = 27, .sub = 4, .name = "Token-2022 EmptyConfidentialTransferAccount", .data = "b", .accounts = 3, .most =
     ANY, .at = {.from = 0}},
    {.tag = 27, .sub = 5, .name = "Token-2022 ConfidentialDeposit", .data = "qb", .accounts = 3, .most = ANY, .at =
     {.from = 0, .authority = 2, .mint = 1}},
    {.tag = 27, .sub = 6, .name = "Token-2022 ConfidentialWithdraw", .data = "qbCbb", .accounts = 3, .most = ANY, .at
     = {.from = 0, .mint = 1}},
    {.tag = 27, .sub = 7, .name = "Token-2022 ConfidentialTransfer", .data = "CEEbbb", .kind = TRANSFER, .asset =
     TOKEN, .accounts = 4, .most = ANY, .at = {.from = 0, .to = 2, .mint = 1}},
    {.tag = 27, .sub = 8, .name = "Token-2022 ApplyConfidentialPendingBalance", .data = "qC", .accounts = 2, .most =
     ANY, .at = {.from = 0, .authority = 1}},
    {.tag = 27, .sub = 9, .name = "Token-2022 EnableConfidentialCredits", .accounts = 2, .most = ANY, .at = {.from =
     0, .authority = 1}},
    {.tag = 27, .sub = 10, .name = "Token-2022 DisableConfidentialCredits", .accounts = 2, .most = ANY, .at = {.from =
     0, .authority = 1}},
    {.tag = 27, .sub = 11, .name = "Token-2022 EnableNonConfidentialCredits", .accounts = 2, .most = ANY, .at = {.from
     = 0, .authority = 1}},
    {.tag = 27, .sub = 12, .name = "Token-2022 DisableNonConfidentialCredits", .accounts = 2, .most = ANY, .at =
     {.from = 0, .authority = 1}},
    {.tag = 27, .sub = 13, .name = "Token-2022 ConfidentialTransferWithFee", .data = "CEEbbbbb", .kind = TRANSFER,
     .asset = TOKEN, .accounts = 4, .most = ANY, .at = {.from = 0, .to = 2, .mint = 1}},
    {.tag = 27, .sub = 14, .name = "Token-2022 ConfigureConfidentialTransferAccountWithRegistry", .accounts = 3, .most
     = 5, .at = {.to = 0, .mint = 1}},
    {.tag = 28, .sub = 0, .name = "Token-2022 InitializeDefaultAccountState", .data = "b", .accounts = 1, .at = {.mint
     = 0}},
    {.tag = 28, .sub = 1, .name = "Token-2022 UpdateDefaultAccountState", .data = "b", .accounts = 2, .most = ANY, .at
     = {.authority = 1, .mint = 0}},
    // Makes a token account larger; its payer pays the rent of that.
    {.tag = 29, .name = "Token-2022 Reallocate", .data = "r", .accounts = 4, .most = ANY, .at = {.from = 1, .to = 0,
     .authority = 3}},
    {.tag = 30, .sub = 0, .name = "Token-2022 EnableMemoTransfers", .accounts = 2, .most = ANY, .at = {.from = 0,
     .authority = 1}},
    {.tag = 30, .sub = 1, .name = "Token-2022 DisableMemoTransfers", .accounts = 2, .most = ANY, .at = {.from = 0,
     .authority = 1}},
    {.tag = 31, .name = "Token-2022 CreateNativeMint", .accounts = 3, .at = {.from = 0, .to = 1, .authority = 0}},
    {.tag = 32, .name = "Token-2022 InitializeNonTransferableMint", .accounts = 1, .at = {.mint = 0}},
    {.tag = 33, .sub = 0, .name = "Token-2022 InitializeInterestBearingMint", .data = "xh", .accounts = 1, .at =
     {.mint = 0}},
    {.tag = 33, .sub = 1, .name = "Token-2022 UpdateRateInterestBearingMint", .data = "h", .accounts = 2, .most = ANY,
     .at = {.authority = 1, .mint = 0}},
    {.tag = 34, .sub = 0, .name = "Token-2022 EnableCpiGuard", .accounts = 2, .most = ANY, .at = {.from = 0,
     .authority = 1}},
    {.tag = 34, .sub = 1, .name = "Token-2022 DisableCpiGuard", .accounts = 2, .most = ANY, .at = {.from = 0,
     .authority = 1}},
    {.tag = 35, .name = "Token-2022 InitializePermanentDelegate", .data = "x", .accounts = 1, .at = {.mint = 0}},
    {.tag = 36, .sub = 0, .name = "Token-2022 InitializeTransferHook", .data = "xx", .accounts = 1, .at = {.mint =
     0}},
    {.tag = 36, .sub = 1, .name = "Token-2022 UpdateTransferHook", .data = "x", .accounts = 2, .most = ANY, .at =
     {.authority = 1, .mint = 0}},
    {.tag = 37, .sub = 0, .name = "Token-2022 InitializeConfidentialTransferFee", .data = "xx", .accounts = 1, .at =
     {.mint = 0}},
    {.tag = 37, .sub = 1, .name = "Token-2022 WithdrawConfidentialFeesFromMint", .data = "bC", .accounts = 3, .most =
     ANY, .at = {.mint = 0}},
    {.tag = 37, .sub = 2, .name = "Token-2022 WithdrawConfidentialFeesFromAccounts", .data = "bbC", .accounts = 3,
     .most = ANY, .at = {.mint = 0}},
    {.tag = 37, .sub = 3, .name = "Token-2022 HarvestConfidentialFeesToMint", .accounts = 1, .most = ANY, .at = {.mint
     = 0}},
    {.tag = 37, .sub = 4, .name = "Token-2022 EnableHarvestToMint", .accounts = 2, .most = ANY, .at = {.authority = 1,
     .mint = 0}},
    {.tag = 37, .sub = 5, .name = "Token-2022 DisableHarvestToMint", .accounts = 2, .most = ANY, .at = {.authority =
     1, .mint = 0}},
    {.tag = 39, .sub = 0, .name = "Token-2022 InitializeMetadataPointer", .data = "xx", .accounts = 1, .at = {.mint =
     0}},
    {.tag = 39, .sub = 1, .name = "Token-2022 UpdateMetadataPointer", .data = "x", .accounts = 2, .most = ANY, .at =
     {.authority = 1, .mint = 0}},
    {.tag = 40, .sub = 0, .name = "Token-2022 InitializeGroupPointer", .data = "xx", .accounts = 1, .at = {.mint =
     0}},
    {.tag = 40, .sub = 1, .name = "Token-2022 UpdateGroupPointer", .data = "x", .accounts = 2, .most = ANY, .at =
     {.authority = 1, .mint = 0}},
    {.tag = 41, .sub = 0, .name = "Token-2022 InitializeGroupMemberPointer", .data = "xx", .accounts = 1, .at = {.mint
     = 0}},
    {.tag = 41, .sub = 1, .name = "Token-2022 UpdateGroupMemberPointer", .data = "x", .accounts = 2, .most = ANY, .at
     = {.authority = 1, .mint = 0}},
    {.tag = 42, .sub = 0, .name = "Token-2022 InitializeConfidentialMintBurn", .data = "xC", .accounts = 1, .at =
     {.mint = 0}},
    {.tag = 42, .sub = 1, .name = "Token-2022 RotateSupplyElgamalPubkey", .data = "xb", .accounts = 3, .most = ANY,
     .at = {.mint = 0}},
    {.tag = 42, .sub = 2, .name = "Token-2022 UpdateDecryptableSupply", .data = "C", .accounts = 2, .most = ANY, .at =
     {.authority = 1, .mint = 0}},
    {.tag = 42, .sub = 3, .name = "Token-2022 ConfidentialMint", .data = "CEEbbb", .kind = MINT, .asset = TOKEN,
     .accounts = 3, .most = ANY, .at = {.to = 0, .mint = 1}},
    {.tag = 42, .sub = 4, .name = "Token-2022 ConfidentialBurn", .data = "CEEbbb", .kind = BURN, .asset = TOKEN,
     .accounts = 3, .most = ANY, .at = {.from = 0, .mint = 1}},
    {.tag = 42, .sub = 5, .name = "Token-2022 ApplyPendingBurn", .accounts = 2, .most = ANY, .at = {.authority = 1,
     .mint = 0}},
    {.tag = 43, .sub = 0, .name = "Token-2022 InitializeScaledUiAmountMint", .data = "xq", .accounts = 1, .at = {.mint
     = 0}},
    {.tag = 43, .sub = 1, .name = "Token-2022 UpdateMultiplierScaledUiMint", .data = "qq", .accounts = 2, .most = ANY,
     .at = {.authority = 1, .mint = 0}},
    {.tag = 44, .sub = 0, .name = "Token-2022 InitializePausableConfig", .data = "x", .accounts = 1, .at = {.mint =
     0}},
    {.tag = 44, .sub = 1, .name = "Token-2022 Pause", .accounts = 2, .most = ANY, .at = {.authority = 1, .mint = 0}},
    {.tag = 44, .sub = 2, .name = "Token-2022 Resume", .accounts = 2, .most = ANY, .at = {.authority = 1, .mint = 0}},
    {.tag = 46, .sub = 0, .name = "Token-2022 InitializePermissionedBurn", .data = "x", .accounts = 1, .at = {.mint =
     0}},
    {.tag = 46, .sub = 1, .name = "Token-2022 PermissionedBurn", .data = "n", .kind = BURN, .asset = TOKEN, .accounts
     = 4, .most = ANY, .at = {.from = 0, .authority = 3, .mint = 1}},
    {.tag = 46, .sub = 2, .name = "Token-2022 PermissionedBurnChecked", .data = "nd", .kind = BURN, .asset = TOKEN,
     .accounts = 4, .most = ANY, .at = {.from = 0, .authority = 3, .mint = 1}},
    {.tag = 46, .sub = 3, .name = "Token-2022 PermissionedConfidentialBurn", .data = "CEEbbb", .kind = BURN, .asset =
     TOKEN, .accounts = 4, .most = ANY, .at = {.from = 0, .mint = 1}},
};
// clang-format on

/// An instruction of an interface, which any program may implement: known by the hash of its name.
struct InterfaceRow {
  std::array<std::uint8_t, INTERFACE_TAG_SIZE> tag;
  Row row;
};

// One row of the table on a line or two:
// clang-format off
constexpr InterfaceRow INTERFACES[] = {
    {{210, 225, 30, 162, 88, 184, 77, 141}, {.name = "Token-2022 InitializeTokenMetadata", .data = "ttt", .accounts =
     4}},
    {{221, 233, 49, 45, 181, 202, 220, 200}, {.name = "Token-2022 UpdateTokenMetadataField", .data = "Ft", .accounts =
     2, .at = {.from = 0, .authority = 1}}},
    {{234, 18, 32, 56, 89, 141, 37, 181}, {.name = "Token-2022 RemoveTokenMetadataKey", .data = "?t", .accounts = 2,
     .at = {.from = 0, .authority = 1}}},
    {{215, 228, 166, 228, 84, 100, 86, 123}, {.name = "Token-2022 UpdateTokenMetadataAuthority", .data = "k", .kind =
     SET_AUTHORITY, .role = Role::EXTENSION, .accounts = 2, .at = {.from = 0, .authority = 1}}},
    {{250, 166, 180, 250, 13, 12, 184, 70}, {.name = "Token-2022 EmitTokenMetadata", .data = "QQ", .kind = HARMLESS,
     .accounts = 1}},
    {{121, 113, 108, 39, 54, 51, 0, 4}, {.name = "Token-2022 InitializeTokenGroup", .data = "xq", .accounts = 3}},
    {{108, 37, 171, 143, 248, 30, 18, 110}, {.name = "Token-2022 UpdateTokenGroupMaxSize", .data = "q", .accounts = 2,
     .at = {.from = 0, .authority = 1}}},
    {{161, 105, 88, 1, 237, 221, 216, 203}, {.name = "Token-2022 UpdateTokenGroupAuthority", .data = "k", .kind =
     SET_AUTHORITY, .role = Role::EXTENSION, .accounts = 2, .at = {.from = 0, .authority = 1}}},
    {{152, 32, 222, 176, 223, 237, 116, 134}, {.name = "Token-2022 InitializeTokenGroupMember", .accounts = 5}},
};
// clang-format on

bool readInterface(Bytes data, std::size_t accounts, Action& out) noexcept {
  if (data.size() < INTERFACE_TAG_SIZE) return false;
  for (const InterfaceRow& known : INTERFACES) {
    if (std::equal(known.tag.begin(), known.tag.end(), data.begin())) {
      return readByRow(known.row, data.subspan(INTERFACE_TAG_SIZE), accounts, out);
    }
  }
  return false;
}

}  // namespace

bool read(Bytes data, std::size_t accounts, Action& out) noexcept {
  if (data.empty()) return false;
  if (data[0] == SET_AUTHORITY_TAG) return token::readSetAuthority(data, accounts, ROLES, out);
  if (const Row* row = findRow(token::commonRows(), data[0], std::nullopt)) {
    if (!readByRow(*row, data.subspan(1), accounts, out)) return false;
    out.nativeMint = row->tag == UNWRAP_LAMPORTS_TAG;
    return true;
  }
  std::optional<std::uint8_t> sub;
  if (data.size() > 1) sub = data[1];
  const Row* row = findRow(ROWS, data[0], sub);
  if (row == nullptr) return readInterface(data, accounts, out);
  return readByRow(*row, data.subspan(row->sub < 0 ? 1 : 2), accounts, out);
}

}  // namespace waas::solana::token2022
