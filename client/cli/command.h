#pragma once
// What the sub-commands have in common: global options, the table of groups, and how a command ends.
#include <CLI/CLI.hpp>

#include <functional>
#include <string>

#include "output.h"

namespace waas::cli {

// Options that every command understands.
struct Globals {
  std::string socket = "/run/waas/signer.sock";
  std::string vaultPub = "/etc/waas/vault.pub";
  std::string session;  // file of the session; empty = the one in the state folder
  bool json = false;
  bool asService = false;
};

// One invocation. Groups put their options into it; the chosen command sets `run`.
struct Invocation {
  Globals globals;
  std::function<int(Output&)> run;  // returns the exit code
};

// A failure of the command itself, not of a call: a file, a terminal, a setting.
class CommandError : public std::runtime_error {
 public:
  CommandError(int exitCode, std::string code, const std::string& sentence)
      : std::runtime_error(sentence), exitCode(exitCode), code(std::move(code)) {}

  const int exitCode;
  const std::string code;  // snake_case, stable
};

constexpr int EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_UNREACHABLE = 3, EXIT_NOT_ALLOWED = 4;

// Runs the command line and returns the exit code.
int runCommandLine(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

// The groups, one file each.
void addHealth(CLI::App& app, Invocation& invocation);
void addUser(CLI::App& app, Invocation& invocation);
void addWallet(CLI::App& app, Invocation& invocation);
void addSign(CLI::App& app, Invocation& invocation);
void addShares(CLI::App& app, Invocation& invocation);
void addAudit(CLI::App& app, Invocation& invocation);
void addPolicy(CLI::App& app, Invocation& invocation);
void addKeys(CLI::App& app, Invocation& invocation);
void addCustody(CLI::App& app, Invocation& invocation);
void addDb(CLI::App& app, Invocation& invocation);

// Commands of the group `wallet`, in a file of their own.
void addWalletKey(CLI::App& group, Invocation& invocation);

// Adds a command that runs `run` (which must outlive the parser), with global options allowed behind its name.
CLI::App* addCommand(CLI::App& parent, Invocation& invocation, const std::string& name, const std::string& help,
                     std::function<int(Output&)> run);

// Adds a group, of which one command must be named.
CLI::App* addGroup(CLI::App& app, const std::string& name, const std::string& help);

}  // namespace waas::cli
