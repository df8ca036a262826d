@0xc3a9e07d5b1f4286;
# The compiled form of a policy: what `waas policy sign` puts into a bundle (policy-bundle.h) and the vault reads.
#
# Who writes it: the compiler of policy/file, from a TOML file, on the machine of whoever keeps the policy key. Who reads
# it: policy/policy.c++, in the vault, after the signature over the bundle was checked; one function checks every field
# once and makes bounded structures of them. What that function refuses is no policy, and the old one stays.
#
# It rests as one message of one segment in the stream framing. docs/policy.md says what the fields mean to an operator;
# here is only how they are written down.
#
# Sets. Rules share their lists: a rule names a set by its place, counted from 1; 0 means that the rule does not say
# anything of the kind. In the same way addresses stand once, in `addresses`, and sets name them by their place there,
# counted from 0.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("waas::protocol::compiled");

struct Policy {
  format @0 :UInt16;                  # 1
  name @1 :Text;                      # for people; at most 64 bytes
  addresses @2 :Data;                 # 32 bytes each, ascending, none twice
  addressSets @3 :List(AddressSet);
  callerSets @4 :List(CallerSet);
  walletSets @5 :List(WalletSet);
  ownerSets @6 :List(OwnerSet);
  amountSets @7 :List(AmountSet);
  limits @8 :List(Limit);             # at most 32
  rules @9 :List(Rule);
  mints @10 :List(Mint);              # how people write amounts of a mint; nothing is decided by it
  tokenAccounts @11 :List(TokenAccount);
  # Associated token accounts of addresses that rules name as destinations, for the mints that they name: by these a
  # transfer to such an account is known to be one to its owner. Ascending by `address`, none twice.
}

struct TokenAccount {
  address @0 :UInt16;                 # place in `addresses`
  owner @1 :UInt16;                   # place in `addresses`
}

struct AddressSet {
  members @0 :List(UInt16);           # places in `addresses`, ascending
  any @1 :Bool;                       # every address, also one that is not known
  self @2 :Bool;                      # the wallet that is asked for, and token accounts of which it is the owner
  sol @3 :Bool;                       # as an asset: lamports and wrapped SOL
}

struct CallerSet { members @0 :List(Caller); }

struct Caller {
  union {
    anyPerson @0 :Void;
    person @1 :Data;                  # user id, 16 bytes
    anyService @2 :Void;
    service @3 :Service;
    operator @4 :Void;
    daemon @5 :Void;
    uid @6 :UInt32;                   # a process of this user that acts in its own name
  }
}

struct Service {
  name @0 :Text;                      # for people
  id @1 :Data;                        # 16 bytes: what is compared
}

struct WalletSet { members @0 :List(Wallet); }

struct Wallet {
  union {
    id @0 :Data;                      # 16 bytes
    address @1 :UInt16;               # place in `addresses`
    name @2 :Text;                    # 1..64 bytes
  }
}

struct OwnerSet { members @0 :List(Owner); }

struct Owner {
  union {
    anyPerson @0 :Void;
    person @1 :Data;                  # user id, 16 bytes
    anyService @2 :Void;
    service @3 :Service;
  }
}

struct AmountSet { members @0 :List(Amount); }   # at most 16, no asset twice

struct Amount {
  asset @0 :UInt16;                   # 0: SOL; n: the mint at place n-1 in `addresses`
  most @1 :UInt64;                    # lamports, or the mint's smallest unit
}

struct Limit {
  id @0 :UInt64;                      # what the wallet's limit row knows it by; no two alike, never 0
  name @1 :Text;
  window @2 :UInt64;                  # milliseconds
  most @3 :UInt64;
  union {
    uses @4 :Void;                    # `most` counts signatures
    asset @5 :UInt16;                 # as in Amount
  }
}

struct Mint {
  symbol @0 :Text;                    # 1..16 bytes
  address @1 :UInt16;                 # place in `addresses`
  decimals @2 :UInt8;                 # 0..19
}

struct Rule {
  name @0 :Text;                      # 1..64 bytes; no two rules alike
  effect @1 :Effect;

  # When the rule applies. Everything that it says must be so.
  actions @2 :UInt16;                 # bit i: the action i+1 of policy/request.h
  callers @3 :UInt16;                 # set
  wallets @4 :UInt16;                 # set
  owners @5 :UInt16;                  # set

  # What it covers of a transaction (allow), or hits (deny).
  operations @6 :UInt32;              # bit i: the operation i of policy/operation.h
  programs @7 :UInt16;                # address set
  blind @8 :UInt16;                   # address set; allow only
  assets @9 :UInt16;                  # address set
  destinations @10 :UInt16;           # address set
  otherSigners @11 :UInt16;           # address set
  receive @12 :UInt16;                # address set: what a swap may give; allow only
  tables @13 :Tables;                 # allow only
  maxSlippage @14 :UInt16;            # basis points; allow only
  maxPlatformFee @15 :UInt16;         # basis points; allow only
  maxFee @16 :UInt64;                 # lamports; allow only
  amounts @17 :UInt16;                # amount set; allow only
  limits @18 :UInt32;                 # bit i: limit i; allow only

  enum Effect { none @0; allow @1; deny @2; }
  enum Tables {
    none @0;                          # the transaction uses no lookup table
    static @1;                        # nothing that the decision rests on comes from one
    claims @2;                        # what the caller claims of them is believed
  }
}
