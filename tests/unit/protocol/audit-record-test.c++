#include "protocol/audit-record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "protocol-vectors.h"

namespace waas {
namespace {

template <size_t N, size_t M>
std::array<uint8_t, N> arrayOf(const uint8_t (&bytes)[M]) {
  static_assert(N == M);
  std::array<uint8_t, N> out;
  std::copy(bytes, bytes + M, out.begin());
  return out;
}

TEST(AuditRecord, ReadsTheDocumentedBytes) {
  AuditRecord r;
  ASSERT_TRUE(r.parse(vectors::AUDIT_RECORD_1));
  EXPECT_EQ(r.event, AuditEvent::TRANSACTION_SIGNED);
  EXPECT_EQ(r.instance[0], 0x50);
  EXPECT_EQ(r.sequence, 1u);
  EXPECT_EQ(r.previous, Hash{});
  EXPECT_EQ(r.time, 1'700'000'000'000u);
  EXPECT_EQ(r.caller.kind, OwnerId::Kind::USER);
  EXPECT_EQ(r.caller.id[0], 0x30);
  EXPECT_EQ(r.uid, 997u);
  EXPECT_EQ(r.walletId[0], 0x10);
  EXPECT_EQ(r.epoch, 7u);
  EXPECT_EQ(r.policy, 0u);

  AuditRecord second;
  ASSERT_TRUE(second.parse(vectors::AUDIT_RECORD_2));
  EXPECT_EQ(second.previous, auditHash(vectors::AUDIT_RECORD_1));
  EXPECT_EQ(second.uid, 0xfffffffeu);
  EXPECT_EQ(second.epoch, uint64_t{1} << 40);
  EXPECT_EQ(second.policy, 3u);
}

TEST(AuditRecord, WritesTheSameBytesAgain) {
  AuditRecord r;
  ASSERT_TRUE(r.parse(vectors::AUDIT_RECORD_2));
  std::array<uint8_t, AUDIT_RECORD_BYTES> out;
  r.write(out);
  EXPECT_TRUE(std::ranges::equal(out, vectors::AUDIT_RECORD_2));
}

TEST(AuditRecord, RefusesOtherSizesVersionsAndEvents) {
  AuditRecord r;
  std::vector<uint8_t> bytes(std::begin(vectors::AUDIT_RECORD_1), std::end(vectors::AUDIT_RECORD_1));
  for (size_t size = 0; size < bytes.size(); size++) EXPECT_FALSE(r.parse(Bytes(bytes).first(size))) << size;
  auto longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(r.parse(longer));
  for (int version : {0, 2, 255}) {
    auto changed = bytes;
    changed[0] = static_cast<uint8_t>(version);
    EXPECT_FALSE(r.parse(changed)) << version;
  }
  for (int event = 0; event < 256; event++) {
    auto changed = bytes;
    changed[1] = static_cast<uint8_t>(event);
    bool known = auditEventName(static_cast<AuditEvent>(event)) != "unknown";
    EXPECT_EQ(r.parse(changed), known) << "what can be read has a name: " << event;
  }
}

TEST(AuditRecord, EventsHaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  size_t count = 0;
  for (int event = 0; event < 256; event++) {
    auto name = auditEventName(static_cast<AuditEvent>(event));
    if (name == "unknown") continue;
    names.insert(name);
    count++;
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), name.npos) << name;
  }
  EXPECT_EQ(names.size(), count);
  EXPECT_GE(count, 6u);
}

TEST(AuditHead, VerifiesTheSignatureThatOpensslMade) {
  auto key = arrayOf<32>(vectors::AUDIT_KEY);
  auto hash = arrayOf<32>(vectors::AUDIT_HASH_2);
  AuditRecord r;
  ASSERT_TRUE(r.parse(vectors::AUDIT_RECORD_2));
  EXPECT_EQ(auditHash(vectors::AUDIT_RECORD_2), hash);
  EXPECT_TRUE(verifyAuditHead(r.instance, 2, hash, vectors::AUDIT_HEAD_2, key));

  Id otherInstance = r.instance;
  otherInstance[0] ^= 1;
  Hash otherHash = hash;
  otherHash[31] ^= 1;
  EXPECT_FALSE(verifyAuditHead(otherInstance, 2, hash, vectors::AUDIT_HEAD_2, key));
  EXPECT_FALSE(verifyAuditHead(r.instance, 3, hash, vectors::AUDIT_HEAD_2, key));
  EXPECT_FALSE(verifyAuditHead(r.instance, 2, otherHash, vectors::AUDIT_HEAD_2, key));
  EXPECT_FALSE(verifyAuditHead(r.instance, 2, hash, Bytes(vectors::AUDIT_HEAD_2).first(63), key));
  EXPECT_FALSE(verifyAuditHead(r.instance, 2, hash, vectors::AUDIT_HEAD_2, arrayOf<32>(vectors::ANSWER_KEY)));
}

}  // namespace
}  // namespace waas
