#pragma once
// Reading the vectors of tests/vectors: lines of words, '#' begins a comment, '-' is an empty byte string.
#include <sodium.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "protocol/bytes.h"

namespace waas::vault {

using Octets = std::vector<uint8_t>;

inline Octets fromHex(const std::string& text) {
  if (text == "-") return {};
  Octets out(text.size() / 2);
  size_t size = 0;
  if (sodium_hex2bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size, nullptr) != 0) abort();
  if (size != out.size()) abort();
  return out;
}

inline std::vector<std::vector<std::string>> vectorLines(const std::string& name) {
  std::ifstream file(std::string(WAAS_VECTORS) + "/" + name);
  if (!file) abort();
  std::vector<std::vector<std::string>> lines;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::vector<std::string> parts;
    for (std::string word; words >> word;) parts.push_back(word);
    lines.push_back(parts);
  }
  return lines;
}

// The vectors that are names with one value each.
inline std::map<std::string, Octets> namedVectors(const std::string& name) {
  std::map<std::string, Octets> all;
  for (const auto& parts : vectorLines(name)) all[parts.at(0)] = fromHex(parts.at(1));
  return all;
}

template <size_t N>
std::array<uint8_t, N> toArray(const Octets& bytes) {
  std::array<uint8_t, N> out{};
  if (bytes.size() != N) abort();
  memcpy(out.data(), bytes.data(), N);
  return out;
}

}  // namespace waas::vault
