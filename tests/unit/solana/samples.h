#pragma once
// Inputs for the tests of solana/: vectors from the libraries, and messages in parts that a test can spoil.

#include <sodium.h>

#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "solana/message-writer.h"
#include "solana/transaction.h"

namespace waas::solana::test {

using Buffer = std::vector<std::uint8_t>;

inline Bytes bytesOf(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline Buffer fromHex(const std::string& hex) {
  Buffer out(hex.size() / 2);
  std::size_t size = 0;
  if (sodium_hex2bin(out.data(), out.size(), hex.data(), hex.size(), nullptr, &size, nullptr) != 0) {
    throw std::invalid_argument("hex");
  }
  return out;
}

inline Buffer fromBase64(const std::string& text) {
  Buffer out(text.size());
  std::size_t size = 0;
  if (sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size, nullptr,
                        sodium_base64_VARIANT_ORIGINAL) != 0) {
    throw std::invalid_argument("base64");
  }
  out.resize(size);
  return out;
}

inline std::string toHex(Bytes bytes) {
  std::string out(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), bytes.data(), bytes.size());
  out.pop_back();
  return out;
}

/// The vectors of tests/vectors/solana/<name>.json.
inline nlohmann::json vectors(const std::string& name) {
  std::ifstream file(std::string(WAAS_SOLANA_VECTORS) + "/" + name + ".json");
  return nlohmann::json::parse(file).at("vectors");
}

inline std::vector<Buffer> transactionVectors() {
  std::vector<Buffer> out;
  for (const auto& vector : vectors("transactions")) out.push_back(fromBase64(vector.at("transaction")));
  return out;
}

inline Address addressOf(std::uint8_t fill) {
  Address address;
  address.bytes.fill(fill);
  return address;
}

/// A sound message in parts, which own what they refer to. A test changes one thing and writes it.
struct Sample {
  Version version;
  Header header{1, 0, 1};
  std::vector<Address> keys{addressOf(1), addressOf(2), addressOf(3)};
  Address lifetime = addressOf(9);
  Buffer accounts{0, 1};
  Buffer data{1, 2, 3, 4};
  std::vector<Instruction> instructions{{2, accounts, data}};
  Address table = addressOf(7);
  Buffer writable{0, 5};
  Buffer readonly{1};
  std::vector<LookupTable> lookups;
  Config config;

  explicit Sample(Version version) : version(version) {
    if (version == Version::V0) lookups = {{table.bytes, writable, readonly}};
  }
  Sample(const Sample&) = delete;
  Sample& operator=(const Sample&) = delete;

  Buffer write() const {
    MessageParts parts{version, header, keys, lifetime, instructions, lookups, config};
    Buffer out(100000);
    auto size = writeMessage(parts, out);
    if (!size) throw std::length_error("sample");
    out.resize(*size);
    return out;
  }
  Malformed refusal() const { return decodeMessage(write()).malformed(); }
};

}  // namespace waas::solana::test
