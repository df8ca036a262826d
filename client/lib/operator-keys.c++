// The operator's view of key versions and of the recovery key's custody.
#include "operator.h"

namespace waas::client {
namespace {

Operator::Custody custodyOf(protocol::Operator::Custody::Reader from) {
  auto parts = kj::heapArrayBuilder<kj::Array<kj::byte>>(from.getParts().size());
  for (auto part : from.getParts()) parts.add(kj::heapArray<kj::byte>(part));
  return {from.getHeld(), from.getThreshold(), from.getGiven(), parts.finish(),
          kj::heapArray<kj::byte>(from.getKeyring())};
}

}  // namespace

kj::Promise<kj::Array<Operator::KeyUse>> Operator::keys() {
  return context.within<kj::Array<KeyUse>>(remote.keysRequest().send().then([](auto response) {
    auto list = okOf(response.getKeys());
    auto uses = kj::heapArrayBuilder<KeyUse>(list.size());
    for (auto use : list) {
      uses.add(KeyUse{kj::str(use.getPurpose()), use.getVersion(), use.getState(), use.getNewest(), use.getProtects(),
                      use.getCounted()});
    }
    return uses.finish();
  }));
}

kj::Promise<kj::Array<kj::byte>> Operator::change(kj::Function<void(protocol::Operator::KeyChange::Builder)> fill) {
  auto request = remote.changeKeysRequest();
  fill(request.initChange());
  return context.within<kj::Array<kj::byte>>(request.send().then([](auto response) {
    return kj::heapArray<kj::byte>(kj::ArrayPtr<const kj::byte>(okOf(response.getChanged())));
  }));
}

kj::Promise<kj::Array<kj::byte>> Operator::addKey(kj::StringPtr purpose) {
  return change([&](auto change) { change.setAdd(purpose); });
}

kj::Promise<kj::Array<kj::byte>> Operator::activateKey(kj::StringPtr purpose, uint32_t version) {
  return change([&](auto change) {
    auto name = change.initActivate();
    name.setPurpose(purpose);
    name.setVersion(version);
  });
}

kj::Promise<kj::Array<kj::byte>> Operator::installKeyring(kj::ArrayPtr<const kj::byte> wrapped) {
  return change([&](auto change) { change.setInstall(wrapped); });
}

kj::Promise<kj::Array<kj::byte>> Operator::retireKey(kj::StringPtr purpose, uint32_t version) {
  return change([&](auto change) {
    auto name = change.initRetire();
    name.setPurpose(purpose);
    name.setVersion(version);
  });
}

kj::Promise<Operator::Custody> Operator::custody(kj::Function<void(protocol::Operator::CustodyChange::Builder)> fill) {
  auto request = remote.custodyRequest();
  fill(request.initChange());
  return context.within<Custody>(
      request.send().then([](auto response) { return custodyOf(okOf(response.getCustody())); }));
}

kj::Promise<Operator::Custody> Operator::splitRecoveryKey(uint8_t threshold, kj::ArrayPtr<const PublicKey> custodians) {
  return custody([&](auto change) {
    auto split = change.initSplit();
    split.setThreshold(threshold);
    auto list = split.initRecipients(static_cast<uint>(custodians.size()));
    for (uint i = 0; i < custodians.size(); i++) {
      list.set(i, kj::arrayPtr(custodians[i].data(), custodians[i].size()));
    }
  });
}

kj::Promise<Operator::Custody> Operator::giveCustodyPart(const Secret<CUSTODY_PART_BYTES>& part) {
  auto box = sealPart(part, context.now(), context.vault.sealing);
  return custody([&](auto change) { change.setPart(box); });
}

kj::Promise<Operator::Custody> Operator::forgetRecoveryKey() {
  return custody([](auto change) { change.setForget(); });
}

}  // namespace waas::client
