#pragma once
// What this user keeps between commands: the session, and the newest audit heads seen.
//
// In $XDG_STATE_HOME/waas or ~/.local/state/waas there is a folder for each vault, named by its public keys, so that a
// session never goes to another vault and heads of different vaults never meet. Folders are 0700, files 0600. Files are
// replaced whole, and neither read nor written through a symbolic link (C2).
#include <kj/common.h>

#include <string>

#include "client/lib/audit-heads.h"
#include "client/lib/session-token.h"
#include "protocol/public-keys.h"

namespace waas::cli {

struct KeptSession {
  Id userId{};
  std::string email;
  uint64_t expiresAt = 0;  // of the token, Unix ms
  kj::Own<client::SessionToken> token;
};

class StateFolder {
 public:
  // `sessionFile` overrides the place of the session. Creates nothing yet. Throws CommandError when no home folder is
  // known.
  StateFolder(const VaultPublicKeys& vault, const std::string& sessionFile);

  // Null when there is none. Throws CommandError when the file is not the caller's own, others may read it, or it is
  // damaged.
  kj::Maybe<KeptSession> loadSession() const;
  // Keeps the session, with this token in place of its own.
  void saveSession(const KeptSession& session, const client::SessionToken& token) const;
  void removeSession() const;
  // Whether there is a file, good or not.
  bool hasSession() const;
  const std::string& sessionPath() const { return sessionFile; }

  // Notes the kept heads. Throws CommandError or recordRefused when the file is damaged.
  void loadHeads(client::AuditHeads& heads) const;

  // Merges these heads into the kept ones, under a lock that other commands respect.
  void saveHeads(const client::AuditHeads& heads) const;

 private:
  std::string folder;
  std::string sessionFile;
  std::string headsFile;
  PublicKey auditKey;
};

}  // namespace waas::cli
