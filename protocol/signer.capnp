@0xe8f2a1b6c4d93705;
# The public interface of the signing daemon (waas-signerd).
#
# Who talks: any local process that may connect to the daemon's Unix socket, and the broker behind it. The daemon knows
# the peer by what the kernel says of it (SO_PEERCRED, SO_PEERGROUPS) when it connects; nothing that a peer writes can
# change who it is. Speak Cap'n Proto RPC (two-party, level 1) on the stream; the bootstrap capability is a `Signer`.
#
# Authority is what you hold. `enter` gives the capabilities of the peer's roles, and a role that the peer has not is
# null. There is no flag to ask for more.
#
# Expected refusals are values: every method answers `Result(T)`. An RPC exception means a broken connection, a call that
# the schema does not have, or a fault of the daemon; its text carries a code and nothing internal.
#
# Secrets do not travel in the clear. A password is stretched with Argon2id by the client, sealed to the vault's public
# key from `vault.pub`, and the session key comes from the client. What a person may do is proven anew with each call
# (`Proof`), end to end between client and vault.
#
# Limits: a message has at most 1 MiB, nesting 16. At most 256 calls in flight on one connection; beyond that a call is
# refused with `overloaded`. A transaction has at most 4096 bytes, an off-chain message at most 65515, a call to sign at
# most 64 items and 65536 bytes of them together. Each call is answered within the daemon's deadline (5 s by default).
#
# Evolution: fields and methods are only added, at the end.
#
# Ids are 16 random bytes made by the vault. Public keys are 32 bytes. Times are Unix milliseconds.

using Cxx = import "/capnp/c++.capnp";
using Error = import "error.capnp";
$Cxx.namespace("waas::protocol");

struct Refusal {
  code @0 :Error.ErrorCode;
  message @1 :Text;          # one sentence for people
  detail @2 :Text;           # what exactly, or empty; of the daemon's own making, safe to show and to log
  retryAfter @3 :UInt32;     # milliseconds; 0 = not said
  share @4 :UInt8;           # shareMissing, recordRefused: which share (1..3); 0 = none
  rule @5 :Text;             # deniedByPolicy: name of the rule that denied it; empty: no rule allowed it
  instruction @6 :UInt16;    # deniedByPolicy: the instruction that it is about, counted from 1; 0 = the whole
}

struct Result(T) {
  union {
    refused @0 :Refusal;
    ok @1 :T;
  }
}

struct Nothing {}

interface Signer {
  # The bootstrap capability. Belongs to one connection and dies with it.

  enter @0 () -> (roles :Result(Roles));
  # Gives the peer's capabilities. Idempotent. Errors: notAllowed (no role), vaultUnreachable.

  struct Roles {
    login @0 :Login;            # sign-up and sign-in of people; null without that role
    service @1 :Session;        # the local service's own session; null without that role
    serviceName @2 :Text;       # the service's name; empty without that role
    operator @3 :Operator;      # null without that role
    version @4 :Text;           # of the daemon, for people to read
    maintenance @5 :Maintenance;  # comes with the login role and with the operator's; null without either
  }
}

interface Maintenance {
  # What a timer or the gateway may set off, on nobody's behalf.

  rotateDue @0 (limit :UInt32) -> (run :Result(Rotation));
  # Rotates what is due, at most `limit` wallets (0: no bound), and answers when that is done. Several runs at once, on
  # several hosts, share the work. Errors: postgresUnreachable, vaultUnreachable, deniedByPolicy.

  ready @1 () -> (ready :Result(Nothing));
  # Whether vault, PostgreSQL and both Redis are reached, as far as the daemon knows without asking them anew. Errors:
  # vaultUnreachable, postgresUnreachable, redisUnreachable.
}

struct Rotation {
  # What a run did.
  checked @0 :UInt64;
  rotated @1 :UInt64;           # of these, `recovered` had lost a share
  recovered @2 :UInt64;
  skipped @3 :UInt64;           # not due, or in the hands of another run
  failed @4 :UInt64;
  total @5 :UInt64;             # wallets that the run will look at, as far as it is known; for progress
  failures @6 :List(Failure);   # the first 100

  struct Failure { walletId @0 :Data; refusal @1 :Refusal; }
}

interface Progress {
  # Given by whoever wants to see a long run go on. Calls come at most 10 times a second; a call that fails ends the run.
  report @0 (soFar :Rotation);
}

interface Login {
  # People's way in. Held by the gateway and by operators. It vouches for nobody: each call below is checked by the
  # vault against what the person knows.

  challenge @0 (email :Text) -> (challenge :Result(Challenge));
  # What a client needs to stretch and to seal a password. Works alike for known and unknown addresses. `email` is
  # canonical (protocol/email.h). Errors: invalidRequest.

  signUp @1 (email :Text, box :Data) -> (signedUp :Result(SignedUp));
  # Makes an account and its first wallet. The box (protocol/login-box.h) has purpose "sign up" and can be used once.
  # The answer comes after account, wallet and audit record are durable. If the connection breaks before the answer,
  # sign in: the account exists whole or not at all. Errors: accountExists, challengeInvalid, overloaded, stores.

  signIn @2 (email :Text, box :Data) -> (signedIn :Result(SignedIn));
  # Errors: invalidCredentials (also for unknown accounts), tooManyAttempts, challengeInvalid, stores.

  resume @3 (token :Data, proof :Proof) -> (resumed :Result(Resumed));
  # Takes up a session by its token. The proof is for call `resume` without fields. Errors: sessionInvalid, proofInvalid.

  struct Challenge {
    salt @0 :Data;              # 16 bytes, for Argon2id
    challenge @1 :Data;         # 72 bytes, to be put into the box; lives 60 s, is accepted once
    passes @2 :UInt32;          # Argon2id t. Clients refuse less than 2
    memory @3 :UInt64;          # Argon2id m in bytes. Clients refuse less than 64 MiB
  }

  struct SignedUp {
    answer @0 :Data;            # sealed under the session key, holds the token: protocol/login-box.h
    wallet @1 :WalletInfo;
    head @2 :AuditHead;
  }

  struct SignedIn {
    answer @0 :Data;
    wallet @1 :WalletInfo;      # the user's first wallet
    head @2 :AuditHead;
  }

  struct Resumed {
    session @0 :UserSession;
    userId @1 :Data;
  }
}

struct Proof {
  # Proof of possession of the session key for one call. See protocol/proof.h for what it covers. A repeated proof can
  # only repeat the very same call, within a minute. Null in calls of a local service.
  time @0 :UInt64;
  mac @1 :Data;                 # 32 bytes
}

interface Session {
  # What a wallet owner can do: a person (UserSession) or a local service. Calls of a person carry a proof; in calls of a
  # service `proof` is left out and ignored.

  wallets @0 (proof :Proof, after :Data, limit :UInt32) -> (wallets :Result(List(WalletInfo)), more :Bool);
  # The caller's wallets, the first one first, the others by name, a page at a time. `after` is the last wallet id of the
  # page before, empty at first. `limit` is at most 1000; 0 means that, too. `more`: there are others after these.

  createWallet @1 (name :Text, proof :Proof) -> (wallet :Result(Created));
  # Makes a wallet. The name has 1 to 64 bytes of UTF-8 without control characters and is unique among the caller's own.
  # Not idempotent, but a repetition is refused by the name (nameTaken). The answer comes after the wallet is durable.

  sign @2 (items :List(SignItem), proof :Proof) -> (outcomes :Result(Signed));
  # Signs each item with its wallet. Items succeed and fail one by one, in order; the call as a whole is refused only
  # where nothing was tried. Ed25519 is deterministic: repeating a call gives the same signatures, and an audit record
  # each time.
  # Errors by item: unknownWallet, transactionMalformed, messageMalformed, notASigner, shareMissing, recordRefused, ...

  shareStatus @3 (proof :Proof, after :Data, limit :UInt32) -> (status :Result(List(ShareStatus)), more :Bool);
  # The shares of the caller's wallets, as the stores answer now; in the order and in pages of `wallets`.

  rotate @4 (wallet :Selector, force :Bool, proof :Proof) -> (run :Result(Rotation));
  # Rotates one of the caller's wallets when it is due, or at any rate with `force`.

  importWallet @5 (name :Text, box :Data, proof :Proof) -> (wallet :Result(Created));
  # Makes a wallet of an existing key, sealed to the vault (protocol/key-box.h). Errors: deniedByPolicy, walletExists,
  # nameTaken.

  exportWallet @6 (wallet :Selector, clientKey :Data, proof :Proof) -> (exported :Result(Exported));
  # The wallet's key, sealed to the client's X25519 key (protocol/key-box.h), where the policy allows it.

  deleteWallet @7 (wallet :Selector, proof :Proof) -> (deleted :Result(Nothing));
  # Destroys all shares of the wallet, everywhere. What back-ups hold dies with them. It can't be undone.
}

struct Exported {
  box @0 :Data;
  wallet @1 :WalletInfo;
  head @2 :AuditHead;
}

interface UserSession extends (Session) {
  # A person's session. Lives as long as the connection; whether its token still holds is decided call by call.

  refresh @0 (proof :Proof) -> (signedIn :Result(Data));
  # A new token for the same session key, sealed as in SignedIn.answer. The daemon can't read it, so this capability goes
  # on with the old token, as long as that holds; take up the new one with `Login.resume`.

  signOut @1 (everywhere :Bool, proof :Proof) -> (done :Result(Nothing));
  # Ends this session, or all sessions of the account. Durable when it answers.
}

interface Operator {
  # The local operator's view. Names no secret, uses no wallet's key.

  health @0 () -> (health :Health);
  # The whole report; also while parts are away (that is what it is for).

  shareStatus @1 (whose :Whose, after :Data, limit :UInt32) -> (page :Result(StatusPage));
  # Shares of anybody's wallets, ordered by wallet id, a page at a time. `after` is the last wallet id of the page before,
  # empty at first. `limit` is at most 1000; 0 means 100.

  auditTail @2 (instance :Data, after :UInt64, limit :UInt32) -> (page :Result(AuditPage));
  # Audit records of one vault life after a sequence, at most 1000. Empty `instance`: the newest life's last records.

  auditInstances @3 () -> (instances :Result(List(AuditInstance)));

  rotate @4 (whose :Whose, force :Bool, progress :Progress) -> (run :Result(Rotation));
  # Rotates wallets of one owner or of all: those that are due, or every one with `force`. `progress` may be null.

  recover @5 (whose :Whose, progress :Progress) -> (run :Result(Rotation));
  # Rebuilds shares that are missing or damaged, and nothing else.

  loadPolicy @6 (bundle :Data) -> (policy :Result(Policy));
  # Checks a signed bundle (protocol/policy-bundle.h) in the vault, keeps it in the database for the other hosts and the
  # next start, and decides by it from now on. Errors: policyRefused.

  policy @7 () -> (policy :Result(Policy));
  # The policy in force, with its bundle.

  keys @8 () -> (keys :Result(List(KeyUse)));
  # Key versions, with what each still protects: a count from the database, which is not trusted, so a hint.

  changeKeys @9 (change :KeyChange) -> (changed :Result(Data));
  # Adds, activates, installs or retires a key version. The answer is the whole keyring, wrapped under the root
  # credential: keep it in the place of the old file, on every host, before the next step.

  custody @10 (change :CustodyChange) -> (custody :Result(Custody));
  # Custodians' parts of the recovery key, for one run of `recover`.

  struct Policy {
    number @0 :UInt64;          # 0: none is loaded, and everything is denied
    notAfter @1 :UInt64;
    bundle @2 :Data;
  }

  struct KeyUse {
    purpose @0 :Text;
    version @1 :UInt32;
    state @2 :State;
    newest @3 :Bool;
    protects @4 :UInt64;        # records that name this version
    counted @5 :Bool;           # whether the database could be asked

    enum State { active @0; pending @1; retired @2; }
  }

  struct KeyChange {
    union {
      add @0 :Text;             # purpose
      activate @1 :Name;
      install @2 :Data;         # a wrapped keyring from another host
      retire @3 :Name;
    }
    struct Name { purpose @0 :Text; version @1 :UInt32; }
  }

  struct CustodyChange {
    union {
      part @0 :Data;            # sealed to the vault: protocol/key-box.h
      forget @1 :Void;
      split @2 :Split;
    }
    struct Split { threshold @0 :UInt8; recipients @1 :List(Data); }
  }

  struct Custody {
    held @0 :Bool;
    threshold @1 :UInt8;
    given @2 :UInt8;
    parts @3 :List(Data);
    keyring @4 :Data;           # after `forget`, where that was the vault's own half: to be kept in the old one's place
  }

  struct Whose {
    union {
      all @0 :Void;
      user @1 :Data;            # user id, 16 bytes
      email @2 :Text;
      service @3 :Text;
    }
  }

  struct StatusPage {
    rows @0 :List(ShareStatus);
    more @1 :Bool;
  }

  struct AuditPage {
    records @0 :List(AuditRow);
  }
}

struct WalletInfo {
  certificate @0 :Data;         # protocol/certificate.h: id, owner, public key, name, whether first
  signature @1 :Data;           # by the vault's answer key. Verify before you show or use the address
}

struct Created {
  wallet @0 :WalletInfo;
  head @1 :AuditHead;
}

struct Selector {
  # Names one of the caller's own wallets.
  union {
    first @0 :Void;
    id @1 :Data;
    name @2 :Text;
    publicKey @3 :Data;
  }
}

struct SignItem {
  wallet @0 :Selector;
  union {
    transaction @1 :Data;
    # A whole transaction in wire form (legacy, v0 or v1), signatures of others kept, empty slots zero.
    message @2 :Data;
    # UTF-8 text, to be signed as a Solana off-chain message. What is signed can never be a transaction.
  }
  lookupTables @3 :List(LookupTable);
  # What the caller claims the transaction's address lookup tables to hold. Claims: a policy may want none to matter.
}

struct LookupTable {
  address @0 :Data;             # 32 bytes
  entries @1 :Data;             # 32 bytes each, in the table's order; at most 256
}

struct Signed {
  outcomes @0 :List(Outcome);
  head @1 :AuditHead;

  struct Outcome {
    union {
      refused @0 :Refusal;
      signature @1 :Data;       # 64 bytes
    }
    signedBytes @2 :Data;
    # The transaction with the signature in its slot, or the off-chain message as it was signed.
  }
}

struct AuditHead {
  # The audit log's end as the vault signed it. Keep the newest: it shows later whether the log was cut.
  instance @0 :Data;
  sequence @1 :UInt64;
  hash @2 :Data;
  signature @3 :Data;           # protocol/audit-record.h
}

struct AuditRow {
  record @0 :Data;              # protocol/audit-record.h
  headSignature @1 :Data;       # empty unless this record was a head
}

struct AuditInstance {
  instance @0 :Data;
  first @1 :UInt64;
  last @2 :UInt64;
}

struct ShareStatus {
  walletId @0 :Data;
  ownerId @1 :Data;             # 17 bytes: kind (1 user, 2 service) and id
  publicKey @2 :Data;
  name @3 :Text;
  epoch @4 :UInt64;
  expiresAt @5 :UInt64;         # when the first Redis share ends; 0 = none is there
  shares @6 :List(ShareState);  # index 1, 2, 3
  needsRotation @7 :Bool;

  deleted @8 :Bool;
  leased @9 :Bool;              # a rotation holds it at the moment

  enum ShareState { unknown @0; present @1; missing @2; unreachable @3; damaged @4; }
}

struct Health {
  stores @0 :List(Store);
  vault @1 :Vault;
  broker @2 :Broker;
  risks @3 :List(Text);
  # Sentences, each a reason why `waas health` exits 1. Empty: nothing is at risk.

  struct Store {
    name @0 :Text;              # postgres, redis1, redis2
    reachable @1 :Bool;
    roundTrip @2 :UInt32;       # microseconds of the last answer; 0 = none yet
    reconnects @3 :UInt64;
    detail @4 :Text;            # server version and role, or why it is not reachable; no address, no password
  }

  struct Vault {
    reachable @0 :Bool;
    instance @1 :Data;
    secretMemory @2 :SecretMemory;
    guarded @3 :Bool;
    workers @4 :UInt16;
    startedAt @5 :UInt64;
    unacknowledged @6 :UInt32;
    ringSize @7 :UInt32;
    signatures @8 :UInt64;
    denied @9 :UInt64;
    failed @10 :UInt64;
    keys @11 :List(Key);
    policy @12 :UInt64;         # number of the policy in force; 0 = none
    policyNotAfter @13 :UInt64;
    recoveryKey @14 :Bool;      # the recovery key's private half is here: automatic mode, or custodians at work

    enum SecretMemory { unprotected @0; locked @1; secret @2; }
    struct Key { purpose @0 :Text; version @1 :UInt32; newest @2 :Bool; }
  }

  struct Broker {
    connections @0 :UInt32;
    callsInFlight @1 :UInt32;
    callsRefused @2 :UInt64;
    auditDurable @3 :UInt64;    # highest audit sequence known to be durable in this vault life
    sandboxed @4 :Bool;
    version @5 :Text;
  }
}
