#pragma once
// How wallets, shares and names of wallets are written in bodies and paths.
#include "../json.h"
#include "../route-table.h"
#include "client/lib/wallets.h"

namespace waas::gateway {

Response answer(const Json& body, unsigned status = 200);

[[noreturn]] void refuse(ErrorCode code, const char* detail = "");

Json walletJson(const client::Wallet& wallet);
Json shareJson(const client::ShareStatus& status, uint64_t nowMs);

// A wallet by its id (32 hex characters), its address (base58) or its name; without one, the first.
client::Selector selectorOf(const std::optional<std::string>& text);

// Whether a wallet is meant by that text.
bool isNamed(const client::Wallet& wallet, std::string_view text);

// The body, which may have a `wallet`.
constexpr size_t MAX_WALLET_TEXT = 64;

uint64_t nowUnixMs();

}  // namespace waas::gateway
