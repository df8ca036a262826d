#include "answers.h"

#include <kj/time.h>
#include <sodium.h>

#include "solana/address.h"

namespace waas::gateway {
namespace {

constexpr uint64_t DAY_MS = 86'400'000;

std::optional<Id> parseId(std::string_view text) {
  Id id;
  size_t size = 0;
  if (text.size() != 2 * id.size() ||
      sodium_hex2bin(id.data(), id.size(), text.data(), text.size(), nullptr, &size, nullptr) != 0 ||
      size != id.size()) {
    return std::nullopt;
  }
  return id;
}

std::string base58(const PublicKey& key) { return std::string(solana::format(solana::AddressView(key)).view()); }

const char* nameOf(client::ShareStatus::State state) {
  using State = client::ShareStatus::State;
  switch (state) {
    case State::PRESENT: return "present";
    case State::MISSING: return "missing";
    case State::UNREACHABLE: return "unreachable";
    case State::DAMAGED: return "damaged";
    default: return "unknown";
  }
}

}  // namespace

Response answer(const Json& body, unsigned status) {
  Response response;
  response.status = status;
  response.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  return response;
}

void refuse(ErrorCode code, const char* detail) {
  kj::throwFatalException(client::makeFailure(code, detail));
  KJ_UNREACHABLE;
}

Json walletJson(const client::Wallet& wallet) {
  return {{"walletId", hex(wallet.walletId)},
          {"publicKey", base58(wallet.publicKey)},
          {"name", wallet.name.cStr()},
          {"first", wallet.first},
          {"createdAt", timeText(wallet.createdAt)}};
}

Json shareJson(const client::ShareStatus& status, uint64_t nowMs) {
  Json shares = Json::array(), missing = Json::array();
  for (int i = 0; i < 3; i++) {
    auto state = status.shares[i];
    shares.push_back(nameOf(state));
    if (state == client::ShareStatus::State::MISSING || state == client::ShareStatus::State::DAMAGED) {
      missing.push_back(i + 1);
    }
  }
  uint64_t left = status.expiresAt > nowMs ? (status.expiresAt - nowMs) / DAY_MS : 0;
  return {{"walletId", hex(status.walletId)},
          {"publicKey", base58(status.publicKey)},
          {"name", status.name.cStr()},
          {"epoch", std::to_string(status.epoch)},
          {"expiresAt", timeText(status.expiresAt)},
          {"daysUntilExpiry", left},
          {"shares", shares},
          {"missingShares", missing},
          {"needsRotation", status.needsRotation}};
}

client::Selector selectorOf(const std::optional<std::string>& text) {
  if (!text) return client::Selector::first();
  if (auto id = parseId(*text)) return client::Selector::byId(*id);
  if (auto address = solana::parseAddress(*text)) return client::Selector::byPublicKey(address->bytes);
  if (text->empty()) refuse(ErrorCode::INVALID_REQUEST, "wallet is empty");
  return client::Selector::byName(kj::StringPtr(text->c_str(), text->size()));
}

bool isNamed(const client::Wallet& wallet, std::string_view text) {
  return hex(wallet.walletId) == text || base58(wallet.publicKey) == text ||
         std::string_view(wallet.name.begin(), wallet.name.size()) == text;
}

uint64_t nowUnixMs() {
  return static_cast<uint64_t>((kj::systemPreciseCalendarClock().now() - kj::UNIX_EPOCH) / kj::MILLISECONDS);
}

}  // namespace waas::gateway
