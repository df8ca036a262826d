// waas wallet: make, list and show wallets. Every address here comes with a certificate that was verified.
#include <algorithm>
#include <memory>

#include "connection.h"
#include "selector.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

Json walletJson(const client::Wallet& wallet) {
  return {{"walletId", hex(wallet.walletId)}, {"publicKey", base58(wallet.publicKey)},
          {"name", wallet.name.cStr()},       {"first", wallet.first},
          {"createdAt", wallet.createdAt},    {"owner", ownerJson(wallet.owner)}};
}

void printWallet(std::ostream& out, const client::Wallet& wallet) {
  printTable(out, {{"name", textOf(wallet.name) + (wallet.first ? " (first)" : "")},
                   {"address", base58(wallet.publicKey)},
                   {"id", hex(wallet.walletId)},
                   {"created", utc(wallet.createdAt)}});
}

// "wallet-2", or the next one that is free.
std::string freeName(kj::ArrayPtr<const client::Wallet> wallets) {
  for (size_t n = wallets.size() + 1;; n++) {
    std::string name = "wallet-" + std::to_string(n);
    if (std::none_of(wallets.begin(), wallets.end(), [&](auto& w) { return textOf(w.name) == name; })) return name;
  }
}

int create(Invocation& invocation, std::string name, Output& output) {
  Connection connection(invocation.globals, output);
  auto& wallets = connection.wallets();
  if (name.empty()) name = freeName(connection.wait(wallets.list()));
  auto wallet = connection.wait(wallets.create(name.c_str()));
  output.result(walletJson(wallet), [&](std::ostream& out) { printWallet(out, wallet); });
  return EXIT_DONE;
}

int list(Invocation& invocation, Output& output) {
  Connection connection(invocation.globals, output);
  auto wallets = connection.wait(connection.wallets().list());
  Json value = Json::array();
  std::vector<std::vector<std::string>> rows = {{"NAME", "ADDRESS", "ID"}};
  for (auto& wallet : wallets) {
    value.push_back(walletJson(wallet));
    rows.push_back(
        {textOf(wallet.name) + (wallet.first ? " (first)" : ""), base58(wallet.publicKey), hex(wallet.walletId)});
  }
  output.result(value, [&](std::ostream& out) {
    if (wallets.size() == 0) {
      out << "No wallets.\n";
    } else {
      printTable(out, rows);
    }
  });
  return EXIT_DONE;
}

int show(Invocation& invocation, const std::string& which, Output& output) {
  auto selector = parseSelector(which);
  Connection connection(invocation.globals, output);
  for (auto& wallet : connection.wait(connection.wallets().list())) {
    if (!names(selector, wallet)) continue;
    output.result(walletJson(wallet), [&](std::ostream& out) { printWallet(out, wallet); });
    return EXIT_DONE;
  }
  kj::throwFatalException(client::makeFailure(client::ErrorCode::UNKNOWN_WALLET));
}

}  // namespace

void addWallet(CLI::App& app, Invocation& invocation) {
  auto* group = addGroup(app, "wallet", "Make, list and show wallets");

  auto name = std::make_shared<std::string>();
  auto* creating = addCommand(*group, invocation, "create", "Make a wallet",
                              [&invocation, name](Output& output) { return create(invocation, *name, output); });
  creating->add_option("name,--name", *name, "Name, 1 to 64 bytes, unique among your own (default: wallet-<n>)");

  addCommand(*group, invocation, "list", "List your wallets, the first one first",
             [&invocation](Output& output) { return list(invocation, output); });

  auto which = std::make_shared<std::string>();
  auto* showing = addCommand(*group, invocation, "show", "Show one wallet",
                             [&invocation, which](Output& output) { return show(invocation, *which, output); });
  showing->add_option("wallet,--wallet", *which, "Its id, name or address (default: your first one)");
  addWalletKey(*group, invocation);
}

}  // namespace waas::cli
