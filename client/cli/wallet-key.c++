// waas wallet import, export, delete: a key that comes from elsewhere, one that goes elsewhere, and a wallet's end.
#include <memory>

#include "connection.h"
#include "input.h"
#include "password-source.h"
#include "private-file.h"
#include "selector.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

struct KeyOptions {
  std::string file, name, wallet, out, confirm;
};

Json idsOf(const client::Wallet& wallet) {
  return {{"walletId", hex(wallet.walletId)}, {"publicKey", base58(wallet.publicKey)}, {"name", wallet.name.cStr()}};
}

int importKey(Invocation& invocation, const KeyOptions& options, Output& output) {
  client::KeyPair keyPair;
  {
    auto text = readSecret(openInput(options.file).get(), options.file);
    if (!client::parseKeyFile(text, keyPair)) {
      throw CommandError(EXIT_FAILED, "key_file_malformed",
                         "The file " + options.file + " is no key pair as solana-keygen writes it.");
    }
  }
  Connection connection(invocation.globals, output);
  auto wallet = connection.wait(connection.wallets().importKey(options.name.c_str(), keyPair));
  output.result(idsOf(wallet), [&](std::ostream& out) {
    out << "Imported " << textOf(wallet.name) << ": " << base58(wallet.publicKey)
        << "\nThe file still holds the key: keep it safe or destroy it.\n";
  });
  return EXIT_DONE;
}

int exportKey(Invocation& invocation, const KeyOptions& options, Output& output) {
  auto selector = parseSelector(options.wallet);
  Connection connection(invocation.globals, output);
  client::KeyPair keyPair;
  auto wallet = connection.wait(connection.wallets().exportKey(kj::mv(selector), keyPair));
  writeSecret(options.out, client::writeKeyFile(keyPair));
  if (options.out == "-") return EXIT_DONE;
  output.result(idsOf(wallet), [&](std::ostream& out) {
    out << "The key of " << base58(wallet.publicKey) << " is in " << options.out << "\n";
  });
  return EXIT_DONE;
}

// Asks on the terminal for the wallet's name, unless --confirm said it.
void confirm(const KeyOptions& options, const client::Wallet& wallet) {
  std::string given = options.confirm;
  if (given.empty()) {
    given = askLine("Its key can't be brought back. To delete " + base58(wallet.publicKey) + ", type its name: ");
  }
  if (given != textOf(wallet.name)) throw CommandError(EXIT_USAGE, "usage", "That is not the wallet's name.");
}

int remove(Invocation& invocation, const KeyOptions& options, Output& output) {
  auto selector = parseSelector(options.wallet);
  Connection connection(invocation.globals, output);
  for (auto& wallet : connection.wait(connection.wallets().list())) {
    if (!names(selector, wallet)) continue;
    confirm(options, wallet);
    connection.wait(connection.wallets().remove(client::Selector::byId(wallet.walletId)));
    output.result(idsOf(wallet), [&](std::ostream& out) { out << "Deleted " << textOf(wallet.name) << ".\n"; });
    return EXIT_DONE;
  }
  kj::throwFatalException(client::makeFailure(client::ErrorCode::UNKNOWN_WALLET));
}

}  // namespace

void addWalletKey(CLI::App& group, Invocation& invocation) {
  auto options = std::make_shared<KeyOptions>();
  auto* importing =
      addCommand(group, invocation, "import", "Make a wallet of an existing key pair",
                 [&invocation, options](Output& output) { return importKey(invocation, *options, output); });
  importing->add_option("file,--file", options->file, "Key pair file of solana-keygen; - is standard input")
      ->required();
  importing->add_option("--name", options->name, "Name, 1 to 64 bytes, unique among your own")->required();

  auto* exporting =
      addCommand(group, invocation, "export", "Write a wallet's key pair to a file, if policy allows it",
                 [&invocation, options](Output& output) { return exportKey(invocation, *options, output); });
  exporting->add_option("wallet,--wallet", options->wallet, "Its id, name or address")->required();
  exporting->add_option("--out", options->out, "File that is made, mode 0600; - is standard output")->required();

  auto* deleting = addCommand(group, invocation, "delete", "Destroy a wallet's shares everywhere; this can't be undone",
                              [&invocation, options](Output& output) { return remove(invocation, *options, output); });
  deleting->add_option("wallet,--wallet", options->wallet, "Its id, name or address")->required();
  deleting->add_option("--confirm", options->confirm, "Its name, to delete it without being asked");
}

}  // namespace waas::cli
