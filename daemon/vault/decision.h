#pragma once
// What the policy says to a use of a wallet. Everything that it is asked about was found out by the vault itself.
#include "daemon/vault/limit-row.h"
#include "daemon/vault/service.h"
#include "daemon/vault/wallet-row.h"
#include "policy/evaluate.h"

namespace waas::vault {

// Decides on a use that is no signature: EXPORT, IMPORT, ROTATE, RECOVER, DELETE. A refusal is deniedByPolicy with rule
// and reason; else `policyNumber` is for the audit record (0: no policy decided). Without a policy, or with one that
// has expired, only the daemon's own ROTATE and RECOVER go on. Limits over time count signatures only: a rule that has
// some covers no other use.
Refusal decide(Context& context, const Caller& caller, const policy::WalletInfo& wallet, policy::Action action,
               uint32_t& policyNumber);

// A wallet in the policy's words. Points into the certificate.
policy::WalletInfo walletInfo(const Certificate& certificate);

// The decisions of one call to sign. Charges of several items add up, and each wallet gets one new limit row.
class SignDecisions {
 public:
  SignDecisions(Context& context, const Caller& caller, capnp::List<rpc::Sign::Item>::Reader items);

  // What came of one item, besides a refusal.
  struct Ruling {
    uint32_t policyNumber = 0;
    bool charge = false;  // not to be signed yet: the wallet's limit row has to say so first
  };

  // Decides on the message that would be signed, whose SHA-256 is `subject`. `transaction`: the same bytes decoded;
  // null for an off-chain message. Refusals: deniedByPolicy, recordRefused and rolledBack ("limit row"),
  // invalidRequest.
  Refusal decide(unsigned item, rpc::Sign::Item::Reader shown, const WalletRow& wallet,
                 const solana::Message* transaction, const Hash& subject, Ruling& ruling);

  // Writes the new limit rows into the outcomes of the items that charged them, each once, in the last of its items. A
  // row that the reply has no room for stays out: its items come again.
  void writeCharges(capnp::List<rpc::Outcome>::Builder outcomes);

 private:
  struct Charged {
    uint16_t row = 0;  // place in the scratch, counted from 1; 0: not charged
    uint32_t policyNumber = 0;
    Hash subject{};
  };

  Refusal readFactsOf(rpc::Sign::Item::Reader shown, const WalletRow& wallet, const solana::Message& message);
  Bytes limitsOf(const Id& walletId, rpc::Wallet::Reader shown) const;
  Refusal readLimits(rpc::Wallet::Reader shown, const Id& walletId, LimitRow*& row);
  bool writeRow(size_t place, rpc::Outcome::Builder outcome);

  Context& context;
  const Caller& caller;
  const capnp::List<rpc::Sign::Item>::Reader items;
  const char* absent = "";                             // why there is no policy
  const std::shared_ptr<const policy::Policy> policy;  // one for all items
  size_t rows = 0;
  std::array<Charged, MAX_SIGNATURES> charged{};
};

}  // namespace waas::vault
