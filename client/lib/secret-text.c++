#include "secret-text.h"

#include <kj/debug.h>

#include <cstring>
#include <utility>

namespace waas::client {

SecretText::~SecretText() {
  if (memory != nullptr) sodium_free(memory);
}

SecretText::SecretText(SecretText&& other) noexcept
    : memory(std::exchange(other.memory, nullptr)), used(std::exchange(other.used, 0)) {}

SecretText& SecretText::operator=(SecretText&& other) noexcept {
  std::swap(memory, other.memory);
  std::swap(used, other.used);
  return *this;
}

bool SecretText::append(kj::ArrayPtr<const char> text) {
  if (text.size() > MAX_SECRET_TEXT_BYTES - used) return false;
  if (memory == nullptr) {
    // Idempotent; sodium_malloc ends the process without it, and nobody need have made a Client yet.
    KJ_REQUIRE(sodium_init() >= 0, "no randomness");
    memory = static_cast<char*>(sodium_malloc(MAX_SECRET_TEXT_BYTES));
    KJ_REQUIRE(memory != nullptr, "no memory for a secret");
  }
  if (text.size() > 0) memcpy(memory + used, text.begin(), text.size());
  used += text.size();
  return true;
}

void SecretText::truncate(size_t length) {
  if (length >= used) return;
  sodium_memzero(memory + length, used - length);
  used = length;
}

}  // namespace waas::client
