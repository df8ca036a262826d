#pragma once
// The handlers of the route table. Each answers one call; what it throws is answered as a failure.
#include "../route-table.h"

namespace waas::gateway {

// probes.c++
kj::Promise<Response> healthz(Call& call);
kj::Promise<Response> readyz(Call& call);
kj::Promise<Response> metrics(Call& call);
kj::Promise<Response> openapi(Call& call);

// auth.c++
kj::Promise<Response> signUp(Call& call);
kj::Promise<Response> signIn(Call& call);
kj::Promise<Response> signOut(Call& call);
kj::Promise<Response> refresh(Call& call);

// wallet.c++
kj::Promise<Response> generateWallet(Call& call);
kj::Promise<Response> listWallets(Call& call);

// signing.c++
kj::Promise<Response> signTransaction(Call& call);
kj::Promise<Response> signMessage(Call& call);

// shares.c++
kj::Promise<Response> sharesHealth(Call& call);
kj::Promise<Response> shareStatus(Call& call);
kj::Promise<Response> rotateShares(Call& call);
kj::Promise<Response> recoverShares(Call& call);

// cron.c++
kj::Promise<Response> cronRotateShares(Call& call);

// transit.c++: HashiCorp Vault's API
kj::Promise<Response> vaultHealth(Call& call);
kj::Promise<Response> vaultKey(Call& call);
kj::Promise<Response> vaultSign(Call& call);

}  // namespace waas::gateway
