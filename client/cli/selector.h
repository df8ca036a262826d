#pragma once
// How a wallet is named on the command line.
#include <string>

#include "client/lib/wallet.h"

namespace waas::cli {

// "" is the first wallet; 32 hex digits an id; base58 of 32 bytes a public key; anything else a name. A wallet whose
// name looks like an id or an address is reached by its id.
client::Selector parseSelector(const std::string& text);

// Whether the selector names this wallet.
bool names(const client::Selector& selector, const client::Wallet& wallet);

}  // namespace waas::cli
