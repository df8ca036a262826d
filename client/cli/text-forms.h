#pragma once
// How bytes, times and names are written for people and programs: hex, base64, base58, UTC.
#include <kj/array.h>
#include <kj/string.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/bytes.h"

namespace waas::cli {

// Lower-case hex; how ids are written.
std::string hex(Bytes bytes);
std::optional<Id> parseId(std::string_view text);

std::string base64(Bytes bytes);

// Reads standard base64 with padding, blanks and line ends between allowed. Null when the text is anything else.
std::optional<std::vector<uint8_t>> parseBase64(std::string_view text);

// How addresses and signatures are written.
std::string base58(const PublicKey& key);
std::string base58(const Signature& signature);
std::optional<PublicKey> parseAddress(std::string_view text);

// "2026-01-31T12:00:00Z"; empty for 0.
std::string utc(uint64_t unixMs);

// The time now, Unix milliseconds.
uint64_t nowUnixMs();

inline Bytes bytesOf(kj::ArrayPtr<const kj::byte> bytes) { return Bytes(bytes.begin(), bytes.size()); }
inline std::string textOf(kj::StringPtr text) { return std::string(text.begin(), text.size()); }

}  // namespace waas::cli
