#include "audit-chain.h"

namespace waas::client {

AuditChain::AuditChain(const Id& instance, const PublicKey& auditKey, kj::Maybe<const AuditHead&> keptHead)
    : instance(instance), auditKey(auditKey) {
  KJ_IF_MAYBE (head, keptHead) kept = *head;
}

void AuditChain::add(kj::ArrayPtr<const kj::byte> bytes, kj::ArrayPtr<const kj::byte> headSignature) {
  Bytes raw(bytes.begin(), bytes.size());
  AuditRecord record;
  uint64_t expected = sequence + 1;
  count++;
  if (!record.parse(raw) || record.instance != instance) {
    problem(kj::str("the record after ", sequence, " is malformed or of another instance"));
    return;
  }
  if (record.sequence != expected) {
    problem(record.sequence == expected + 1 ? kj::str("record ", expected, " is missing")
            : record.sequence > expected
                ? kj::str("records ", expected, " to ", record.sequence - 1, " are missing")
                : kj::str("record ", record.sequence, " stands where record ", expected, " should be"));
  } else if (record.previous != previous) {
    problem(kj::str("record ", expected, " does not follow the one before: one of the two was changed"));
  }
  sequence = record.sequence;
  previous = auditHash(raw);

  if (headSignature.size() > 0) {
    Bytes signature(headSignature.begin(), headSignature.size());
    if (verifyAuditHead(instance, sequence, previous, signature, auditKey)) {
      AuditHead head{instance, sequence, previous, {}};
      memcpy(head.signature.data(), signature.data(), signature.size());
      newest = head;
      headCount++;
    } else {
      problem(kj::str("the signature at record ", sequence, " is not the vault's"));
    }
  }
  KJ_IF_MAYBE (head, kept) {
    if (head->sequence == sequence) {
      keptSeen = true;
      if (head->hash != previous) problem(kj::str("record ", sequence, " is not the one that this client saw signed"));
    }
  }
}

kj::Array<kj::String> AuditChain::finish() {
  uint64_t covered = 0;
  KJ_IF_MAYBE (head, newest) covered = head->sequence;
  if (covered < sequence) problem(kj::str("records after ", covered, " up to ", sequence, " have no signed head"));
  KJ_IF_MAYBE (head, kept) {
    if (!keptSeen && head->sequence > sequence) {
      problem(
          kj::str("the log was cut: it ends at ", sequence, ", this client saw record ", head->sequence, " signed"));
    }
  }
  return problems.releaseAsArray();
}

kj::Maybe<const AuditHead&> AuditChain::lastHead() const {
  KJ_IF_MAYBE (head, newest) return *head;
  return nullptr;
}

void AuditChain::problem(kj::String sentence) {
  if (problems.size() < MAX_PROBLEMS) problems.add(kj::mv(sentence));
}

}  // namespace waas::client
