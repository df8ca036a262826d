#include "command.h"

#include <kj/exception.h>

#include <algorithm>
#include <string_view>

#include "client/lib/error.h"

namespace waas::cli {
namespace {

constexpr struct {
  void (*add)(CLI::App&, Invocation&);
} GROUPS[] = {{addHealth}, {addUser},   {addWallet}, {addSign},    {addShares},
              {addAudit},  {addPolicy}, {addKeys},   {addCustody}, {addDb}};

void addGlobals(CLI::App& app, Globals& globals) {
  app.add_option("--socket", globals.socket, "Socket of the signing daemon")
      ->envname("WAAS_SOCKET")
      ->capture_default_str();
  app.add_option("--vault-pub", globals.vaultPub, "File with the vault's public keys")
      ->envname("WAAS_VAULT_PUB")
      ->capture_default_str();
  app.add_option("--session", globals.session, "File that holds your session (default: one in your state folder)");
  app.add_flag("--as-service", globals.asService,
               "Act as the local service that this user is, not as a signed-in person");
  app.add_flag("--json", globals.json, "Print JSON, errors too");
}

void addVersion(CLI::App& app, Invocation& invocation) {
  addCommand(app, invocation, "version", "Print the version of this program", [](Output& output) {
    output.result({{"version", WAAS_VERSION}}, [](std::ostream& out) { out << "waas " WAAS_VERSION "\n"; });
    return EXIT_DONE;
  });
}

int reportFailure(Output& output, const client::Failure& failure) {
  auto info = client::describe(failure.code);
  output.error(info.name.cStr(), info.says.cStr(), failure);
  return info.exitCode;
}

// The one place where what was thrown becomes an exit code and a sentence.
int runGuarded(Invocation& invocation, Output& output) {
  try {
    return invocation.run(output);
  } catch (const kj::Exception& e) {
    return reportFailure(output, client::failureOf(e));
  } catch (const CommandError& e) {
    output.error(e.code, e.what());
    return e.exitCode;
  } catch (const std::exception&) {
    output.error("unknown", "The command failed inside.");
    return EXIT_FAILED;
  }
}

}  // namespace

CLI::App* addGroup(CLI::App& app, const std::string& name, const std::string& help) {
  auto* group = app.add_subcommand(name, help);
  group->require_subcommand(1);
  group->fallthrough();
  return group;
}

CLI::App* addCommand(CLI::App& parent, Invocation& invocation, const std::string& name, const std::string& help,
                     std::function<int(Output&)> run) {
  auto* command = parent.add_subcommand(name, help);
  command->fallthrough();
  command->callback([&invocation, run = std::move(run)]() { invocation.run = run; });
  return command;
}

int runCommandLine(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  Invocation invocation;
  CLI::App app("waas: wallets and signatures of the signing daemon on this machine.", "waas");
  app.set_version_flag("--version", "waas " WAAS_VERSION);
  app.require_subcommand(1);
  app.footer("Exit codes: 0 done, 1 refused or failed, 2 usage, 3 not reachable, 4 not allowed.");
  addGlobals(app, invocation.globals);
  for (auto& group : GROUPS) group.add(app, invocation);
  addVersion(app, invocation);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    return app.exit(e, out, err);
  } catch (const CLI::ParseError& e) {
    // The parser may have stopped before it came to the flag.
    bool json = std::any_of(argv, argv + argc, [](const char* word) { return std::string_view(word) == "--json"; });
    Output output(json, out, err);
    output.error("usage", e.what());
    output.note("See waas --help.");
    return EXIT_USAGE;
  }
  Output output(invocation.globals.json, out, err);
  return runGuarded(invocation, output);
}

}  // namespace waas::cli
