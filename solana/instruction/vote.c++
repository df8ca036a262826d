#include "solana/instruction/vote.h"

namespace waas::solana::vote {
namespace {

using enum ActionKind;

// clang-format off
constexpr Row ROWS[] = {
    {.tag = 0, .name = "Vote InitializeAccount", .data = "xxxb", .accounts = 4, .at = {.to = 0, .authority = 3}},
    {.tag = 1, .name = "Vote Authorize", .data = "kR", .kind = SET_AUTHORITY, .role = Role::VOTER, .accounts = 3,
     .at = {.from = 0, .authority = 2}},
    {.tag = 3, .name = "Vote Withdraw", .data = "n", .kind = TRANSFER, .asset = AssetKind::SOL, .accounts = 3,
     .at = {.from = 0, .to = 1, .authority = 2}},
    {.tag = 4, .name = "Vote UpdateValidatorIdentity", .accounts = 3, .at = {.from = 0, .to = 1, .authority = 2}},
    {.tag = 5, .name = "Vote UpdateCommission", .data = "b", .accounts = 2, .at = {.from = 0, .authority = 1}},
    {.tag = 7, .name = "Vote AuthorizeChecked", .data = "R", .kind = SET_AUTHORITY, .role = Role::VOTER,
     .accounts = 4, .at = {.from = 0, .to = 3, .authority = 2}},
    {.tag = 10, .name = "Vote AuthorizeWithSeed", .data = "Rxsk", .kind = SET_AUTHORITY, .role = Role::VOTER,
     .accounts = 3, .at = {.from = 0, .authority = 2}},
    {.tag = 11, .name = "Vote AuthorizeCheckedWithSeed", .data = "Rxs", .kind = SET_AUTHORITY, .role = Role::VOTER,
     .accounts = 4, .at = {.from = 0, .to = 3, .authority = 2}},
};
// clang-format on

}  // namespace

bool read(Bytes data, std::size_t accounts, Action& out) noexcept { return readByWideTag(ROWS, data, accounts, out); }

}  // namespace waas::solana::vote
