#include "solana/instruction/lookup-table.h"

namespace waas::solana::lookup_table {
namespace {

constexpr std::uint64_t RENT_PER_BYTE = 6'960;
constexpr std::uint64_t EMPTY_TABLE_RENT = (128 + 56) * RENT_PER_BYTE;
constexpr std::uint32_t EXTEND_TAG = 2;

using enum ActionKind;

// clang-format off
constexpr Row ROWS[] = {
    {.tag = 0, .name = "LookupTable Create", .data = "qb", .asset = AssetKind::SOL, .accounts = 4,
     .at = {.from = 2, .to = 0, .authority = 1}},
    // Nobody can change the table from then on.
    {.tag = 1, .name = "LookupTable Freeze", .kind = SET_AUTHORITY, .role = Role::LOOKUP_TABLE, .accounts = 2,
     .at = {.from = 0, .authority = 1}},
    {.tag = EXTEND_TAG, .name = "LookupTable Extend", .data = "r", .asset = AssetKind::SOL, .accounts = 2, .most = 4,
     .at = {.from = 2, .to = 0, .authority = 1}},
    {.tag = 3, .name = "LookupTable Deactivate", .accounts = 2, .at = {.from = 0, .authority = 1}},
    {.tag = 4, .name = "LookupTable Close", .kind = CLOSE_ACCOUNT, .asset = AssetKind::SOL, .accounts = 3,
     .at = {.from = 0, .to = 2, .authority = 1}},
};
// clang-format on

/// What follows the tag of Extend: a count of u64 and as many addresses.
bool readAddresses(Bytes data, std::uint64_t& count) noexcept {
  ByteReader reader(data);
  return reader.read(count) && reader.remaining() % ADDRESS_SIZE == 0 && reader.remaining() / ADDRESS_SIZE == count;
}

}  // namespace

bool read(Bytes data, std::size_t accounts, Action& out) noexcept {
  if (!readByWideTag(ROWS, data, accounts, out)) return false;
  constexpr std::size_t TAG_SIZE = 4;
  if (data[0] == 0) out.amount = EMPTY_TABLE_RENT;
  if (data[0] != EXTEND_TAG) return true;
  std::uint64_t count = 0;
  if (accounts == 3 || !readAddresses(data.subspan(TAG_SIZE), count)) return false;
  out.amount = accounts == 2 ? 0 : count * ADDRESS_SIZE * RENT_PER_BYTE;
  return true;
}

}  // namespace waas::solana::lookup_table
