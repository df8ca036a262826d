#pragma once
// One command's connection to the daemon, waiting for each answer.
#include <kj/async-io.h>

#include <optional>

#include "client/lib/client.h"
#include "command.h"
#include "state-folder.h"

namespace waas::cli {

class Connection {
 public:
  // Connects and enters. Throws failures of client/lib.
  explicit Connection(const Globals& globals, Output& output);
  // Keeps the audit heads that were seen.
  ~Connection() noexcept(false);
  KJ_DISALLOW_COPY(Connection);

  // Waits for an answer.
  template <typename T>
  T wait(kj::Promise<T> promise) {
    return promise.wait(io.waitScope);
  }

  const kj::String& daemonVersion() const { return roles.daemonVersion; }

  // The roles; each throws `notAllowed` when this user has not got it.
  client::Login& login();
  client::Operator& asOperator();
  client::Maintenance& maintenance();

  // Whose wallets this command is about: the signed-in person's; with --as-service, or when nobody is signed in, those
  // of the local service that this user is. A token in the second half of its life is exchanged for a new one, and
  // kept. Throws `sessionInvalid` when there is neither.
  client::Wallets& wallets();

  // The signed-in person's session. Throws `sessionInvalid` when there is none.
  client::UserSession& userSession();

  // This user's state for this vault.
  StateFolder& state();

  const VaultPublicKeys& vaultKeys() const { return keys; }

 private:
  // A file of heads that can't be used is no reason to refuse a command other than `audit verify`.
  void loadHeads();
  void requireVaultKeys() const;
  void refreshIfOld(KeptSession&& kept);

  const Globals& globals;
  Output& output;
  kj::AsyncIoContext io;
  VaultPublicKeys keys;
  bool haveKeys = false, keepHeads = false;
  std::optional<StateFolder> kept;
  // Destroyed from the last to the first: what the client gave out before the client.
  kj::Own<client::Client> client;
  client::Client::Roles roles;
  kj::Own<client::UserSession> person;
};

}  // namespace waas::cli
