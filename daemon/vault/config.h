#pragma once
// The vault's own settings: who may be what. Root-owned, read once at start.
//
// Lines of words, `#` begins a comment; an unknown word is an error. There is no other syntax, so that the vault holds
// no parser worth attacking:
//
//   broker uid 997                      who may connect to the vault's socket (required)
//   socket /run/waas/signer.sock        the daemon's public socket, as it was bound (required)
//   allow uid 0 operator login          roles: operator, login, service NAME; may be repeated
//   allow gid 1500 service payouts
//   require_secret_memory true          default false
//   workers 2                           default: online CPUs, at most 8
//   argon2 passes 2 memory 67108864     what clients are told; the floor of protocol/login-box.h is enforced
//   token_lifetime 900                  seconds, at most 900
//   session_lifetime 2592000            seconds
//   custodian oTZ3…=                    public key of a custodian (`waas custody key`), base64; may be repeated. The
//                                       recovery key is split among these only, whoever asks
//   policy_key 5f2c…                    verifying half of the policy key, 64 hexadecimal characters (required), or:
//   policy none                         no policy decides: whoever owns a wallet may do everything with it
//   policy_floor 7                      lowest number of a policy that this vault takes; the credential of the same
//   name
//                                       may say a higher one
#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/vault/limits.h"
#include "protocol/bytes.h"
#include "protocol/login-box.h"

namespace waas::vault {

// A local service: wallets of its own, under an owner id that follows from its name.
struct LocalService {
  std::string name;
  OwnerId owner;
};

// What a peer may be. A union over all lines that match it, with at most one service.
struct Roles {
  bool login = false;
  bool isOperator = false;
  const LocalService* service = nullptr;  // lives as long as the Config

  bool any() const { return login || isOperator || service != nullptr; }
};

// One `allow` line.
struct Grant {
  enum class Subject : uint8_t { USER, GROUP };
  Subject subject = Subject::USER;
  uint32_t id = 0;
  bool login = false;
  bool isOperator = false;
  std::optional<LocalService> service;
};

struct ConfigError {
  unsigned line = 0;  // 0: about the file as a whole
  const char* says = "";
};

struct Config {
  uid_t brokerUid = 0;
  std::string socketPath;
  std::vector<Grant> grants;
  bool requireSecretMemory = false;
  unsigned workers = 0;  // 0: not said
  uint32_t argon2Passes = MIN_ARGON2_PASSES;
  uint64_t argon2Memory = MIN_ARGON2_MEMORY;
  uint64_t tokenLifeMs = MAX_TOKEN_LIFE_S * 1000;
  uint64_t sessionLifeMs = 30 * 24 * 3600'000ull;
  std::vector<PublicKey> custodians;
  bool policySaid = false;
  std::optional<PublicKey> policyKey;  // nothing: `policy none`
  uint64_t policyFloor = 0;

  // Reads the text into this object. After an error the object is of no use.
  [[nodiscard]] std::optional<ConfigError> parse(std::string_view text);

  // Takes what the credential `policy_floor` says: a number, with or without a newline. The higher floor counts. False
  // for anything else.
  [[nodiscard]] bool raisePolicyFloor(std::string_view text);

  // The roles of a process with these ids (primary and supplementary groups alike). The first service that matches
  // counts. What is returned points into this Config.
  Roles rolesOf(uid_t uid, std::span<const gid_t> groups) const;
};

}  // namespace waas::vault
