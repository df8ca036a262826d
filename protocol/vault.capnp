@0xb5c7d3e9f1a28640;
# broker <-> vault: the records that cross the inner border.
#
# Who talks: exactly one broker, which connects to the vault's SOCK_SEQPACKET socket, and the vault behind it. Each
# datagram is one Cap'n Proto message in the stream framing (segment table, then one segment): a `Record` towards the
# vault, a `Reply` from it. One Record brings one Reply; a vault with several workers may reply out of order.
#
# Who trusts whom: the vault trusts nothing that is written here. The broker chooses `Request.id`, the order, and which
# rows it shows; it never names an identity. Whatever authority a request has comes from a socket that the vault looked
# at itself (`peer`) or from a token and a proof that the vault made or can check (`person`). Rows are authenticated by
# the vault before anything in them is believed. The broker believes answers as far as its own bookkeeping goes.
#
# Secrets: none in the clear, in either direction. Passwords come stretched and sealed to the vault's X25519 key; tokens
# go back sealed under the key that the person's client chose.
#
# Limits: a Record or a Reply is at most 131072 bytes, has at most 64 requests and at most 64 signatures to make. A
# datagram that is truncated, carries an unexpected descriptor, or can't be read ends the connection, never the vault.
#
# Integers are little endian in every byte string below. Times are Unix milliseconds.

using Cxx = import "/capnp/c++.capnp";
using Error = import "error.capnp";
$Cxx.namespace("waas::protocol::vault");

struct Record {
  requests @0 :List(Request);
}

struct Request {
  id @0 :UInt64;
  # Chosen by the broker, echoed in the answer, not interpreted.

  union {
    hello @1 :Void;
    # First request of a connection, alone in its Record. Any other request before it is refused. Answer: `hello`.

    presentPeer @2 :Void;
    # Alone in its Record, whose datagram carries exactly one descriptor: an accepted connection of the daemon's socket.
    # The vault reads the peer's identity from the kernel and closes its copy. Answer: `peer`.
    # Errors: notAllowed (no connected AF_UNIX stream of this daemon's socket path, or a peer without any role),
    # overloaded (peer table full).

    dropPeer @3 :UInt64;
    # The connection behind this handle has ended. Unknown handles are ignored. Answer: `done`.

    acknowledgeAudit @4 :UInt64;
    # Every audit record up to and including this sequence is durable. Never goes backwards. Answer: `done`.

    replayAudit @5 :UInt64;
    # Alone in its Record. Asks for the unacknowledged records from this sequence on, at most 256 a reply, in Reply.audit,
    # with a head over the last of them. Answer: `done`.

    health @6 :Void;
    # Answer: `health`.

    challenge @7 :ChallengeRequest;
    # Answer: `challenge`. Same work and same shape of answer for known and unknown accounts.

    signUp @8 :SignIn;
    # Makes an account and its first wallet. SignIn.account must be absent. Answer: `signedUp`.

    signIn @9 :SignIn;
    # Answer: `signedIn`. Errors: invalidCredentials (also for unknown accounts), tooManyAttempts, challengeInvalid.

    refresh @10 :Caller;
    # A new token for the same session and key. Answer: `signedIn`.

    authorize @11 :Authorize;
    # Checks a person's proof for a call that uses no key (list wallets, share status, resume). Answer: `authorized`.

    signOut @12 :SignOut;
    # Answer: `account`, the new account row, to be committed by compare-and-swap on its version.

    createWallet @13 :CreateWallet;
    # Answer: `wallet`.

    sign @14 :Sign;
    # Answer: `signed`, one outcome an item, in order.

    advance @15 :Advance;
    # Makes the next version of a wallet's shares: rotation, recovery, re-wrapping. The broker's housekeeping; what it may
    # do by itself is the policy's to say. Answer: `wallet`, every envelope of it checked. Errors: recordRefused (with the
    # share), recoveryKeyAbsent, keyVersionUnknown, rolledBack, deniedByPolicy.

    importWallet @16 :ImportWallet;
    # Makes a wallet of a key that the caller brings, sealed to the vault. Answer: `wallet`.

    exportWallet @17 :ExportWallet;
    # Hands a wallet's key to its owner, sealed to the key that the client chose. Answer: `exported`.

    deleteWallet @18 :DeleteWallet;
    # Answer: `tombstone`, to be put in the row's place by compare-and-swap on the version.

    loadPolicy @19 :LoadPolicy;
    # Takes a signed policy bundle in the place of the present one. Answer: `policy`. Errors: policyRefused.

    keys @20 :KeysRequest;
    # Lists, adds, installs or retires key versions. Answer: `keys`.

    custody @21 :CustodyRequest;
    # Takes custodians' parts of the recovery key, or forgets the key again. Answer: `custody`.
  }
}

struct Caller {
  # Who asks. Never a name: a handle that the vault gave out, and for people a token and a proof besides.

  peer @0 :UInt64;
  # Handle of the connection that the call came through. For local services and operators this is the whole identity;
  # for people it must have the login role, and is written to the audit log.

  person @1 :Person;
  # Absent (null) for a call that a local service or operator makes in its own name.
}

struct Person {
  token @0 :Data;        # the JWT, ASCII
  time @1 :UInt64;       # when the client made the proof; within 60 s of the vault's clock
  proof @2 :Data;        # 32 bytes: HMAC-SHA256 under the session key over the call, see protocol/proof.h
  account @3 :Account;   # the row of the token's user, which says whether the session still holds
}

struct Account {
  # A row of an account, as it rests in PostgreSQL.
  userId @0 :Data;       # 16 bytes
  email @1 :Text;        # canonical
  version @2 :UInt64;    # counts changes; in the associated data
  record @3 :Data;       # envelope
}

struct Wallet {
  # A wallet, as it rests in the three stores.
  certificate @0 :Data;  # canonical bytes, see protocol/certificate.h: id, owner, public key, name, whether first
  signature @1 :Data;    # 64 bytes, Ed25519 by the vault's answer key over the certificate: what clients check
  mac @2 :Data;          # 32 bytes, HMAC-SHA256 by the vault's record key over the certificate: what the vault checks
  epoch @3 :UInt64;
  tag @4 :UInt64;        # epoch and tag together are the version
  shares @5 :List(Data); # three envelopes, index 1, 2, 3; empty = not found
  recovery @6 :Data;     # envelope of shares 2 and 3 under the recovery key; towards the vault only where it is needed
  floors @7 :List(Data); # as the two Redis keep them beside shares 2 and 3, see protocol/floor.h; empty = not found
  limits @8 :Data;       # the wallet's limit row, see protocol/limit-row.h; empty = not found, or shown with another item
}

struct ChallengeRequest {
  peer @0 :UInt64;       # must have the login role
  email @1 :Text;        # canonical, see protocol/email.h
}

struct SignIn {
  peer @0 :UInt64;
  email @1 :Text;
  box @2 :Data;          # sealed to the vault, see protocol/login-box.h
  account @3 :Account;   # null when there is none
}

struct Authorize {
  caller @0 :Caller;
  call @1 :UInt8;        # protocol/proof.h, enum class Call
  fields @2 :List(Data); # what the proof covers besides, in order
}

struct SignOut {
  caller @0 :Caller;
  everywhere @1 :Bool;
}

struct CreateWallet {
  caller @0 :Caller;
  name @1 :Text;         # 1..64 bytes of UTF-8 without control characters
  first @2 :Bool;        # whether the owner has none yet: a claim of the broker's, made unique by the database
}

struct Sign {
  caller @0 :Caller;
  items @1 :List(Item);

  struct Item {
    selector @0 :Selector;
    wallet @1 :Wallet;
    union {
      transaction @2 :Data;   # a whole transaction, signatures of others kept
      message @3 :Data;       # text of an off-chain message
    }
    tables @4 :List(LookupTable);
    # Contents of the address lookup tables that the transaction names, as the client claims them.
    unreachable @5 :UInt8;
    # Bit i: the store of share i+1 does not answer, so the recovery envelope is shown in its place (degraded mode).
  }
}

struct LookupTable {
  address @0 :Data;      # 32 bytes
  entries @1 :Data;      # 32 bytes each, in the table's order
}

struct Advance {
  wallet @0 :Wallet;     # with the recovery envelope where a share is missing
  why @1 :Why;
  above @2 :UInt64;      # the highest epoch that was seen of this wallet in any store; the next one is above it
  peer @3 :UInt64;       # whoever asked for it; 0: nobody did, it was due
  person @4 :Person;     # null unless a person asked for it about wallets of his own
  selector @5 :Selector; # with a person: the wallet that was named, in the proof
  force @6 :Bool;        # with a person: whether also if it is not due; in the proof

  enum Why { due @0; requested @1; missing @2; damaged @3; rewrap @4; }
}

struct ImportWallet {
  caller @0 :Caller;
  name @1 :Text;
  first @2 :Bool;
  box @3 :Data;          # sealed to the vault: protocol/key-box.h
}

struct ExportWallet {
  caller @0 :Caller;
  selector @1 :Selector;
  wallet @2 :Wallet;
  clientKey @3 :Data;    # 32 bytes, X25519: the key is sealed to it, protocol/key-box.h
}

struct DeleteWallet {
  caller @0 :Caller;
  selector @1 :Selector;
  wallet @2 :Wallet;
}

struct LoadPolicy {
  peer @0 :UInt64;       # 0: the broker shows the bundle that it has, after `hello`; otherwise an operator's connection
  bundle @1 :Data;       # protocol/policy-bundle.h
}

struct KeysRequest {
  peer @0 :UInt64;       # an operator's connection
  union {
    list @1 :Void;
    add @2 :Text;        # purpose: makes its next version, which is not written with until it is activated
    activate @3 :KeyName;
    install @4 :Data;    # a keyring that another host handed out, wrapped under the root credential
    retire @5 :KeyName;  # refuses to open anything more with this version
  }
  struct KeyName { purpose @0 :Text; version @1 :UInt32; }
}

struct CustodyRequest {
  peer @0 :UInt64;       # an operator's connection
  union {
    part @1 :Data;       # one custodian's part, sealed to the vault: protocol/key-box.h
    forget @2 :Void;     # ends a loan; after a split, the vault's own private half
    split @3 :Split;     # splits the recovery key among custodians; the vault's own half stays until `forget`
  }
  struct Split { threshold @0 :UInt8; recipients @1 :List(Data); }  # X25519 keys that the parts are sealed to
}

struct Selector {
  # Which wallet the caller asked for. The vault holds the row that the broker shows against it.
  union {
    first @0 :Void;
    id @1 :Data;          # 16 bytes
    name @2 :Text;
    publicKey @3 :Data;   # 32 bytes
  }
}

struct Reply {
  answers @0 :List(Answer);

  audit @1 :List(Data);
  # The audit records that these answers made, oldest first; contiguous. See protocol/audit-record.h.

  head @2 :AuditHead;
  # Null when `audit` is empty.
}

struct AuditHead {
  instance @0 :Data;     # 16 bytes: this life of this vault
  sequence @1 :UInt64;   # of the record that the head is
  hash @2 :Data;         # 32 bytes: SHA-256 of that record
  signature @3 :Data;    # 64 bytes, Ed25519 by the vault's audit key
}

struct Answer {
  id @0 :UInt64;

  auditThrough @1 :UInt64;
  # The answer may be released once every audit record up to this sequence is durable. 0: at once.

  union {
    refused @2 :Refusal;
    done @3 :Void;
    hello @4 :Hello;
    peer @5 :Peer;
    health @6 :Health;
    challenge @7 :Challenge;
    signedUp @8 :SignedUp;
    signedIn @9 :Data;       # sealed under the client's session key, see protocol/login-box.h
    authorized @10 :Data;    # 16 bytes: the user's id
    account @11 :Account;
    wallet @12 :Wallet;
    signed @13 :List(Outcome);
    exported @14 :Data;          # sealed to the client: protocol/key-box.h
    tombstone @15 :Wallet;       # certificate and proof of deletion; no envelopes
    policy @16 :Policy;
    keys @17 :Keys;
    custody @18 :Custody;
  }
}

struct Refusal {
  code @0 :Error.ErrorCode;
  detail @1 :Text;
  # A literal of the vault's, or empty; never caller-controlled bytes, never an address.
  retryAfter @2 :UInt32;    # milliseconds; 0 = not said
  share @3 :UInt8;          # for shareMissing and recordRefused: which share (1..3), 0 = none
  rule @4 :Text;            # deniedByPolicy: the rule that decided; empty: no rule allowed it
  instruction @5 :UInt16;   # deniedByPolicy: which instruction, counted from 1; 0 = the transaction as a whole
}

struct Outcome {
  union {
    refused @0 :Refusal;
    signature @1 :Data;      # 64 bytes
    charge @4 :Data;
    # The policy's windows let this pass, and the wallet's limit row has to say so first: the new row. Commit it by
    # compare-and-swap, then show the same item with it. Items of one wallet make one row, which stands with the last of
    # them; empty: with another item, or there was no room for it, and the item is to be shown again at any rate.
  }
  offset @2 :UInt32;         # transactions: where in the given bytes the signature belongs
  signedBytes @3 :Data;      # messages: the off-chain message as it was signed
}

struct Hello {
  instance @0 :Data;         # 16 bytes
  nextSequence @1 :UInt64;   # the sequence that the next audit record will have; sequences start at 1
  firstUnacknowledged @2 :UInt64;  # nextSequence when there is none
  sealingKey @3 :Data;       # public halves, for the broker's own health report only
  answerKey @4 :Data;
  auditKey @5 :Data;
}

struct Peer {
  handle @0 :UInt64;
  uid @1 :UInt32;
  login @2 :Bool;
  operator @3 :Bool;
  service @4 :Data;          # 16 bytes: owner id of the local service; empty = none
  serviceName @5 :Text;
}

struct Challenge {
  salt @0 :Data;             # 16 bytes
  challenge @1 :Data;        # 72 bytes
  passes @2 :UInt32;         # Argon2id's t
  memory @3 :UInt64;         # Argon2id's m, bytes
}

struct Policy {
  number @0 :UInt64;         # 0: none is loaded, and everything is denied
  notAfter @1 :UInt64;
  hash @2 :Data;             # SHA-256 of the bundle
  required @3 :Bool;         # false: this vault was started to decide by no policy
}

struct Keys {
  versions @0 :List(Health.KeyVersion);
  keyring @1 :Data;          # after a change: the whole keyring, wrapped under the root credential, to be kept
}

struct Custody {
  held @0 :Bool;             # the recovery key's private half is here
  threshold @1 :UInt8;
  given @2 :UInt8;           # parts that were taken so far
  parts @3 :List(Data);      # after `split`: one part for each recipient, sealed, with the vault's signature
  keyring @4 :Data;          # after `forget`, where that was the vault's own half: the keyring without it, to be kept
}

struct SignedUp {
  account @0 :Account;
  wallet @1 :Wallet;
  answer @2 :Data;           # as signedIn
}

struct Health {
  secretMemory @0 :SecretMemory;
  guarded @1 :Bool;          # a tracer of ours holds the vault
  workers @2 :UInt16;
  startedAt @3 :UInt64;
  peers @4 :UInt32;
  unacknowledged @5 :UInt32; # audit records that wait for the broker's word
  ringSize @6 :UInt32;
  requests @7 :UInt64;
  refused @8 :UInt64;
  denied @9 :UInt64;
  failed @10 :UInt64;
  signatures @11 :UInt64;
  keys @12 :List(KeyVersion);
  policy @13 :Policy;
  recoveryKey @14 :Bool;     # the recovery key's private half is here

  enum SecretMemory { unprotected @0; locked @1; secret @2; }
  struct KeyVersion { purpose @0 :Text; version @1 :UInt32; newest @2 :Bool; state @3 :KeyState; }
  enum KeyState { active @0; pending @1; retired @2; }
}
