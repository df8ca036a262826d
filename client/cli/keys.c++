// waas keys: versions of the vault's keys. Each change is kept in a file before the next one can build on it.
#include <memory>

#include "connection.h"
#include "input.h"
#include "private-file.h"
#include "protocol/key-box.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

constexpr size_t MAX_KEYRING_FILE = 65536;

struct KeysOptions {
  std::string purpose, keyring, file;
  uint32_t version = 0;
};

const char* nameOf(client::Operator::KeyUse::State state) {
  switch (state) {
    case client::Operator::KeyUse::State::ACTIVE: return "active";
    case client::Operator::KeyUse::State::PENDING: return "pending";
    case client::Operator::KeyUse::State::RETIRED: return "retired";
  }
  return "unknown";
}

int list(Invocation& invocation, Output& output) {
  Connection connection(invocation.globals, output);
  auto uses = connection.wait(connection.asOperator().keys());
  Json value = Json::array();
  std::vector<std::vector<std::string>> table = {{"PURPOSE", "VERSION", "STATE", "PROTECTS"}};
  for (auto& use : uses) {
    Json row = {{"purpose", use.purpose.cStr()},
                {"version", use.version},
                {"state", nameOf(use.state)},
                {"newest", use.newest},
                {"counted", use.counted}};
    if (use.counted) row["protects"] = use.protects;
    value.push_back(row);
    table.push_back({textOf(use.purpose), std::to_string(use.version) + (use.newest ? " (newest)" : ""),
                     nameOf(use.state), use.counted ? std::to_string(use.protects) : "not counted"});
  }
  output.result(value, [&](std::ostream& out) {
    printTable(out, table);
    out << "What a version protects is counted by the database, which is not trusted: a hint, no proof that a version\n"
           "is unused. Retired is not destroyed: a version that was retired too early can be activated again.\n";
  });
  return EXIT_DONE;
}

// Keeps what was handed out, then hands it in again from the file: so the vault knows that it is kept.
void keep(Connection& connection, const std::string& path, kj::ArrayPtr<const kj::byte> keyring) {
  replaceFile(path, keyring);
  connection.wait(connection.asOperator().installKeyring(readInput(path, MAX_KEYRING_FILE)));
}

void report(Output& output, const KeysOptions& options, const char* done, const char* next) {
  Json value = {{"purpose", options.purpose}, {"keyring", options.keyring}};
  if (options.version > 0) value["version"] = options.version;
  output.result(value, [&](std::ostream& out) {
    out << done << " The keyring is in " << options.keyring << ".\n" << next << "\n";
  });
}

int add(Invocation& invocation, const KeysOptions& options, Output& output) {
  Connection connection(invocation.globals, output);
  keep(connection, options.keyring, connection.wait(connection.asOperator().addKey(options.purpose.c_str())));
  report(output, options, "Made a new version, pending.",
         "Copy the file to every other host, run `waas keys install` there, then `waas keys activate` on each.");
  return EXIT_DONE;
}

int activate(Invocation& invocation, const KeysOptions& options, Output& output) {
  Connection connection(invocation.globals, output);
  auto keyring = connection.wait(connection.asOperator().activateKey(options.purpose.c_str(), options.version));
  replaceFile(options.keyring, keyring);
  report(output, options, "New records are made with this version now.",
         "Rotation wraps what there is anew: `waas shares rotate`.");
  return EXIT_DONE;
}

int retire(Invocation& invocation, const KeysOptions& options, Output& output) {
  Connection connection(invocation.globals, output);
  auto keyring = connection.wait(connection.asOperator().retireKey(options.purpose.c_str(), options.version));
  replaceFile(options.keyring, keyring);
  report(output, options, "This version opens nothing any more.",
         "If something is refused for it, activate it again, and then the newest one.");
  return EXIT_DONE;
}

int install(Invocation& invocation, const KeysOptions& options, Output& output) {
  Connection connection(invocation.globals, output);
  auto given = readInput(options.file, MAX_KEYRING_FILE);
  auto keyring = connection.wait(connection.asOperator().installKeyring(given));
  if (!options.keyring.empty()) replaceFile(options.keyring, keyring);
  output.result(Json{{"keyring", options.keyring}}, [&](std::ostream& out) {
    out << "Installed.\n";
    if (options.keyring.empty()) {
      out << "Keep the file in the place of this host's keyring, or give --keyring: a restart takes that one.\n";
    }
  });
  return EXIT_DONE;
}

void addName(CLI::App& command, KeysOptions& options) {
  command.add_option("purpose", options.purpose, "share, record, token, verifier, challenge or recovery")->required();
  command.add_option("version", options.version, "Its number")->required();
}

void addKeyring(CLI::App& command, KeysOptions& options) {
  command.add_option("--keyring", options.keyring, "This host's keyring file, which is replaced")->required();
}

}  // namespace

void addKeys(CLI::App& app, Invocation& invocation) {
  auto* group = addGroup(app, "keys", "Versions of the vault's keys; for operators");
  auto options = std::make_shared<KeysOptions>();
  addCommand(*group, invocation, "list", "List versions, their states, and what they still protect",
             [&invocation](Output& output) { return list(invocation, output); });

  auto* adding = addCommand(*group, invocation, "add", "Make the next version of a purpose, which waits for activation",
                            [&invocation, options](Output& output) { return add(invocation, *options, output); });
  adding->add_option("purpose", options->purpose, "share, record, token, verifier, challenge or recovery")->required();
  addKeyring(*adding, *options);

  auto* activating =
      addCommand(*group, invocation, "activate", "Make new records with this version",
                 [&invocation, options](Output& output) { return activate(invocation, *options, output); });
  addName(*activating, *options);
  addKeyring(*activating, *options);

  auto* installing =
      addCommand(*group, invocation, "install", "Take the keyring of another host",
                 [&invocation, options](Output& output) { return install(invocation, *options, output); });
  installing->add_option("file", options->file, "The keyring that another host wrote")->required();
  installing->add_option("--keyring", options->keyring, "This host's keyring file, which is replaced");

  auto* retiring = addCommand(*group, invocation, "retire", "Open nothing more with this version",
                              [&invocation, options](Output& output) { return retire(invocation, *options, output); });
  addName(*retiring, *options);
  addKeyring(*retiring, *options);
}

}  // namespace waas::cli
