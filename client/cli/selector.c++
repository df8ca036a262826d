#include "selector.h"

#include "text-forms.h"

namespace waas::cli {

client::Selector parseSelector(const std::string& text) {
  if (text.empty()) return client::Selector::first();
  if (auto id = parseId(text)) return client::Selector::byId(*id);
  if (auto key = parseAddress(text)) return client::Selector::byPublicKey(*key);
  return client::Selector::byName(kj::StringPtr(text.c_str(), text.size()));
}

bool names(const client::Selector& selector, const client::Wallet& wallet) {
  auto is = [&](kj::ArrayPtr<const kj::byte> value) { return selector.value.asPtr() == value; };
  switch (selector.kind) {
    case client::Selector::Kind::FIRST: return wallet.first;
    case client::Selector::Kind::ID: return is(kj::arrayPtr(wallet.walletId.data(), wallet.walletId.size()));
    case client::Selector::Kind::NAME: return is(wallet.name.asBytes());
    case client::Selector::Kind::PUBLIC_KEY: return is(kj::arrayPtr(wallet.publicKey.data(), wallet.publicKey.size()));
  }
  return false;
}

}  // namespace waas::cli
