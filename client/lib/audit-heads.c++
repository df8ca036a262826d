#include "audit-heads.h"

#include <kj/debug.h>

#include "error.h"
#include "wallet.h"

namespace waas::client {

void AuditHeads::note(protocol::AuditHead::Reader head) {
  if (head.getInstance().size() == 0) return;
  note(AuditHead{exactly<16>(head.getInstance(), "instance of an audit head"), head.getSequence(),
                 exactly<32>(head.getHash(), "hash of an audit head"),
                 exactly<64>(head.getSignature(), "signature of an audit head")});
}

void AuditHeads::note(const AuditHead& head) {
  // Calls that the vault answered together have one head: it was verified with the first of them.
  for (auto& kept : heads) {
    if (kept.instance == head.instance && kept.sequence == head.sequence && kept.hash == head.hash &&
        kept.signature == head.signature) {
      return;
    }
  }
  if (!verifyAuditHead(head.instance, head.sequence, head.hash, head.signature, auditKey)) {
    kj::throwFatalException(makeFailure(ErrorCode::RECORD_REFUSED, "an audit head is not signed by this vault"));
  }
  for (auto& kept : heads) {
    if (kept.instance != head.instance) continue;
    if (kept.sequence == head.sequence && kept.hash != head.hash) {
      kj::throwFatalException(makeFailure(ErrorCode::RECORD_REFUSED, "two audit heads of one sequence differ"));
    }
    if (kept.sequence < head.sequence) kept = head;
    return;
  }
  heads.add(head);
}

kj::Maybe<const AuditHead&> AuditHeads::of(const Id& instance) const {
  for (auto& kept : heads) {
    if (kept.instance == instance) return kept;
  }
  return nullptr;
}

}  // namespace waas::client
