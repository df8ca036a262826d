#pragma once
// An event loop, an observer that remembers, and rows of the right form, for tests of the stores.
#include <daemon/broker/fault.h>
#include <daemon/broker/rows.h>
#include <daemon/broker/store-health.h>
#include <gtest/gtest.h>
#include <kj/async-io.h>
#include <kj/async-unix.h>
#include <servers.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace waas::broker {

// Remembers what it was told.
class RecordingObserver final : public StoreObserver {
 public:
  void storeConnected(kj::StringPtr) override { connected++; }
  void storeLost(kj::StringPtr, kj::StringPtr reason) override {
    lost++;
    reasons.emplace_back(reason.cStr());
  }

  // All reasons in one text.
  std::string text() const {
    std::string all;
    for (auto& r : reasons) all += r + "\n";
    return all;
  }

  int connected = 0;
  int lost = 0;
  std::vector<std::string> reasons;
};

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() = default;
  ~StoreTest() noexcept override {}  // GoogleTest's is noexcept, KJ's objects' are not

  // Runs the loop until the condition holds; fails the test after 20 s.
  template <typename Condition>
  void turnUntil(Condition&& condition, const char* what) {
    auto end = io.provider->getTimer().now() + 20 * kj::SECONDS;
    while (!condition()) {
      io.provider->getTimer().afterDelay(2 * kj::MILLISECONDS).wait(io.waitScope);
      ASSERT_LT((io.provider->getTimer().now() - end) / kj::MILLISECONDS, 0) << what;
    }
  }

  // Gives the code of the fault that a promise ends in; UNKNOWN - 1 when it succeeds.
  template <typename T>
  int codeOf(kj::Promise<T> promise) {
    int code = -1;
    KJ_IF_MAYBE (e, kj::runCatchingExceptions([&]() { promise.wait(io.waitScope); })) {
      code = static_cast<int>(faultOf(*e).code);
    }
    return code;
  }

  kj::Duration since(kj::TimePoint start) { return io.provider->getTimer().now() - start; }
  kj::TimePoint now() { return io.provider->getTimer().now(); }

  kj::AsyncIoContext io = kj::setupAsyncIo();
  RecordingObserver observer;
};

inline int code(protocol::ErrorCode c) { return static_cast<int>(c); }

inline Id sampleId(uint64_t n) {
  Id id{};
  std::mt19937_64 random(n);
  for (auto& b : id) b = static_cast<uint8_t>(random());
  return id;
}

inline kj::Array<kj::byte> sampleBytes(size_t size, uint64_t seed) {
  auto out = kj::heapArray<kj::byte>(size);
  std::mt19937_64 random(seed);
  for (auto& b : out) b = static_cast<kj::byte>(random());
  return out;
}

inline OwnerId user(const Id& id) { return {OwnerId::Kind::USER, id}; }
inline OwnerId service(const Id& id) { return {OwnerId::Kind::SERVICE, id}; }

// A wallet whose every byte follows from its number.
inline WalletRow sampleWallet(uint64_t n, const OwnerId& owner, const std::string& name, bool first = false) {
  WalletRow row;
  row.walletId = sampleId(n);
  Certificate certificate;
  certificate.walletId = row.walletId;
  certificate.owner = owner;
  auto key = sampleBytes(32, n + 1'000'000'007);
  memcpy(certificate.publicKey.data(), key.begin(), 32);
  certificate.first = first;
  certificate.createdAt = 1'700'000'000'000;
  certificate.name = name;
  uint8_t bytes[MAX_CERTIFICATE_BYTES];
  row.certificate = kj::heapArray<kj::byte>(bytes, certificate.write(bytes));
  row.signature.fill(static_cast<uint8_t>(n));
  row.mac.fill(static_cast<uint8_t>(n >> 8));
  row.version = {1 + n % 5, n * 0x9e3779b97f4a7c15};
  row.expiresAt = 1'800'000'000'000 + n;
  row.share = sampleBytes(SHARE_ENVELOPE_BYTES, n + 3);
  row.recovery = sampleBytes(RECOVERY_ENVELOPE_BYTES, n + 4);
  return row;
}

inline AccountRow sampleAccount(uint64_t n) {
  AccountRow row;
  row.userId = sampleId(n + 5'000'000'000);
  row.email = kj::str("person", n, "@example.org");
  row.version = 1;
  row.record = sampleBytes(120, n);
  return row;
}

inline AuditRow sampleAudit(const Id& instance, uint64_t sequence) {
  AuditRecord record;
  record.event = AuditEvent::TRANSACTION_SIGNED;
  record.instance = instance;
  record.sequence = sequence;
  AuditRow row;
  row.instance = instance;
  row.sequence = sequence;
  record.write(row.record);
  return row;
}

inline void expectSame(const WalletRow& got, const WalletRow& want) {
  EXPECT_EQ(got.walletId, want.walletId);
  EXPECT_TRUE(got.certificate.asPtr() == want.certificate.asPtr());
  EXPECT_EQ(got.signature, want.signature);
  EXPECT_EQ(got.mac, want.mac);
  EXPECT_EQ(got.version, want.version);
  EXPECT_EQ(got.expiresAt, want.expiresAt);
  EXPECT_TRUE(got.share.asPtr() == want.share.asPtr());
  EXPECT_EQ(got.recovery.size(), 0u);
}

}  // namespace waas::broker
