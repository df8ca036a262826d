#pragma once
// The shapes that bytes take when somebody prints, swaps or recodes them.
#include <cstdint>
#include <string>
#include <vector>

namespace waas::memscan {

using Bytes = std::vector<uint8_t>;

Bytes reversed(Bytes bytes);
// Each group of `width` bytes reversed; a rest stays.
Bytes swapped(Bytes bytes, size_t width);
Bytes ofText(const std::string& text);
Bytes slice(const Bytes& bytes, size_t offset, size_t size);

// Every byte by a printf format, with a separator: hexadecimal and decimal lists.
std::string listed(const Bytes& bytes, const char* format, const char* separator);
std::string base58(Bytes bytes);
// What `bytes` look like in a longer base64 text in which they begin `shift` (0..2) bytes into a group: only those
// characters that depend on nothing else.
enum class Alphabet { STANDARD, URL };
std::string base64At(const Bytes& bytes, size_t shift, Alphabet alphabet);

// "00ff" to bytes; false when it is no hexadecimal text.
bool fromHex(const std::string& text, Bytes& out);

}  // namespace waas::memscan
