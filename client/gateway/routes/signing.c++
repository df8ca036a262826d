// Signing what is given whole: a transaction, or text as an off-chain message.
#include "answers.h"
#include "routes.h"
#include "solana/address.h"

namespace waas::gateway {
namespace {

std::string base58(const Signature& signature) {
  return std::string(solana::format(solana::SignatureView(signature)).view());
}

kj::Array<kj::byte> copyOf(std::span<const uint8_t> bytes) {
  return kj::heapArray<kj::byte>(bytes.data(), bytes.size());
}

kj::Promise<Response> sign(Call& call, client::SignItem item, const char* signedName) {
  auto& metrics = call.parts.metrics;
  return call.person->sign(kj::mv(item)).then([&metrics, signedName](client::SignOutcome outcome) {
    if (outcome.is<client::Failure>()) {
      auto& failure = outcome.get<client::Failure>();
      metrics.signature(failure.code == ErrorCode::DENIED_BY_POLICY ? "denied" : "failed");
      kj::throwFatalException(client::makeFailure(failure));
    }
    auto& made = outcome.get<client::Signed>();
    metrics.signature("signed");
    Json body;
    body["signature"] = base58(made.signature);
    body[signedName] = base64(made.bytes);
    return answer(body);
  });
}

}  // namespace

kj::Promise<Response> signTransaction(Call& call) {
  JsonBody body(call.request.bodyText());
  auto wallet = body.text("wallet", MAX_WALLET_TEXT);
  auto text = body.requireText("transaction", limits::BODY_BYTES);
  body.finish();
  auto bytes = parseBase64(text);
  if (!bytes) refuse(ErrorCode::INVALID_REQUEST, "transaction is no base64");
  if (bytes->size() > limits::TRANSACTION_BYTES) refuse(ErrorCode::TRANSACTION_MALFORMED, "it is too long");
  return sign(call, {selectorOf(wallet), client::SignItem::Payload::TRANSACTION, copyOf(*bytes)}, "signedTransaction");
}

kj::Promise<Response> signMessage(Call& call) {
  JsonBody body(call.request.bodyText());
  auto wallet = body.text("wallet", MAX_WALLET_TEXT);
  auto text = body.requireText("message", limits::MESSAGE_BYTES);
  body.finish();
  auto bytes = asBytes(text.data(), text.size());
  return sign(call, {selectorOf(wallet), client::SignItem::Payload::MESSAGE, copyOf(bytes)}, "signedMessage");
}

}  // namespace waas::gateway
