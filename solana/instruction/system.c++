#include "solana/instruction/system.h"

#include "solana/byte-cursor.h"

namespace waas::solana::system {
namespace {

constexpr std::uint32_t TRANSFER = 2;

}  // namespace

InstructionCall transfer(const Address& from, const Address& to, std::uint64_t lamports) {
  std::vector<std::uint8_t> data(sizeof(std::uint32_t) + sizeof(std::uint64_t));
  ByteWriter writer(data);
  writer.put(TRANSFER);
  writer.put(lamports);
  return {PROGRAM, {{from, Access::WRITABLE_SIGNER}, {to, Access::WRITABLE}}, std::move(data)};
}

}  // namespace waas::solana::system
