#pragma once
// Text that must not be left behind in memory: a password, a session token with its key.
#include <kj/array.h>
#include <kj/common.h>

#include "secret/secret.h"

namespace waas::client {

// The longest text that is accepted: a password or a session token that is longer is refused, not cut.
constexpr size_t MAX_SECRET_TEXT_BYTES = 4096;

// Bytes of text in memory of their own (sodium_malloc: locked, between guard pages, wiped when freed).
//
// A resource that moves and doesn't copy. Has no `operator==`, no conversion to a string and no formatter. Whoever
// reads it must say so with a SecretAccess (secret/secret.h), and must not copy it anywhere that is not wiped.
class SecretText {
 public:
  SecretText() = default;
  ~SecretText();
  SecretText(SecretText&& other) noexcept;
  SecretText& operator=(SecretText&& other) noexcept;
  KJ_DISALLOW_COPY(SecretText);

  // Appends. False when the text would become longer than MAX_SECRET_TEXT_BYTES; nothing is appended then.
  [[nodiscard]] bool append(kj::ArrayPtr<const char> text);

  // Shortens the text to its first `length` bytes and wipes the rest.
  void truncate(size_t length);

  size_t size() const { return used; }

  // The text; valid until it is changed.
  kj::ArrayPtr<const char> reveal(SecretAccess) const { return kj::arrayPtr(memory, used); }

 private:
  char* memory = nullptr;  // MAX_SECRET_TEXT_BYTES of them, or null while empty
  size_t used = 0;
};

}  // namespace waas::client
