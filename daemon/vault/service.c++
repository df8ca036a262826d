#include "daemon/vault/service.h"

#include "protocol/email.h"

namespace waas::vault {
namespace {

Id randomId(Random& random) {
  Id id;
  random.fill(id);
  return id;
}

}  // namespace

Service::Service(const Config& config, const Keyring& keyring, Random& random, const Clock& clock,
                 const StartFacts& facts, size_t auditRing, size_t maxPeers, size_t usedChallenges,
                 size_t rememberedFloors)
    : config(config),
      keyring(keyring),
      random(random),
      clock(clock),
      facts(facts),
      instance(randomId(random)),
      peers(maxPeers),
      audit(auditRing, instance, clock),
      challenges(usedChallenges, instance, keyring),
      attempts(WATCHED_ACCOUNTS),
      floors(rememberedFloors),
      policy(config) {
  AccountRecord record;
  record.verifierKey = keyring.newest(Purpose::VERIFIER).version();
  random.fill(record.verifier.fill(SecretAccess::here()));
  nobody = AccountRow{randomId(random), "nobody@nowhere", 1, nobodyRecord};
  // Should this fail, sign-ins for unknown accounts say recordRefused, and the tests notice.
  (void)sealAccount(keyring, {nobody.userId, nobody.version, nobody.email}, record, random, nobodyRecord);
}

void Counters::count(ErrorCode code) {
  switch (code) {
    case ErrorCode::NOT_ALLOWED:
    case ErrorCode::INVALID_CREDENTIALS:
    case ErrorCode::TOO_MANY_ATTEMPTS:
    case ErrorCode::SESSION_INVALID:
    case ErrorCode::PROOF_INVALID:
    case ErrorCode::CHALLENGE_INVALID:
    case ErrorCode::UNKNOWN_WALLET:
    case ErrorCode::NOT_A_SIGNER:
    case ErrorCode::DENIED_BY_POLICY: denied++; break;
    case ErrorCode::RECORD_REFUSED:
    case ErrorCode::SHARE_MISSING:
    case ErrorCode::KEY_VERSION_UNKNOWN:
    case ErrorCode::ROLLED_BACK:
    case ErrorCode::RECOVERY_KEY_ABSENT:
    case ErrorCode::AUDIT_UNAVAILABLE:
    case ErrorCode::SIGNATURE_FAULT:
    case ErrorCode::UNKNOWN: failed++; break;
    default: refused++; break;
  }
}

AuditRecord& EventList::add(AuditEvent event, const OwnerId& caller, uid_t uid) {
  AuditRecord& record = events.at(count++);
  record = AuditRecord{};
  record.event = event;
  record.caller = caller;
  record.uid = uid;
  return record;
}

bool readAccount(rpc::Account::Reader from, AccountRow& to) {
  if (!fill(from.getUserId(), to.userId)) return false;
  to.email = view(from.getEmail());
  to.version = from.getVersion();
  to.record = view(from.getRecord());
  return isCanonicalEmail(to.email);
}

void writeAccount(rpc::Account::Builder to, const Id& userId, std::string_view email, uint64_t version, Bytes record) {
  to.setUserId(reader(userId));
  auto text = to.initEmail(static_cast<unsigned>(email.size()));
  std::copy(email.begin(), email.end(), text.begin());
  to.setVersion(version);
  to.setRecord(reader(record));
}

void writeWallet(rpc::Wallet::Builder to, const NewWallet& wallet) {
  to.setCertificate(reader(wallet.certificate()));
  to.setSignature(reader(wallet.signature));
  to.setMac(reader(wallet.mac));
  to.setEpoch(wallet.epoch);
  to.setTag(wallet.tag);
  auto shares = to.initShares(SHARES);
  for (unsigned i = 0; i < SHARES; i++) shares.set(i, reader(wallet.shares[i]));
  to.setRecovery(reader(wallet.recovery));
  to.initFloors(1).set(0, reader(wallet.floor));
}

void writeRefusal(rpc::Refusal::Builder to, const Refused& refused) {
  to.setCode(refused.code);
  std::string_view detail = refused.detail.substr(0, MAX_DETAIL_BYTES);
  auto text = to.initDetail(static_cast<unsigned>(detail.size()));
  std::copy(detail.begin(), detail.end(), text.begin());
  to.setRetryAfter(refused.retryAfterMs);
  to.setShare(refused.share);
  if (refused.code != ErrorCode::DENIED_BY_POLICY) return;
  auto rule = to.initRule(static_cast<unsigned>(refused.rule.size()));
  std::copy(refused.rule.begin(), refused.rule.end(), rule.begin());
  to.setInstruction(refused.instruction);
}

Hash sha256(Bytes bytes) {
  Hash hash;
  crypto_hash_sha256(hash.data(), bytes.data(), bytes.size());
  return hash;
}

}  // namespace waas::vault
