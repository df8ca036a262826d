#include "solana/instruction/jupiter-route-plan.h"

#include <iterator>
#include <string_view>

namespace waas::solana::jupiter {
namespace {

/// Slices of a step's further accounts, each of two bytes.
constexpr std::uint32_t MAX_SLICES = 32;
constexpr std::size_t SLICE_SIZE = 2;

// Parameters of each exchange, by its number: ? bool or side · b u8 · w u32 · q u64 · A slices of further accounts ·
// O optional slices.
// clang-format off
constexpr std::string_view EXCHANGES[] = {
    "",     "",     "",     "",     "",     "",     "",     "",     "?",    "",  // 0 Saber
    "",     "",     "?",    "",     "",     "?",    "?",    "?",    "?",    "",  // 10 Mercurial
    "",     "?",    "",     "?",    "?",    "",     "",     "?",    "?",    "qq",  // 20 GooseFx
    "",     "",     "",     "w",    "",     "",     "",     "",     "",     "?",  // 30 TokenSwapV2
    "",     "w",    "b??",  "bbww", "bw",   "bw",   "",     "?O",   "",     "",  // 40 RaydiumClmmV2
    "",     "",     "",     "",     "",     "",     "",     "",     "?",    "",  // 50 PumpWrappedSell
    "?",    "?",    "",     "",     "?",    "",     "",     "",     "",     "",  // 60 FoxClaimPartial
    "",     "bb",   "",     "",     "",     "A",    "",     "",     "",     "",  // 70 VirtualsSell
    "",     "q",    "q",    "",     "",     "?",    "?b",   "q?",   "",     "?",  // 80 StabbleWeightedSwapV2
    "",     "",     "",     "",     "?",    "?",    "",     "",     "",     "",  // 90 PumpWrappedBuyV2
    "",     "",     "",     "?O",   "?",    "",     "?",    "?",    "",  // 100 PumpSwapSellV3
};
// clang-format on

bool skip(ByteReader& reader, std::size_t count) noexcept {
  Bytes skipped;
  return reader.take(count, skipped);
}

bool readFlag(ByteReader& reader, bool& out) noexcept {
  std::uint8_t byte = 0;
  if (!reader.read(byte) || byte > 1) return false;
  out = byte == 1;
  return true;
}

bool skipSlices(ByteReader& reader) noexcept {
  std::uint32_t count = 0;
  return reader.read(count) && count <= MAX_SLICES && skip(reader, count * SLICE_SIZE);
}

bool skipParameter(char letter, ByteReader& reader) noexcept {
  bool flag = false;
  switch (letter) {
    case '?': return readFlag(reader, flag);
    case 'b': return skip(reader, 1);
    case 'w': return skip(reader, 4);
    case 'q': return skip(reader, 8);
    case 'A': return skipSlices(reader);
    case 'O': return readFlag(reader, flag) && (!flag || skipSlices(reader));
    default: return false;
  }
}

bool skipStep(ByteReader& reader) noexcept {
  std::uint8_t exchange = 0;
  if (!reader.read(exchange) || exchange >= std::size(EXCHANGES)) return false;
  for (char letter : EXCHANGES[exchange]) {
    if (!skipParameter(letter, reader)) return false;
  }
  return skip(reader, 3);  // percent, input index, output index
}

}  // namespace

bool skipRoutePlan(ByteReader& reader) noexcept {
  std::uint32_t steps = 0;
  if (!reader.read(steps) || steps == 0 || steps > MAX_STEPS) return false;
  for (std::uint32_t i = 0; i < steps; ++i) {
    if (!skipStep(reader)) return false;
  }
  return true;
}

}  // namespace waas::solana::jupiter
