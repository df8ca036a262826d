#include "solana/instruction/system.h"

#include "solana/byte-cursor.h"

namespace waas::solana::system {
namespace {

constexpr std::uint32_t TRANSFER_TAG = 2;
constexpr std::uint32_t ADVANCE_NONCE_TAG = 4;

using enum ActionKind;
constexpr AssetKind SOL = AssetKind::SOL;

// One row of the table on a line or two:
// clang-format off
constexpr Row ROWS[] = {
    {.tag = 0, .name = "System CreateAccount", .data = "nqo", .kind = CREATE_ACCOUNT, .asset = SOL, .accounts = 2, .at
     = {.from = 0, .to = 1, .authority = 0}},
    {.tag = 1, .name = "System Assign", .data = "k", .kind = SET_AUTHORITY, .role = Role::PROGRAM, .accounts = 1, .at
     = {.from = 0, .authority = 0}},
    // References of a payment may follow: accounts that are only named.
    {.tag = TRANSFER_TAG, .name = "System Transfer", .data = "n", .kind = TRANSFER, .asset = SOL, .accounts = 2, .most
     = ANY, .at = {.from = 0, .to = 1, .authority = 0}},
    {.tag = 3, .name = "System CreateAccountWithSeed", .data = "xsnqo", .kind = CREATE_ACCOUNT, .asset = SOL,
     .accounts = 2, .most = 3, .at = {.from = 0, .to = 1, .authority = 0}},
    {.tag = ADVANCE_NONCE_TAG, .name = "System AdvanceNonceAccount", .kind = NONCE, .accounts = 3, .at = {.from = 0,
     .authority = 2}},
    {.tag = 5, .name = "System WithdrawNonceAccount", .data = "n", .kind = TRANSFER, .asset = SOL, .accounts = 5, .at
     = {.from = 0, .to = 1, .authority = 4}},
    {.tag = 6, .name = "System InitializeNonceAccount", .data = "k", .kind = SET_AUTHORITY, .role = Role::NONCE,
     .accounts = 3, .at = {.from = 0}},
    {.tag = 7, .name = "System AuthorizeNonceAccount", .data = "k", .kind = SET_AUTHORITY, .role = Role::NONCE,
     .accounts = 2, .at = {.from = 0, .authority = 1}},
    {.tag = 8, .name = "System Allocate", .data = "q", .accounts = 1, .at = {.from = 0, .authority = 0}},
    {.tag = 9, .name = "System AllocateWithSeed", .data = "xsqx", .accounts = 2, .at = {.from = 0, .authority = 1}},
    {.tag = 10, .name = "System AssignWithSeed", .data = "xsk", .kind = SET_AUTHORITY, .role = Role::PROGRAM,
     .accounts = 2, .at = {.from = 0, .authority = 1}},
    {.tag = 11, .name = "System TransferWithSeed", .data = "nsx", .kind = TRANSFER, .asset = SOL, .accounts = 3, .at =
     {.from = 0, .to = 2, .authority = 1}},
    {.tag = 12, .name = "System UpgradeNonceAccount", .accounts = 1, .at = {.from = 0}},
    // The only one whose payer comes second, and may be missing if nothing is paid.
    {.tag = 13, .name = "System CreateAccountAllowPrefund", .data = "nqo", .kind = CREATE_ACCOUNT, .asset = SOL,
     .accounts = 1, .most = 2, .at = {.from = 1, .to = 0, .authority = 1}},
};
// clang-format on

}  // namespace

InstructionCall transfer(const Address& from, const Address& to, std::uint64_t lamports) {
  std::vector<std::uint8_t> data(sizeof(std::uint32_t) + sizeof(std::uint64_t));
  ByteWriter writer(data);
  writer.put(TRANSFER_TAG);
  writer.put(lamports);
  return {PROGRAM, {{from, Access::WRITABLE_SIGNER}, {to, Access::WRITABLE}}, std::move(data)};
}

bool read(Bytes data, std::size_t accounts, Action& out) noexcept { return readByWideTag(ROWS, data, accounts, out); }

bool advancesNonce(Bytes data) noexcept {
  ByteReader reader(data);
  std::uint32_t tag = 0;
  return reader.read(tag) && tag == ADVANCE_NONCE_TAG;
}

}  // namespace waas::solana::system
