#include "connection.h"

#include <kj/debug.h>

#include "input.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

constexpr size_t MAX_VAULT_PUB_BYTES = 64 << 10;
// Of a token's life of at most 15 minutes.
constexpr uint64_t REFRESH_BEFORE_MS = 8 * 60 * 1000;

template <typename T>
T& require(kj::Maybe<kj::Own<T>>& role) {
  KJ_IF_MAYBE (held, role) return **held;
  kj::throwFatalException(client::makeFailure(client::ErrorCode::NOT_ALLOWED));
}

std::optional<VaultPublicKeys> readVaultKeys(const std::string& path) {
  try {
    auto bytes = readInput(path, MAX_VAULT_PUB_BYTES);
    return VaultPublicKeys::parse(std::string_view(bytes.asChars().begin(), bytes.size()));
  } catch (const CommandError&) {
    return std::nullopt;
  }
}

}  // namespace

Connection::Connection(const Globals& globals, Output& output)
    : globals(globals), output(output), io(kj::setupAsyncIo()) {
  if (auto read = readVaultKeys(globals.vaultPub)) {
    keys = *read;
    haveKeys = true;
  }
  client =
      wait(client::Client::connect(io.provider->getNetwork(), io.provider->getTimer(), globals.socket.c_str(), keys));
  if (haveKeys) {
    try {
      kept.emplace(keys, globals.session);
    } catch (const CommandError&) {
      // A service may have no home folder; then it has no session and keeps no heads.
    }
    loadHeads();
  }
  roles = wait(client->enter());
}

Connection::~Connection() noexcept(false) {
  if (!keepHeads || client.get() == nullptr) return;
  try {
    kept->saveHeads(client->heads());
  } catch (const CommandError& e) {
    output.note(std::string("waas: audit heads are not kept. ") + e.what());
  } catch (const kj::Exception&) {
    output.note("waas: audit heads are not kept: they contradict those that were kept before. Run waas audit verify.");
  }
}

void Connection::loadHeads() {
  if (!kept) return;
  try {
    kept->loadHeads(client->heads());
    keepHeads = true;
  } catch (const CommandError& e) {
    output.note(std::string("waas: audit heads are not kept. ") + e.what());
  } catch (const kj::Exception&) {
    output.note("waas: the kept audit heads are not this vault's. Run waas audit verify.");
  }
}

void Connection::requireVaultKeys() const {
  if (haveKeys) return;
  throw CommandError(EXIT_FAILED, "vault_pub_unreadable",
                     "The vault's public keys can't be read from " + globals.vaultPub + ": give --vault-pub.");
}

StateFolder& Connection::state() {
  requireVaultKeys();
  if (!kept) throw CommandError(EXIT_FAILED, "state_unusable", "No home folder is known: set XDG_STATE_HOME.");
  return *kept;
}

client::Login& Connection::login() {
  requireVaultKeys();
  return require(roles.login);
}

client::Operator& Connection::asOperator() { return require(roles.asOperator); }
client::Maintenance& Connection::maintenance() { return require(roles.maintenance); }

client::UserSession& Connection::userSession() {
  if (person.get() == nullptr) {
    KJ_IF_MAYBE (session, state().loadSession()) {
      refreshIfOld(kj::mv(*session));
    } else {
      kj::throwFatalException(client::makeFailure(client::ErrorCode::SESSION_INVALID, "nobody is signed in"));
    }
  }
  return *person;
}

void Connection::refreshIfOld(KeptSession&& session) {
  auto resumed = wait(login().resume(kj::mv(session.token)));
  person = kj::mv(resumed.session);
  if (session.expiresAt > nowUnixMs() + REFRESH_BEFORE_MS) return;
  session.expiresAt = wait(person->refresh());
  state().saveSession(session, person->token());
}

client::Wallets& Connection::wallets() {
  requireVaultKeys();
  bool signedIn = kept && kept->hasSession();
  if (!globals.asService && signedIn) return userSession();
  KJ_IF_MAYBE (service, roles.service) return **service;
  if (globals.asService)
    kj::throwFatalException(client::makeFailure(client::ErrorCode::NOT_ALLOWED, "this user is no local service"));
  return userSession();
}

}  // namespace waas::cli
