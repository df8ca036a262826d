#pragma once
// What is asked of a policy: who asks, about which wallet, to do what.
//
// Everything here was found out by the caller of decide() itself: from the kernel, from a proof, from an authenticated
// record. Nothing is what a peer says of itself.

#include <cstdint>
#include <span>
#include <string_view>

#include "protocol/bytes.h"
#include "solana/message.h"

namespace waas::policy {

/// What a use of a wallet is. The values are those of the compiled form (protocol/policy.capnp, Rule.actions: bit
/// value-1).
enum class Action : std::uint8_t {
  UNKNOWN = 0,
  SIGN_TRANSACTION = 1,
  SIGN_MESSAGE = 2,
  /// To sign while a share's store is away, from the recovery envelope. Asked for in addition, see Request::degraded.
  SIGN_DEGRADED = 3,
  EXPORT = 4,
  IMPORT = 5,
  ROTATE = 6,
  RECOVER = 7,
  DELETE = 8,
};
inline constexpr unsigned ACTIONS = 8;

/// Name of an action in policy files: "sign-transaction", ... Empty for UNKNOWN.
std::string_view nameOf(Action action) noexcept;

/// Who asks.
struct Caller {
  enum class Kind : std::uint8_t {
    UNKNOWN,
    PERSON,    // proved by token and session key; `id` is the user's
    SERVICE,   // a local service in its own name; `id` is the service's owner id
    OPERATOR,  // a local operator in the own name
    DAEMON,    // nobody: rotation and recovery that were due
  };

  Kind kind = Kind::UNKNOWN;
  Id id{};
  /// Of the process at the other end of the connection. It counts for SERVICE and OPERATOR: a person's calls come
  /// through a process that is not the person's.
  std::uint32_t uid = 0;
};

/// The wallet that is to be used, by its authenticated certificate. For an import: as it will be; `address` and `id`
/// are zero as long as they are not known, and no rule names those.
struct WalletInfo {
  Id id{};
  PublicKey address{};
  OwnerId owner;
  std::string_view name;
};

/// Whether all shares come from their stores.
enum class Mode : std::uint8_t { WHOLE, DEGRADED };

struct Request {
  Caller caller;
  WalletInfo wallet;
  Action action = Action::UNKNOWN;
  /// DEGRADED: a rule has to allow SIGN_DEGRADED for this caller and wallet, besides what `action` needs.
  Mode mode = Mode::WHOLE;
  std::uint64_t now = 0;  // Unix milliseconds, of a clock that no peer sets
  /// SIGN_TRANSACTION: the message that the facts were read from. Null otherwise.
  const solana::Message* message = nullptr;
  /// Other wallets of ours that the caller of decide() knows of, if any. What leaves one of them is never covered by a
  /// rule that was asked about this one.
  std::span<const solana::Address> others;
};

}  // namespace waas::policy
