// A wallet's key on its way in and out, and a wallet's end.
#include "wallets.h"

namespace waas::client {
namespace {

// Field lists of the proofs refer to these.
constexpr uint8_t KINDS[] = {0, 1, 2, 3};

Bytes kindOf(const Selector& selector) { return Bytes(&KINDS[static_cast<size_t>(selector.kind)], 1); }
Bytes valueOf(const Selector& selector) { return Bytes(selector.value.begin(), selector.value.size()); }

}  // namespace

kj::Promise<Wallet> Session::importKey(kj::StringPtr name, const KeyPair& keyPair) {
  auto box = sealImportBox(keyPair, owner, name, context.now(), context.vault.sealing);
  auto request = remote.importWalletRequest();
  request.setName(name);
  request.setBox(box);
  Bytes fields[] = {asBytes(name.begin(), name.size()), Bytes(box.begin(), box.size())};
  KJ_IF_MAYBE (proof, prove(Call::IMPORT_WALLET, fields)) writeProof(request.initProof(), *proof);
  return context.within<Wallet>(request.send().then([this](auto response) {
    auto created = okOf(response.getWallet());
    context.heads.note(created.getHead());
    return verifiedWallet(created.getWallet(), context.vault.answers, owner);
  }));
}

kj::Promise<Wallet> Session::exportKey(Selector wallet, KeyPair& keyPair) {
  auto key = kj::heap<BoxKey>();
  auto request = remote.exportWalletRequest();
  wallet.write(request.initWallet());
  request.setClientKey(kj::arrayPtr(key->publicKey().data(), key->publicKey().size()));
  Bytes fields[] = {kindOf(wallet), valueOf(wallet), key->publicKey()};
  KJ_IF_MAYBE (proof, prove(Call::EXPORT_WALLET, fields)) writeProof(request.initProof(), *proof);
  return context.within<Wallet>(request.send().then([this, key = kj::mv(key), &keyPair](auto response) {
    auto exported = okOf(response.getExported());
    context.heads.note(exported.getHead());
    auto verified = verifiedWallet(exported.getWallet(), context.vault.answers, owner);
    key->openExport(exported.getBox(), verified, keyPair);
    return verified;
  }));
}

kj::Promise<void> Session::remove(Selector wallet) {
  auto request = remote.deleteWalletRequest();
  wallet.write(request.initWallet());
  Bytes fields[] = {kindOf(wallet), valueOf(wallet)};
  KJ_IF_MAYBE (proof, prove(Call::DELETE_WALLET, fields)) writeProof(request.initProof(), *proof);
  return context.within<void>(request.send().then([](auto response) { okOf(response.getDeleted()); }));
}

}  // namespace waas::client
