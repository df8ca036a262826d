#include "client/lib/audit-chain.h"

#include <gtest/gtest.h>
#include <kj/debug.h>

#include "fake-vault.h"

namespace waas::client {
namespace {

struct Chain : testing::Test {
  test::FakeVault vault;
  Id instance{1, 2, 3};
  std::vector<test::FakeVault::Record> records = vault.chain(instance, 30, 10);

  AuditHead headAt(size_t sequence) {
    Hash hash = auditHash(records[sequence - 1].bytes);
    return {instance, sequence, hash, vault.signHead(instance, sequence, hash)};
  }

  // What is found in `records`; all sentences in one text.
  std::string problems(kj::Maybe<const AuditHead&> kept = nullptr) {
    AuditChain chain(instance, vault.publicKeys().audit, kept);
    for (auto& r : records) {
      chain.add(kj::arrayPtr(r.bytes.data(), r.bytes.size()), kj::arrayPtr(r.head.data(), r.head.size()));
    }
    std::string all;
    for (auto& sentence : chain.finish()) all += std::string(sentence.cStr()) + "\n";
    return all;
  }
};

#define EXPECT_FOUND(text, what) EXPECT_NE((text).find(what), std::string::npos) << (text)

TEST_F(Chain, AWholeLogHasNoProblem) {
  AuditChain chain(instance, vault.publicKeys().audit, nullptr);
  for (auto& r : records) {
    chain.add(kj::arrayPtr(r.bytes.data(), r.bytes.size()), kj::arrayPtr(r.head.data(), r.head.size()));
  }
  EXPECT_EQ(chain.finish().size(), 0u);
  EXPECT_EQ(chain.records(), 30u);
  EXPECT_EQ(chain.heads(), 3u);
  EXPECT_EQ(KJ_ASSERT_NONNULL(chain.lastHead()).sequence, 30u);
  auto kept = headAt(20);
  EXPECT_EQ(problems(kept), "");
}

TEST_F(Chain, EveryChangedBitIsFound) {
  auto whole = records;
  for (size_t at : {size_t{0}, size_t{14}, size_t{28}, size_t{29}}) {
    for (size_t bit = 0; bit < AUDIT_RECORD_BYTES * 8; bit += 7) {
      records = whole;
      records[at].bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      EXPECT_NE(problems(), "") << "record " << at + 1 << " bit " << bit;
    }
  }
}

TEST_F(Chain, AGapIsFound) {
  records.erase(records.begin() + 4, records.begin() + 7);
  EXPECT_FOUND(problems(), "records 5 to 7 are missing");
}

TEST_F(Chain, OneMissingRecordIsFound) {
  records.erase(records.begin() + 4);
  EXPECT_FOUND(problems(), "record 5 is missing");
}

TEST_F(Chain, AMissingBeginningIsFound) {
  records.erase(records.begin(), records.begin() + 2);
  EXPECT_FOUND(problems(), "records 1 to 2 are missing");
}

TEST_F(Chain, ARepetitionAndAnExchangeAreFound) {
  auto whole = records;
  records.insert(records.begin() + 3, whole[2]);
  EXPECT_FOUND(problems(), "record 3 stands where record 4 should be");
  records = whole;
  std::swap(records[6], records[7]);
  EXPECT_NE(problems(), "");
}

TEST_F(Chain, ARecordOfAnotherInstanceIsFound) {
  records[5] = vault.chain(Id{9}, 30, 10)[5];
  EXPECT_FOUND(problems(), "of another instance");
}

TEST_F(Chain, RecordsThatNoHeadCoversAreFound) {
  // Somebody with the database's password can compute hashes, but not sign.
  records.back().head.clear();
  EXPECT_FOUND(problems(), "records after 20 up to 30 have no signed head");
}

TEST_F(Chain, AForgedHeadIsFound) {
  test::FakeVault other;
  auto hash = auditHash(records[29].bytes);
  auto signature = other.signHead(instance, 30, hash);
  records[29].head.assign(signature.begin(), signature.end());
  EXPECT_FOUND(problems(), "the signature at record 30 is not the vault's");
}

TEST_F(Chain, ACutTailIsFoundByTheKeptHead) {
  auto kept = headAt(25);
  records.resize(20);
  EXPECT_EQ(problems(), "") << "without a kept head it looks whole";
  EXPECT_FOUND(problems(kept), "the log was cut: it ends at 20");
  records.clear();
  EXPECT_FOUND(problems(kept), "the log was cut: it ends at 0");
}

TEST_F(Chain, AnotherHistoryIsFoundByTheKeptHead) {
  auto kept = headAt(25);
  kept.hash[0] ^= 1;
  EXPECT_FOUND(problems(kept), "record 25 is not the one that this client saw signed");
}

TEST_F(Chain, ProblemsAreBounded) {
  AuditChain chain(instance, vault.publicKeys().audit, nullptr);
  for (int i = 0; i < 1000; i++) chain.add(kj::ArrayPtr<const kj::byte>(), kj::ArrayPtr<const kj::byte>());
  EXPECT_EQ(chain.finish().size(), AuditChain::MAX_PROBLEMS);
}

}  // namespace
}  // namespace waas::client
