#include "solana/message-writer.h"

#include "solana/compact-u16.h"

namespace waas::solana {
namespace {

/// What both sources of a message have in common, so that one function writes them.
struct Head {
  Version version;
  Header header;
  std::size_t keys;
  AddressView lifetime;
  const Config& config;
};

std::uint32_t maskOf(const Config& config) noexcept {
  return (config.priorityFeeLamports ? 0b11u : 0u) | (config.computeUnitLimit ? 0b100u : 0u) |
         (config.loadedAccountsDataSizeLimit ? 0b1000u : 0u) | (config.heapSize ? 0b10000u : 0u);
}

bool putCount(ByteWriter& writer, std::size_t count) noexcept {
  if (count > 0xffff) return false;
  putCompactU16(writer, static_cast<std::uint16_t>(count));
  return true;
}

bool putCounted(ByteWriter& writer, Bytes bytes) noexcept {
  if (!putCount(writer, bytes.size())) return false;
  writer.put(bytes);
  return true;
}

void putHeader(ByteWriter& writer, const Header& header) noexcept {
  writer.put(header.requiredSignatures);
  writer.put(header.readonlySigned);
  writer.put(header.readonlyUnsigned);
}

template <typename KeyAt, typename InstructionRange, typename LookupRange>
bool writeCompact(ByteWriter& writer, const Head& head, KeyAt keyAt, const InstructionRange& instructions,
                  const LookupRange& lookups) noexcept {
  if (head.version == Version::V0) writer.put(std::uint8_t{0x80});
  putHeader(writer, head.header);
  bool good = putCount(writer, head.keys);
  for (std::size_t i = 0; i < head.keys; ++i) writer.put(Bytes(keyAt(i)));
  writer.put(Bytes(head.lifetime));
  good = good && putCount(writer, instructions.size());
  for (const Instruction& instruction : instructions) {
    writer.put(instruction.program);
    good = good && putCounted(writer, instruction.accounts) && putCounted(writer, instruction.data);
  }
  if (head.version == Version::LEGACY) return good;
  good = good && putCount(writer, lookups.size());
  for (const LookupTable& lookup : lookups) {
    writer.put(lookup.table);
    good = good && putCounted(writer, lookup.writable) && putCounted(writer, lookup.readonly);
  }
  return good;
}

void putConfig(ByteWriter& writer, const Config& config) noexcept {
  if (config.priorityFeeLamports) writer.put(*config.priorityFeeLamports);
  if (config.computeUnitLimit) writer.put(*config.computeUnitLimit);
  if (config.loadedAccountsDataSizeLimit) writer.put(*config.loadedAccountsDataSizeLimit);
  if (config.heapSize) writer.put(*config.heapSize);
}

template <typename KeyAt, typename InstructionRange>
bool writeV1(ByteWriter& writer, const Head& head, KeyAt keyAt, const InstructionRange& instructions) noexcept {
  if (instructions.size() > 0xff || head.keys > 0xff) return false;
  writer.put(std::uint8_t{0x81});
  putHeader(writer, head.header);
  writer.put(maskOf(head.config));
  writer.put(Bytes(head.lifetime));
  writer.put(static_cast<std::uint8_t>(instructions.size()));
  writer.put(static_cast<std::uint8_t>(head.keys));
  for (std::size_t i = 0; i < head.keys; ++i) writer.put(Bytes(keyAt(i)));
  putConfig(writer, head.config);
  for (const Instruction& instruction : instructions) {
    if (instruction.accounts.size() > 0xff || instruction.data.size() > 0xffff) return false;
    writer.put(instruction.program);
    writer.put(static_cast<std::uint8_t>(instruction.accounts.size()));
    writer.put(static_cast<std::uint16_t>(instruction.data.size()));
  }
  for (const Instruction& instruction : instructions) {
    writer.put(instruction.accounts);
    writer.put(instruction.data);
  }
  return true;
}

template <typename KeyAt, typename InstructionRange, typename LookupRange>
std::optional<std::size_t> write(std::span<std::uint8_t> out, const Head& head, KeyAt keyAt,
                                 const InstructionRange& instructions, const LookupRange& lookups) noexcept {
  ByteWriter writer(out);
  bool good = head.version == Version::V1 ? writeV1(writer, head, keyAt, instructions)
                                          : writeCompact(writer, head, keyAt, instructions, lookups);
  if (!good || !writer.fits()) return std::nullopt;
  return writer.size();
}

}  // namespace

std::optional<std::size_t> writeMessage(const MessageParts& parts, std::span<std::uint8_t> out) noexcept {
  Head head{parts.version, parts.header, parts.keys.size(), parts.lifetime, parts.config};
  auto keyAt = [&](std::size_t i) -> AddressView { return parts.keys[i]; };
  return write(out, head, keyAt, parts.instructions, parts.lookupTables);
}

std::optional<std::size_t> writeMessage(const Message& message, std::span<std::uint8_t> out) noexcept {
  Head head{message.version(), message.header(), message.staticKeyCount(), message.lifetime(), message.config()};
  auto keyAt = [&](std::size_t i) { return message.staticKey(i); };
  return write(out, head, keyAt, message.instructions(), message.lookupTables());
}

}  // namespace waas::solana
