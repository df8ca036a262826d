// waas sign: one transaction or one off-chain message.
#include <memory>

#include "connection.h"
#include "input.h"
#include "selector.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

using Payload = client::SignItem::Payload;

struct SignOptions {
  std::string wallet;
  std::string file;
};

int sign(Invocation& invocation, const SignOptions& options, Payload kind, Output& output) {
  auto items = kj::heapArrayBuilder<client::SignItem>(1);
  items.add(client::SignItem{
      parseSelector(options.wallet), kind,
      kind == Payload::TRANSACTION ? readTransaction(options.file) : readInput(options.file, MAX_MESSAGE_BYTES)});
  Connection connection(invocation.globals, output);
  auto outcomes = connection.wait(connection.wallets().sign(items.finish()));
  auto& outcome = outcomes[0];
  if (outcome.is<client::Failure>()) kj::throwFatalException(client::makeFailure(outcome.get<client::Failure>()));

  auto& made = outcome.get<client::Signed>();
  std::string signature = base58(made.signature), bytes = base64(bytesOf(made.bytes));
  bool transaction = kind == Payload::TRANSACTION;
  output.result({{"signature", signature}, {transaction ? "transaction" : "signedMessage", bytes}},
                [&](std::ostream& out) { out << (transaction ? bytes : signature) << "\n"; });
  return EXIT_DONE;
}

void addKind(CLI::App& group, Invocation& invocation, const std::string& name, const std::string& help, Payload kind,
             const std::string& what) {
  auto options = std::make_shared<SignOptions>();
  auto* command = addCommand(group, invocation, name, help, [&invocation, options, kind](Output& output) {
    return sign(invocation, *options, kind, output);
  });
  command->add_option("--wallet", options->wallet,
                      "Wallet that signs: its id, name or address (default: your first one)");
  command->add_option("file", options->file, what)->required();
}

}  // namespace

void addSign(CLI::App& app, Invocation& invocation) {
  auto* group = addGroup(app, "sign", "Sign a transaction or a message");
  addKind(*group, invocation, "transaction", "Sign a transaction; prints it signed, in base64", Payload::TRANSACTION,
          "File with the transaction, base64 or binary; - for standard input");
  addKind(*group, invocation, "message", "Sign a text as a Solana off-chain message; prints the signature, in base58",
          Payload::MESSAGE, "File with the text, taken byte by byte; - for standard input");
}

}  // namespace waas::cli
