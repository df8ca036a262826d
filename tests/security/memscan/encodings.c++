#include "encodings.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace waas::memscan {

Bytes reversed(Bytes bytes) {
  std::reverse(bytes.begin(), bytes.end());
  return bytes;
}

Bytes swapped(Bytes bytes, size_t width) {
  for (size_t i = 0; i + width <= bytes.size(); i += width) {
    std::reverse(bytes.begin() + static_cast<long>(i), bytes.begin() + static_cast<long>(i + width));
  }
  return bytes;
}

Bytes ofText(const std::string& text) { return Bytes(text.begin(), text.end()); }

Bytes slice(const Bytes& bytes, size_t offset, size_t size) {
  auto begin = bytes.begin() + static_cast<long>(offset);
  return Bytes(begin, begin + static_cast<long>(size));
}

std::string listed(const Bytes& bytes, const char* format, const char* separator) {
  std::string text;
  char one[8];
  for (size_t i = 0; i < bytes.size(); i++) {
    if (i != 0) text += separator;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(one, sizeof one, format, bytes[i]);
#pragma GCC diagnostic pop
    text += one;
  }
  return text;
}

std::string base58(Bytes bytes) {
  static const char* ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  std::string text;
  size_t zeros = 0;
  while (zeros < bytes.size() && bytes[zeros] == 0) zeros++;
  for (size_t start = zeros; start < bytes.size();) {
    int rest = 0;
    for (size_t i = start; i < bytes.size(); i++) {
      int value = rest * 256 + bytes[i];
      bytes[i] = static_cast<uint8_t>(value / 58);
      rest = value % 58;
    }
    text += ALPHABET[rest];
    while (start < bytes.size() && bytes[start] == 0) start++;
  }
  text.append(zeros, '1');
  std::reverse(text.begin(), text.end());
  return text;
}

std::string base64At(const Bytes& bytes, size_t shift, Alphabet alphabet) {
  std::string characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  characters += alphabet == Alphabet::URL ? "-_" : "+/";
  size_t firstBit = shift * 8, bits = firstBit + bytes.size() * 8;
  std::string text;
  for (size_t c = (firstBit + 5) / 6; (c + 1) * 6 <= bits; c++) {
    unsigned value = 0;
    for (size_t k = 0; k < 6; k++) {
      size_t bit = c * 6 + k - firstBit;
      value = value * 2 + ((bytes[bit / 8] >> (7 - bit % 8)) & 1u);
    }
    text += characters[value];
  }
  return text;
}

bool fromHex(const std::string& text, Bytes& out) {
  out.clear();
  if (text.size() % 2 != 0) return false;
  for (size_t i = 0; i < text.size(); i += 2) {
    char pair[3] = {text[i], text[i + 1], 0};
    char* end = nullptr;
    out.push_back(static_cast<uint8_t>(strtoul(pair, &end, 16)));
    if (*end != 0) return false;
  }
  return true;
}

}  // namespace waas::memscan
