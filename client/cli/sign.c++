// waas sign: one transaction or one off-chain message.
#include <kj/vector.h>

#include <memory>
#include <sstream>

#include "connection.h"
#include "input.h"
#include "selector.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

using Payload = client::SignItem::Payload;

constexpr size_t MAX_TABLE_FILE_BYTES = 256 * 64;

struct SignOptions {
  std::string wallet;
  std::string file;
  std::vector<std::string> tables;
};

// ADDRESS=FILE, where the file has one base58 address a line, in the table's order.
client::LookupTable readTable(const std::string& option) {
  size_t equals = option.find('=');
  auto address = parseAddress(option.substr(0, equals));
  if (equals == std::string::npos || !address) {
    throw CommandError(EXIT_USAGE, "usage", "A table is given as ADDRESS=FILE.");
  }
  auto file = readInput(option.substr(equals + 1), MAX_TABLE_FILE_BYTES);
  client::LookupTable table{*address, nullptr};
  kj::Vector<kj::byte> entries;
  std::istringstream lines(std::string(reinterpret_cast<const char*>(file.begin()), file.size()));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    auto entry = parseAddress(line);
    if (!entry) throw CommandError(EXIT_FAILED, "invalid_request", "A line of the table's file is no address.");
    entries.addAll(entry->begin(), entry->end());
  }
  table.entries = entries.releaseAsArray();
  return table;
}

int sign(Invocation& invocation, const SignOptions& options, Payload kind, Output& output) {
  auto items = kj::heapArrayBuilder<client::SignItem>(1);
  auto payload =
      kind == Payload::TRANSACTION ? readTransaction(options.file) : readInput(options.file, MAX_MESSAGE_BYTES);
  kj::Vector<client::LookupTable> tables;
  for (auto& table : options.tables) tables.add(readTable(table));
  items.add(client::SignItem{parseSelector(options.wallet), kind, kj::mv(payload), tables.releaseAsArray()});
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
  if (kind == Payload::TRANSACTION) {
    command->add_option("--table", options->tables,
                        "What a lookup table holds, as ADDRESS=FILE with an address a line; repeatable");
  }
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
