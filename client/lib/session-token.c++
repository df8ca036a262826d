#include "session-token.h"

#include <kj/debug.h>

#include <algorithm>
#include <string_view>

namespace waas::client {
namespace {

constexpr int VARIANT = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
constexpr size_t KEY_TEXT_BYTES = 43;  // of 32 bytes

bool isJwt(std::string_view text) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  return text.size() <= MAX_TOKEN_BYTES && std::count(text.begin(), text.end(), '.') == 2 &&
         std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace

kj::Maybe<kj::Own<SessionToken>> SessionToken::make(kj::StringPtr jwt, const Secret<32>& key) {
  std::string_view text(jwt.begin(), jwt.size());
  if (!isJwt(text)) return nullptr;
  auto id = waas::tokenId(text);
  if (!id) return nullptr;
  auto token = kj::heap<SessionToken>(jwt, *id);
  auto from = key.reveal(SecretAccess::here());
  std::copy(from.begin(), from.end(), token->sessionKey.fill(SecretAccess::here()).begin());
  return kj::mv(token);
}

kj::Maybe<kj::Own<SessionToken>> SessionToken::parse(kj::ArrayPtr<const char> text) {
  if (text.size() <= KEY_TEXT_BYTES + 1) return nullptr;
  size_t end = text.size() - KEY_TEXT_BYTES - 1;
  if (text[end] != '.') return nullptr;
  Secret<32> key;
  size_t size = 0;
  auto into = key.fill(SecretAccess::here());
  if (sodium_base642bin(into.data(), into.size(), text.begin() + end + 1, KEY_TEXT_BYTES, nullptr, &size, nullptr,
                        VARIANT) != 0 ||
      size != into.size()) {
    return nullptr;
  }
  return make(kj::heapString(text.slice(0, end)), key);
}

SecretText SessionToken::text() const {
  Secret<KEY_TEXT_BYTES + 1> encoded;
  auto key = sessionKey.reveal(SecretAccess::here());
  char* out = reinterpret_cast<char*>(encoded.fill(SecretAccess::here()).data());
  sodium_bin2base64(out, KEY_TEXT_BYTES + 1, key.data(), key.size(), VARIANT);
  SecretText text;
  bool fits = text.append(token) && text.append(kj::arrayPtr(".", 1)) && text.append(kj::arrayPtr(out, KEY_TEXT_BYTES));
  KJ_ASSERT(fits, "a session token is longer than its limit");
  return text;
}

Proof SessionToken::prove(Call call, uint64_t time, kj::ArrayPtr<const Bytes> fields) const {
  ProofBuilder builder(sessionKey.reveal(SecretAccess::here()), id, time, call);
  for (Bytes field : fields) builder.field(field);
  return {time, builder.finish()};
}

}  // namespace waas::client
