#pragma once
// The newest signed end of the audit log that this client has seen, of each life of the vault.
//
// Answers carry the log's head as the vault signed it. Kept somewhere that the daemon can't reach, it shows later
// whether the log was cut or rewritten (audit-chain.h).
#include <kj/vector.h>
#include <protocol/signer.capnp.h>

#include "protocol/audit-record.h"

namespace waas::client {

struct AuditHead {
  Id instance{};
  uint64_t sequence = 0;
  Hash hash{};
  Signature signature{};
};

// Heads of one vault. A value: copy it, store it, give it back with `note`.
class AuditHeads {
 public:
  // `auditKey` is the one of vault.pub.
  explicit AuditHeads(const PublicKey& auditKey) : auditKey(auditKey) {}

  // Verifies a head and keeps it if it is the newest of its instance (L4). A head of size zero (no record was made) is
  // ignored. Throws `recordRefused` when the signature is not the vault's, and when two heads of one sequence differ.
  void note(const AuditHead& head);
  void note(protocol::AuditHead::Reader head);

  // The kept heads, in no order.
  kj::ArrayPtr<const AuditHead> all() const { return heads; }
  kj::Maybe<const AuditHead&> of(const Id& instance) const;

 private:
  PublicKey auditKey;
  kj::Vector<AuditHead> heads;  // one an instance; a vault has few lives, so a scan will do
};

}  // namespace waas::client
