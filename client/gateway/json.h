#pragma once
// JSON at the border: what comes in is read strictly, what goes out is written by nlohmann-json.
#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/lib/secret-text.h"

namespace waas::gateway {

using Json = nlohmann::ordered_json;

// The object that a body holds, whose fields are taken out one by one.
//
// Refused, by an exception with `invalidRequest`: what is no JSON object, anything after it, a name that comes twice at
// any depth, a number that is no integer of 64 bits, a zero byte in a text, more than limits::JSON_DEPTH levels or
// limits::JSON_VALUES values, a field of another type or length than asked for, and, by `finish`, a field that nobody
// asked for. An empty body is an object without fields.
class JsonBody {
 public:
  explicit JsonBody(std::string_view text);

  std::optional<std::string> text(const char* name, size_t maxBytes);
  std::string requireText(const char* name, size_t maxBytes);
  std::optional<bool> flag(const char* name);
  std::optional<uint64_t> number(const char* name, uint64_t max);

  // A text that is wiped when it ends.
  client::SecretText requireSecret(const char* name, size_t maxBytes);

  // The items of an array of objects. Each is finished by the caller.
  std::optional<std::vector<JsonBody>> objects(const char* name, size_t maxItems);

  void finish() const;

 private:
  JsonBody() = default;
  Json take(const char* name);

  Json object;
};

// Standard base64 with padding, in its one form, nothing else. Null when the text is anything else.
std::optional<std::vector<uint8_t>> parseBase64(std::string_view text);
std::string base64(std::span<const uint8_t> bytes);
std::string hex(std::span<const uint8_t> bytes);

// "2026-01-31T12:00:00.000Z" of Unix milliseconds; null for 0.
Json timeText(uint64_t unixMs);

}  // namespace waas::gateway
