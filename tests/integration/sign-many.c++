// Signs many off-chain messages at once as a local service, for the tests of limits.
//
//   sign-many --wallet NAME --calls N [--connections N] [--items N] [--same] [--text TEXT] SOCKET…
//
// Calls are spread over the sockets' connections and all under way together. Each signs one text (or `items` texts) of
// its own, or all the same one. Prints JSON: how many were signed, and how many were refused for what.
#include <client/lib/client.h>
#include <kj/debug.h>
#include <kj/filesystem.h>
#include <kj/vector.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace {

using namespace waas;

struct Options {
  std::string wallet, text = "text";
  unsigned calls = 1, connections = 4, items = 1;
  bool same = false;
  std::vector<std::string> sockets;

  Options(int count, char** values) {
    for (int i = 1; i < count; i++) {
      std::string name = values[i];
      auto value = [&]() -> std::string { return ++i < count ? values[i] : ""; };
      if (name == "--wallet") {
        wallet = value();
      } else if (name == "--text") {
        text = value();
      } else if (name == "--calls") {
        calls = static_cast<unsigned>(std::stoul(value()));
      } else if (name == "--connections") {
        connections = static_cast<unsigned>(std::stoul(value()));
      } else if (name == "--items") {
        items = static_cast<unsigned>(std::stoul(value()));
      } else if (name == "--same") {
        same = true;
      } else {
        sockets.push_back(name);
      }
    }
  }
};

struct Tally {
  unsigned signatures = 0;
  std::map<std::string, unsigned> refused;

  void refuse(const client::Failure& failure) {
    std::string code = client::describe(failure.code).name.cStr();
    refused[failure.rule.size() > 0 ? code + ":" + failure.rule.cStr() : code]++;
  }
};

VaultPublicKeys readVaultKeys() {
  auto files = kj::newDiskFilesystem();
  const char* path = getenv("WAAS_VAULT_PUB");
  KJ_REQUIRE(path != nullptr, "WAAS_VAULT_PUB is not set");
  auto text = files->getRoot().openFile(files->getCurrentPath().evalNative(path))->readAllText();
  return VaultPublicKeys::parse(std::string_view(text.begin(), text.size())).value();
}

kj::Array<client::SignItem> itemsOf(const Options& options, unsigned call) {
  auto items = kj::heapArrayBuilder<client::SignItem>(options.items);
  for (unsigned i = 0; i < options.items; i++) {
    auto text = options.same ? kj::str(options.text.c_str()) : kj::str(options.text.c_str(), ' ', call, ' ', i);
    items.add(client::SignItem{client::Selector::byName(options.wallet.c_str()), client::SignItem::Payload::MESSAGE,
                               kj::heapArray<kj::byte>(text.asBytes()), nullptr});
  }
  return items.finish();
}

struct Line {
  kj::Own<client::Client> client;
  client::Client::Roles roles;
};

}  // namespace

int main(int count, char** values) {
  Options options(count, values);
  auto io = kj::setupAsyncIo();
  auto keys = readVaultKeys();
  std::vector<Line> lines;
  for (unsigned i = 0; i < options.connections; i++) {
    const std::string& socket = options.sockets[i % options.sockets.size()];
    auto client = client::Client::connect(io.provider->getNetwork(), io.provider->getTimer(), socket.c_str(), keys)
                      .wait(io.waitScope);
    auto roles = client->enter().wait(io.waitScope);
    lines.push_back(Line{kj::mv(client), kj::mv(roles)});
  }
  Tally tally;
  kj::Vector<kj::Promise<void>> calls;
  for (unsigned i = 0; i < options.calls; i++) {
    auto& service = *KJ_ASSERT_NONNULL(lines[i % lines.size()].roles.service);
    calls.add(service.sign(itemsOf(options, i))
                  .then(
                      [&tally](kj::Array<client::SignOutcome> outcomes) {
                        for (auto& outcome : outcomes) {
                          if (outcome.is<client::Signed>()) tally.signatures++;
                          if (outcome.is<client::Failure>()) tally.refuse(outcome.get<client::Failure>());
                        }
                      },
                      [&tally](kj::Exception&& exception) { tally.refuse(client::failureOf(exception)); })
                  .eagerlyEvaluate(nullptr));
  }
  kj::joinPromises(calls.releaseAsArray()).wait(io.waitScope);
  std::cout << "{\"signatures\": " << tally.signatures << ", \"refused\": {";
  const char* separator = "";
  for (auto& [why, number] : tally.refused) {
    std::cout << separator << "\"" << why << "\": " << number;
    separator = ", ";
  }
  std::cout << "}}\n";
}
