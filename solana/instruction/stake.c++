#include "solana/instruction/stake.h"

namespace waas::solana::stake {
namespace {

using enum ActionKind;
constexpr AssetKind SOL = AssetKind::SOL;

// clang-format off
constexpr Row ROWS[] = {
    {.tag = 0, .name = "Stake Initialize", .data = "xxqqx", .accounts = 1, .most = 2, .at = {.to = 0}},
    {.tag = 1, .name = "Stake Authorize", .data = "kR", .kind = SET_AUTHORITY, .role = Role::STAKER, .accounts = 2,
     .most = 4, .at = {.from = 0}},
    {.tag = 2, .name = "Stake DelegateStake", .accounts = 3, .most = 6, .at = {.from = 0, .to = 1}},
    {.tag = 3, .name = "Stake Split", .data = "n", .kind = TRANSFER, .asset = SOL, .accounts = 3,
     .at = {.from = 0, .to = 1, .authority = 2}},
    {.tag = 4, .name = "Stake Withdraw", .data = "n", .kind = TRANSFER, .asset = SOL, .accounts = 3, .most = 6,
     .at = {.from = 0, .to = 1}},
    {.tag = 5, .name = "Stake Deactivate", .accounts = 2, .most = 3, .at = {.from = 0}},
    {.tag = 6, .name = "Stake SetLockup", .data = "QQX", .accounts = 2, .at = {.from = 0, .authority = 1}},
    // All of one into the other.
    {.tag = 7, .name = "Stake Merge", .kind = TRANSFER, .asset = SOL, .accounts = 3, .most = 5,
     .at = {.from = 1, .to = 0}},
    {.tag = 8, .name = "Stake AuthorizeWithSeed", .data = "kRsx", .kind = SET_AUTHORITY, .role = Role::STAKER,
     .accounts = 2, .most = 4, .at = {.from = 0}},
    {.tag = 9, .name = "Stake InitializeChecked", .accounts = 3, .most = 4, .at = {.to = 0}},
    {.tag = 10, .name = "Stake AuthorizeChecked", .data = "R", .kind = SET_AUTHORITY, .role = Role::STAKER,
     .accounts = 3, .most = 5, .at = {.from = 0}},
    {.tag = 11, .name = "Stake AuthorizeCheckedWithSeed", .data = "Rsx", .kind = SET_AUTHORITY, .role = Role::STAKER,
     .accounts = 3, .most = 5, .at = {.from = 0}},
    {.tag = 12, .name = "Stake SetLockupChecked", .data = "QQ", .accounts = 2, .most = 3,
     .at = {.from = 0, .authority = 1}},
    {.tag = 13, .name = "Stake GetMinimumDelegation", .kind = HARMLESS},
    {.tag = 14, .name = "Stake DeactivateDelinquent", .accounts = 3, .at = {.from = 0}},
    {.tag = 16, .name = "Stake MoveStake", .data = "n", .kind = TRANSFER, .asset = SOL, .accounts = 3,
     .at = {.from = 0, .to = 1, .authority = 2}},
    {.tag = 17, .name = "Stake MoveLamports", .data = "n", .kind = TRANSFER, .asset = SOL, .accounts = 3,
     .at = {.from = 0, .to = 1, .authority = 2}},
};
// clang-format on

}  // namespace

bool read(Bytes data, std::size_t accounts, Action& out) noexcept { return readByWideTag(ROWS, data, accounts, out); }

}  // namespace waas::solana::stake
