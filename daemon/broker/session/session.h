#pragma once
// Session: what a wallet owner can do. The same for a local service and, with proofs, for a person (user-session.h).
#include <protocol/proof.h>

#include "owner.h"

namespace waas::broker {

class SessionServer : public virtual protocol::Session::Server {
 public:
  explicit SessionServer(kj::Own<Owner> owner) : owner(kj::mv(owner)) {}

  kj::Promise<void> wallets(WalletsContext context) override;
  kj::Promise<void> createWallet(CreateWalletContext context) override;
  kj::Promise<void> sign(SignContext context) override;
  kj::Promise<void> shareStatus(ShareStatusContext context) override;

  // In wallet-life.c++.
  kj::Promise<void> rotate(RotateContext context) override;
  kj::Promise<void> importWallet(ImportWalletContext context) override;
  kj::Promise<void> exportWallet(ExportWalletContext context) override;
  kj::Promise<void> deleteWallet(DeleteWalletContext context) override;

 protected:
  // Has the vault check a person's proof of a call that uses no key; nothing to do for a service.
  kj::Promise<void> authorize(Call call, protocol::Proof::Reader proof);

  kj::Promise<kj::Array<WalletRow>> readPage(const Page& page);

  kj::Own<Owner> owner;
};

}  // namespace waas::broker
