#include "service-owner.h"

#include <sodium.h>

#include <algorithm>
#include <string>

namespace waas {

bool isServiceName(std::string_view name) {
  auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), allowed);
}

OwnerId serviceOwner(std::string_view name) {
  std::string text = "waas service " + std::string(name);
  Hash hash;
  crypto_hash_sha256(hash.data(), reinterpret_cast<const uint8_t*>(text.data()), text.size());
  OwnerId owner{OwnerId::Kind::SERVICE, {}};
  std::copy_n(hash.begin(), owner.id.size(), owner.id.begin());
  return owner;
}

}  // namespace waas
