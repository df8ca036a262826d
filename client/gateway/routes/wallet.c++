// Wallets: making and listing them.
#include <sodium.h>

#include "answers.h"
#include "routes.h"

namespace waas::gateway {

kj::Promise<Response> generateWallet(Call& call) {
  JsonBody body(call.request.bodyText());
  auto name = body.text("name", MAX_WALLET_TEXT);
  body.finish();
  if (!name) {
    // One that nobody has: a repetition with an Idempotency-Key finds its answer by the key, not by the name.
    uint8_t random[6];
    randombytes_buf(random, sizeof random);
    name = "wallet-" + hex(random);
  }
  return call.person->wallets().create(kj::StringPtr(name->c_str(), name->size())).then([](client::Wallet wallet) {
    return answer(walletJson(wallet), 201);
  });
}

kj::Promise<Response> listWallets(Call& call) {
  return call.person->wallets().list().then([](kj::Array<client::Wallet> wallets) {
    Json list = Json::array();
    for (auto& wallet : wallets) list.push_back(walletJson(wallet));
    return answer({{"wallets", list}});
  });
}

}  // namespace waas::gateway
