// HashiCorp Vault's transit API, as its clients use it to sign: a drop-in for them.
//
// The input is bytes. What they are is found out here, and again by the vault, which decides on what it signs: a
// transaction's message is signed as a transaction, an off-chain message as one, anything else is refused.
#include <algorithm>
#include <ctime>

#include "../problem.h"
#include "answers.h"
#include "routes.h"
#include "solana/offchain-message.h"
#include "solana/payload-kind.h"
#include "solana/transaction.h"

namespace waas::gateway {
namespace {

constexpr size_t MAX_BATCH = limits::SIGN_ITEMS;

struct Input {
  client::SignItem item;
  std::vector<uint8_t> bytes;  // what the signature must be over
};

bool isKeyName(std::string_view name) {
  return !name.empty() && name.size() <= MAX_WALLET_TEXT && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

client::SignItem itemOf(client::Selector selector, std::span<const uint8_t> bytes) {
  switch (solana::classify(bytes)) {
    case solana::PayloadKind::MESSAGE: {
      uint8_t transaction[solana::MAX_V1_TRANSACTION_SIZE];
      auto size = solana::writeUnsignedTransaction(bytes, transaction);
      if (!size) refuse(ErrorCode::TRANSACTION_MALFORMED, "it is too long");
      return {kj::mv(selector), client::SignItem::Payload::TRANSACTION, kj::heapArray<kj::byte>(transaction, *size)};
    }
    case solana::PayloadKind::OFFCHAIN_MESSAGE: {
      auto decoded = solana::decodeOffchainMessage(bytes);
      auto text = decoded->text();
      return {kj::mv(selector), client::SignItem::Payload::MESSAGE,
              kj::heapArray<kj::byte>(reinterpret_cast<const kj::byte*>(text.data()), text.size())};
    }
    default:
      refuse(ErrorCode::DENIED_BY_POLICY, "the input is neither the message of a transaction nor an off-chain message");
  }
}

// Fields of Vault's that mean nothing for Ed25519; whoever asks for another signature than that is refused.
void readOptions(JsonBody& body) {
  if (body.flag("prehashed").value_or(false)) refuse(ErrorCode::INVALID_REQUEST, "prehashed input can't be signed");
  for (auto name : {"hash_algorithm", "signature_algorithm", "marshaling_algorithm", "salt_length"})
    body.text(name, 64);
  if (auto context = body.text("context", 1024); context && !context->empty()) {
    refuse(ErrorCode::INVALID_REQUEST, "keys are not derived, so there is no context");
  }
  body.number("key_version", 1);
}

kj::Promise<client::SignOutcome> signInput(Call& call, std::string_view wallet, const std::string& text) {
  return kj::evalNow([&]() -> kj::Promise<client::SignOutcome> {
    auto bytes = parseBase64(text);
    if (!bytes || bytes->empty()) refuse(ErrorCode::INVALID_REQUEST, "input is no base64");
    auto item = itemOf(selectorOf(std::string(wallet)), *bytes);
    bool isMessage = item.kind == client::SignItem::Payload::MESSAGE;
    return call.person->sign(kj::mv(item)).then([bytes = std::move(*bytes), isMessage](client::SignOutcome outcome) {
      // A transaction's message was checked by the library; of an off-chain message only the text was.
      if (isMessage && outcome.is<client::Signed>()) {
        auto& made = outcome.get<client::Signed>().bytes;
        if (made.asPtr() != kj::arrayPtr(bytes.data(), bytes.size())) {
          refuse(ErrorCode::MESSAGE_MALFORMED,
                 "only version 1 of the off-chain message, with this signer alone, is signed");
        }
      }
      return outcome;
    });
  });
}

std::string vaultSignature(const client::Signed& made) { return "vault:v1:" + base64(made.signature); }

std::string reasonOf(const client::Failure& failure) {
  auto parsed = Json::parse(vaultError(failure, "").body);
  return parsed["errors"][0].get<std::string>();
}

Response envelope(Call& call, Json data) {
  return answer({{"request_id", call.requestId},
                 {"lease_id", ""},
                 {"renewable", false},
                 {"lease_duration", 0},
                 {"data", std::move(data)},
                 {"wrap_info", nullptr},
                 {"warnings", nullptr},
                 {"auth", nullptr}});
}

kj::Promise<Response> signBatch(Call& call, std::string_view wallet, std::vector<JsonBody> items) {
  auto promises = kj::heapArrayBuilder<kj::Promise<Json>>(items.size());
  for (auto& item : items) {
    auto input = item.text("input", limits::BODY_BYTES).value_or("");
    auto reference = item.text("reference", 256);
    item.text("context", 1024);
    item.finish();
    auto common = [reference]() {
      Json result = Json::object();
      if (reference) result["reference"] = *reference;
      return result;
    };
    promises.add(signInput(call, wallet, input)
                     .then(
                         [common](client::SignOutcome outcome) {
                           Json result = common();
                           if (outcome.is<client::Failure>()) {
                             result["error"] = reasonOf(outcome.get<client::Failure>());
                           } else {
                             result["signature"] = vaultSignature(outcome.get<client::Signed>());
                             result["key_version"] = 1;
                           }
                           return result;
                         },
                         [common](kj::Exception&& exception) {
                           auto failure = client::failureOf(exception);
                           // What is wrong with the session is wrong with all of it.
                           if (client::describe(failure.code).httpStatus == 401) {
                             kj::throwFatalException(kj::mv(exception));
                           }
                           Json result = common();
                           result["error"] = reasonOf(failure);
                           return result;
                         }));
  }
  return kj::joinPromises(promises.finish()).then([&call](kj::Array<Json> results) {
    Json list = Json::array();
    for (auto& result : results) list.push_back(std::move(result));
    return envelope(call, {{"batch_results", std::move(list)}});
  });
}

}  // namespace

kj::Promise<Response> vaultSign(Call& call) {
  auto wallet = call.parameters[0];
  if (!isKeyName(wallet)) refuse(ErrorCode::UNKNOWN_WALLET);
  JsonBody body(call.request.bodyText());
  readOptions(body);
  auto batch = body.objects("batch_input", MAX_BATCH);
  auto input = body.text("input", limits::BODY_BYTES);
  body.finish();
  if (batch && input) refuse(ErrorCode::INVALID_REQUEST, "either input or batch_input");
  if (batch) return signBatch(call, wallet, std::move(*batch));
  return signInput(call, wallet, input.value_or("")).then([&call](client::SignOutcome outcome) {
    auto& metrics = call.parts.metrics;
    if (outcome.is<client::Failure>()) {
      auto& failure = outcome.get<client::Failure>();
      metrics.signature(failure.code == ErrorCode::DENIED_BY_POLICY ? "denied" : "failed");
      kj::throwFatalException(client::makeFailure(failure));
    }
    metrics.signature("signed");
    return envelope(call, {{"signature", vaultSignature(outcome.get<client::Signed>())}, {"key_version", 1}});
  });
}

kj::Promise<Response> vaultKey(Call& call) {
  auto name = call.parameters[0];
  if (!isKeyName(name)) refuse(ErrorCode::UNKNOWN_WALLET);
  return call.person->wallets().list().then([&call, name](kj::Array<client::Wallet> wallets) {
    for (auto& wallet : wallets) {
      if (!isNamed(wallet, name)) continue;
      Json keys;
      keys["1"] = {
          {"name", "ed25519"}, {"public_key", base64(wallet.publicKey)}, {"creation_time", timeText(wallet.createdAt)}};
      return envelope(call, {{"name", name},
                             {"type", "ed25519"},
                             {"latest_version", 1},
                             {"min_available_version", 0},
                             {"min_decryption_version", 1},
                             {"min_encryption_version", 0},
                             {"supports_signing", true},
                             {"supports_encryption", false},
                             {"supports_decryption", false},
                             {"supports_derivation", true},
                             {"derived", false},
                             {"exportable", false},
                             {"deletion_allowed", false},
                             {"allow_plaintext_backup", false},
                             {"imported_key", false},
                             {"auto_rotate_period", 0},
                             {"keys", std::move(keys)}});
    }
    refuse(ErrorCode::UNKNOWN_WALLET);
  });
}

// The statuses that Vault's own load balancers' checks look at: 200 in service, 503 sealed.
kj::Promise<Response> vaultHealth(Call& call) {
  return call.parts.readiness.report().then([](Readiness::Report report) {
    bool sealed = report.daemon != nullptr;
    return answer({{"initialized", true},
                   {"sealed", sealed},
                   {"standby", false},
                   {"performance_standby", false},
                   {"replication_performance_mode", "disabled"},
                   {"replication_dr_mode", "disabled"},
                   {"server_time_utc", static_cast<int64_t>(time(nullptr))},
                   {"version", "waas"},
                   {"cluster_name", "waas"},
                   {"cluster_id", "waas"}},
                  sealed ? 503 : 200);
  });
}

}  // namespace waas::gateway
