#include "solana/instruction/jupiter.h"

#include <algorithm>
#include <limits>

#include "solana/instruction/jupiter-route-plan.h"

namespace waas::solana::jupiter {
namespace {

constexpr std::size_t TAG_SIZE = 8;
constexpr std::uint64_t WHOLE_BPS = 10'000;

/// Where the accounts of a swap stand, and how its data is laid out.
struct Layout {
  std::array<std::uint8_t, TAG_SIZE> tag;
  const char* name;
  bool amountsFirst = false;  // the newer layout
  bool hasId = false;         // of the program's own accounts that it goes through
  bool exactOut = false;
  bool fromLedger = false;
  std::uint8_t accounts;
  std::uint8_t user, source, destination, sourceMint, destinationMint, tokenProgram;
  std::uint8_t toInstead = ABSENT;
  std::uint8_t feeAccount = ABSENT;
};

// clang-format off
constexpr Layout LAYOUTS[] = {
    {.tag = {0xe5, 0x17, 0xcb, 0x97, 0x7a, 0xe3, 0xad, 0x2a}, .name = "Jupiter route", .accounts = 9,
     .user = 1, .source = 2, .destination = 3, .sourceMint = ABSENT, .destinationMint = 5, .tokenProgram = 0,
     .toInstead = 4, .feeAccount = 6},
    {.tag = {0x96, 0x56, 0x47, 0x74, 0xa7, 0x5d, 0x0e, 0x68}, .name = "Jupiter route_with_token_ledger",
     .fromLedger = true, .accounts = 10, .user = 1, .source = 2, .destination = 3, .sourceMint = ABSENT,
     .destinationMint = 5, .tokenProgram = 0, .toInstead = 4, .feeAccount = 6},
    {.tag = {0xd0, 0x33, 0xef, 0x97, 0x7b, 0x2b, 0xed, 0x5c}, .name = "Jupiter exact_out_route", .exactOut = true,
     .accounts = 11, .user = 1, .source = 2, .destination = 3, .sourceMint = 5, .destinationMint = 6,
     .tokenProgram = 0, .toInstead = 4, .feeAccount = 7},
    {.tag = {0xc1, 0x20, 0x9b, 0x33, 0x41, 0xd6, 0x9c, 0x81}, .name = "Jupiter shared_accounts_route", .hasId = true,
     .accounts = 13, .user = 2, .source = 3, .destination = 6, .sourceMint = 7, .destinationMint = 8,
     .tokenProgram = 0, .feeAccount = 9},
    {.tag = {0xe6, 0x79, 0x8f, 0x50, 0x77, 0x9f, 0x6a, 0xaa}, .name = "Jupiter shared_accounts_route_with_token_ledger",
     .hasId = true, .fromLedger = true, .accounts = 14, .user = 2, .source = 3, .destination = 6, .sourceMint = 7,
     .destinationMint = 8, .tokenProgram = 0, .feeAccount = 9},
    {.tag = {0xb0, 0xd1, 0x69, 0xa8, 0x9a, 0x7d, 0x45, 0x3e}, .name = "Jupiter shared_accounts_exact_out_route",
     .hasId = true, .exactOut = true, .accounts = 13, .user = 2, .source = 3, .destination = 6, .sourceMint = 7,
     .destinationMint = 8, .tokenProgram = 0, .feeAccount = 9},
    {.tag = {0xbb, 0x64, 0xfa, 0xcc, 0x31, 0xc4, 0xaf, 0x14}, .name = "Jupiter route_v2", .amountsFirst = true,
     .accounts = 10, .user = 0, .source = 1, .destination = 2, .sourceMint = 3, .destinationMint = 4,
     .tokenProgram = 6, .toInstead = 7},
    {.tag = {0x9d, 0x8a, 0xb8, 0x52, 0x15, 0xf4, 0xf3, 0x24}, .name = "Jupiter exact_out_route_v2",
     .amountsFirst = true, .exactOut = true, .accounts = 10, .user = 0, .source = 1, .destination = 2,
     .sourceMint = 3, .destinationMint = 4, .tokenProgram = 6, .toInstead = 7},
    {.tag = {0xd1, 0x98, 0x53, 0x93, 0x7c, 0xfe, 0xd8, 0xe9}, .name = "Jupiter shared_accounts_route_v2",
     .amountsFirst = true, .hasId = true, .accounts = 12, .user = 1, .source = 2, .destination = 5, .sourceMint = 6,
     .destinationMint = 7, .tokenProgram = 9},
    {.tag = {0x35, 0x60, 0xe5, 0xca, 0xd8, 0xbb, 0xfa, 0x18}, .name = "Jupiter shared_accounts_exact_out_route_v2",
     .amountsFirst = true, .hasId = true, .exactOut = true, .accounts = 12, .user = 1, .source = 2,
     .destination = 5, .sourceMint = 6, .destinationMint = 7, .tokenProgram = 9},
};
// clang-format on

/// The numbers in the order in which both layouts have them: what goes in (or shall come out), then the quote of the
/// other.
struct Amounts {
  std::uint64_t said = 0;
  std::uint64_t quoted = 0;
};

bool readAmounts(ByteReader& reader, const Layout& layout, Amounts& amounts, SwapTerms& terms) noexcept {
  if (!layout.fromLedger && !reader.read(amounts.said)) return false;
  if (!reader.read(amounts.quoted) || !reader.read(terms.slippageBps)) return false;
  if (layout.amountsFirst) return reader.read(terms.platformFeeBps) && reader.read(terms.positiveSlippageFeeBps);
  std::uint8_t fee = 0;
  if (!reader.read(fee)) return false;
  terms.platformFeeBps = fee;
  return true;
}

bool readData(ByteReader& reader, const Layout& layout, Amounts& amounts, SwapTerms& terms) noexcept {
  std::uint8_t id = 0;
  if (layout.hasId && !reader.read(id)) return false;
  if (!layout.amountsFirst) {
    return skipRoutePlan(reader) && readAmounts(reader, layout, amounts, terms) && reader.atEnd();
  }
  std::uint32_t steps = 0;
  return readAmounts(reader, layout, amounts, terms) && reader.read(steps) && steps > 0 && steps <= MAX_STEPS;
}

/// value * bps / 10000, rounded down or up; the largest number where that is larger.
std::uint64_t share(std::uint64_t value, std::uint64_t bps, bool up) noexcept {
  std::uint64_t whole = value / WHOLE_BPS;
  std::uint64_t rest = (value % WHOLE_BPS * bps + (up ? WHOLE_BPS - 1 : 0)) / WHOLE_BPS;
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(whole, bps, &product) || __builtin_add_overflow(product, rest, &product)) {
    return std::numeric_limits<std::uint64_t>::max();
  }
  return product;
}

void fill(const Layout& layout, const Amounts& amounts, Action& out) noexcept {
  SwapTerms& terms = out.swap;
  terms.exactOut = layout.exactOut;
  terms.fromLedger = layout.fromLedger;
  if (layout.exactOut) {
    terms.quotedOut = terms.minimumOut = amounts.said;
    // The platform's fee may come on top of what the slippage allows.
    std::uint64_t most = share(amounts.quoted, WHOLE_BPS + terms.slippageBps, true);
    out.amount = share(most, WHOLE_BPS + terms.platformFeeBps, true);
  } else {
    terms.quotedOut = amounts.quoted;
    terms.minimumOut = share(amounts.quoted, WHOLE_BPS - std::min<std::uint64_t>(terms.slippageBps, WHOLE_BPS), false);
    if (!layout.fromLedger) out.amount = amounts.said;
  }
}

}  // namespace

bool read(Bytes data, std::size_t accounts, Action& out) noexcept {
  if (data.size() < TAG_SIZE) return false;
  auto layout = std::find_if(std::begin(LAYOUTS), std::end(LAYOUTS), [data](const Layout& known) {
    return std::equal(known.tag.begin(), known.tag.end(), data.begin());
  });
  if (layout == std::end(LAYOUTS) || accounts < layout->accounts) return false;
  out = Action{};
  Amounts amounts;
  ByteReader reader(data.subspan(TAG_SIZE));
  if (!readData(reader, *layout, amounts, out.swap)) return false;
  fill(*layout, amounts, out);
  out.kind = ActionKind::SWAP;
  out.asset = AssetKind::TOKEN;
  out.name = layout->name;
  out.at = {.from = layout->source,
            .to = layout->destination,
            .authority = layout->user,
            .mint = layout->sourceMint,
            .tokenProgram = layout->tokenProgram};
  out.needed = layout->accounts;
  out.swap.outMint = layout->destinationMint;
  out.swap.feeAccount = layout->feeAccount;
  out.swap.toInstead = layout->toInstead;
  return true;
}

}  // namespace waas::solana::jupiter
