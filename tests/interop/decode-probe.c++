// Decodes what it reads, for comparison with other decoders: each line of standard input is a transaction (or, with the
// argument `offchain`, an off-chain message) in base64; each line of output is `accept {json}` or `refuse reason`.
#include <sodium.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "solana/message-writer.h"
#include "solana/offchain-message.h"
#include "solana/payload-kind.h"
#include "solana/transaction.h"

namespace waas::solana {
namespace {

using nlohmann::json;

std::string hex(Bytes bytes) {
  std::string out(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), bytes.data(), bytes.size());
  out.pop_back();
  return out;
}

json numbers(Bytes bytes) {
  json list = json::array();
  for (std::uint8_t byte : bytes) list.push_back(byte);
  return list;
}

std::string text(AddressView address) { return std::string(format(address).view()); }

json describeConfig(const Config& config) {
  json out = json::object();
  if (config.priorityFeeLamports) out["priorityFeeLamports"] = std::to_string(*config.priorityFeeLamports);
  if (config.computeUnitLimit) out["computeUnitLimit"] = std::to_string(*config.computeUnitLimit);
  if (config.loadedAccountsDataSizeLimit) {
    out["loadedAccountsDataSizeLimit"] = std::to_string(*config.loadedAccountsDataSizeLimit);
  }
  if (config.heapSize) out["heapSize"] = std::to_string(*config.heapSize);
  return out;
}

json describeTransaction(const Transaction& transaction) {
  const Message& message = transaction.message();
  json out;
  out["version"] =
      message.version() == Version::LEGACY ? json("legacy") : json(message.version() == Version::V0 ? 0 : 1);
  out["header"] = {message.header().requiredSignatures, message.header().readonlySigned,
                   message.header().readonlyUnsigned};
  out["keys"] = json::array();
  for (std::size_t i = 0; i < message.staticKeyCount(); ++i) out["keys"].push_back(text(message.staticKey(i)));
  out["lifetime"] = text(message.lifetime());
  out["instructions"] = json::array();
  for (const Instruction& instruction : message.instructions()) {
    out["instructions"].push_back({instruction.program, numbers(instruction.accounts), hex(instruction.data)});
  }
  out["lookups"] = json::array();
  for (const LookupTable& lookup : message.lookupTables()) {
    out["lookups"].push_back({text(lookup.address()), numbers(lookup.writable), numbers(lookup.readonly)});
  }
  out["config"] = describeConfig(message.config());
  out["signatures"] = json::array();
  for (std::size_t i = 0; i < transaction.signatureCount(); ++i) {
    out["signatures"].push_back(hex(transaction.signature(i)));
  }
  out["message"] = hex(transaction.messageBytes());
  return out;
}

void probeTransaction(Bytes bytes) {
  auto transaction = decodeTransaction(bytes);
  if (!transaction) {
    std::cout << "refuse " << describe(transaction.malformed()) << "\n";
    return;
  }
  std::vector<std::uint8_t> again(MAX_V1_TRANSACTION_SIZE);
  auto size = writeMessage(transaction->message(), again);
  bool canonical = size && hex(Bytes(again).first(*size)) == hex(transaction->messageBytes());
  bool oneKind = classify(bytes) == PayloadKind::TRANSACTION;
  std::cout << (canonical && oneKind ? "accept " : "broken ") << describeTransaction(*transaction).dump() << "\n";
}

void probeOffchain(Bytes bytes) {
  auto message = decodeOffchainMessage(bytes);
  if (!message) {
    std::cout << "refuse " << describe(message.malformed()) << "\n";
    return;
  }
  json out{{"version", message->version()}, {"text", message->text()}, {"signers", json::array()}};
  for (std::size_t i = 0; i < message->signerCount(); ++i) out["signers"].push_back(text(message->signer(i)));
  if (message->version() == 0) {
    out["domain"] = text(message->applicationDomain());
    out["format"] = static_cast<int>(message->format());
  }
  std::cout << (classify(bytes) == PayloadKind::OFFCHAIN_MESSAGE ? "accept " : "broken ") << out.dump() << "\n";
}

int run(bool offchain) {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::vector<std::uint8_t> bytes(line.size());
    std::size_t size = 0;
    if (sodium_base642bin(bytes.data(), bytes.size(), line.data(), line.size(), nullptr, &size, nullptr,
                          sodium_base64_VARIANT_ORIGINAL) != 0) {
      std::cerr << "not base64\n";
      return 2;
    }
    bytes.resize(size);
    offchain ? probeOffchain(bytes) : probeTransaction(bytes);
  }
  return 0;
}

}  // namespace
}  // namespace waas::solana

int main(int argc, char** argv) { return waas::solana::run(argc > 1 && std::string(argv[1]) == "offchain"); }
