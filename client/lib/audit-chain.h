#pragma once
// Checks the audit log: that nothing was changed, left out or cut off.
#include <kj/string.h>
#include <kj/vector.h>

#include "audit-heads.h"

namespace waas::client {

// A row of the log as the daemon shows it. Nothing in it is believed before AuditChain has seen it.
struct AuditRow {
  kj::Array<kj::byte> record;         // protocol/audit-record.h
  kj::Array<kj::byte> headSignature;  // empty unless this record was a head
};

// Goes through the records of one instance (one life of a vault), oldest first.
//
// Finds: a record that is malformed or of another instance, a gap or a repetition in the numbers, a previous hash that
// does not fit (a changed record), a head's signature that is not the vault's, records at the end that no signed head
// covers (added by somebody else), and, against a head that the caller kept, a record that was replaced or cut off.
class AuditChain {
 public:
  // `kept`: the newest head of this instance that the caller has, if any.
  AuditChain(const Id& instance, const PublicKey& auditKey, kj::Maybe<const AuditHead&> kept);

  // The next row. Problems are collected, at most MAX_PROBLEMS of them, and the walk goes on.
  void add(kj::ArrayPtr<const kj::byte> record, kj::ArrayPtr<const kj::byte> headSignature);

  // Ends the walk. Returns what was found, one sentence each; empty when the log is whole.
  kj::Array<kj::String> finish();

  uint64_t records() const { return count; }
  uint64_t heads() const { return headCount; }
  uint64_t lastSequence() const { return sequence; }

  // The last head that was seen and verified, to be kept; null when there was none.
  kj::Maybe<const AuditHead&> lastHead() const;

  static constexpr size_t MAX_PROBLEMS = 100;

 private:
  void problem(kj::String sentence);

  Id instance;
  PublicKey auditKey;
  kj::Maybe<AuditHead> kept;
  kj::Maybe<AuditHead> newest;
  uint64_t sequence = 0;  // of the last record
  Hash previous{};        // its hash
  uint64_t count = 0, headCount = 0;
  bool keptSeen = false;
  kj::Vector<kj::String> problems;
};

}  // namespace waas::client
