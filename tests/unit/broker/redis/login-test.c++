// Who the broker is towards Redis, and whether the server is the one that was meant.
#include "redis-fixture.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;

using RedisLoginTest = RedisTest;

TEST_F(RedisLoginTest, AclUserWithTheDocumentedRightsCanDoEverything) {
  testing::PrivateRedis server({.user = "waas@broker:1", .password = "p@ss:w/rd %"});
  connect(optionsFor(server.url()));
  auto id = sampleId(1);
  store->put(id, {1, 1}, sampleBytes(SHARE_ENVELOPE_BYTES, 1), 50 * kj::SECONDS).wait(io.waitScope);
  EXPECT_EQ(store->shares(id).wait(io.waitScope).fields.size(), 1u);
  EXPECT_FALSE(store->expiry(id).wait(io.waitScope) == nullptr);
  store->remove(id, {1, 1}).wait(io.waitScope);
  EXPECT_EQ(store->health().runId.size(), 40u);
}

TEST_F(RedisLoginTest, UserWhoMayNotAskForHealthIsServed) {
  testing::PrivateRedis server({.user = "u", .password = "p", .rights = "+hgetall ~mpc:share:*"});
  connect(optionsFor(server.url()));
  EXPECT_EQ(store->shares(sampleId(1)).wait(io.waitScope).fields.size(), 0u);
  EXPECT_EQ(store->health().runId.size(), 0u);
  EXPECT_EQ(codeOf(store->expiry(sampleId(1))), code(ErrorCode::REDIS_UNREACHABLE));
  // A refused part of a transaction refuses the whole, and leaves the connection in step.
  EXPECT_EQ(codeOf(store->put(sampleId(1), {1, 1}, sampleBytes(SHARE_ENVELOPE_BYTES, 1), 50 * kj::SECONDS)),
            code(ErrorCode::REDIS_UNREACHABLE));
  EXPECT_EQ(store->shares(sampleId(1)).wait(io.waitScope).fields.size(), 0u);
}

TEST_F(RedisLoginTest, TransactionWithARefusedCommandWritesNothing) {
  testing::PrivateRedis server({.user = "u", .password = "p", .rights = "+hgetall +hset +multi +exec ~mpc:share:*"});
  connect(optionsFor(server.url()));
  EXPECT_EQ(codeOf(store->put(sampleId(1), {1, 1}, sampleBytes(SHARE_ENVELOPE_BYTES, 1), 50 * kj::SECONDS)),
            code(ErrorCode::REDIS_UNREACHABLE));
  EXPECT_EQ(store->shares(sampleId(1)).wait(io.waitScope).fields.size(), 0u);
}

TEST_F(RedisLoginTest, PasswordOfACredentialWinsOverTheUrls) {
  testing::PrivateRedis server({.password = "right"});
  auto options = optionsFor("unix://:wrong@" + server.socket());
  options.password = kj::str("right");
  connect(kj::mv(options));
  EXPECT_EQ(store->shares(sampleId(1)).wait(io.waitScope).fields.size(), 0u);
}

TEST_F(RedisLoginTest, WrongPasswordIsToldToTheLogAndNeverTheWord) {
  testing::PrivateRedis server({.password = "right"});
  expectRefused(optionsFor("unix://:sesame@" + server.socket()), "WRONGPASS");
  EXPECT_EQ(observer.text().find("sesame"), std::string::npos);
}

TEST_F(RedisLoginTest, MissingPasswordIsRefused) {
  testing::PrivateRedis server({.password = "right"});
  expectRefused(optionsFor("unix://" + server.socket()), "NOAUTH");
}

TEST_F(RedisLoginTest, DatabaseOfTheUrlIsSelected) {
  testing::PrivateRedis server;
  connect(optionsFor(server.url() + "?db=3"));
  store->put(sampleId(1), {1, 1}, sampleBytes(SHARE_ENVELOPE_BYTES, 1), 50 * kj::SECONDS).wait(io.waitScope);
  EXPECT_EQ(server.command({"-n", "3", "DBSIZE"}), "1\n");
  EXPECT_EQ(server.command({"-n", "0", "DBSIZE"}), "0\n");
}

TEST_F(RedisLoginTest, UnreadableUrlsAreRefusedWithoutQuotingThem) {
  for (const char* url : {"http://sesame/", "redis://", "redis://u:sesame@", "redis://sesame:99999",
                          "redis://sesame:1x", "redis://h/sesame", "unix://relative", "unix://u:sesame@/s?database=1",
                          "redis://%zz:sesame@h", "redis://a b", "", "redis://[::1", "rediss://u:%00sesame@h"}) {
    KJ_IF_MAYBE (e, kj::runCatchingExceptions([&]() { connectWithoutWaiting(optionsFor(url)); })) {
      EXPECT_EQ(faultOf(*e).code, ErrorCode::INVALID_REQUEST) << url;
      EXPECT_EQ(std::string(e->getDescription().cStr()).find("sesame"), std::string::npos);
    } else {
      ADD_FAILURE() << "accepted " << url;
    }
  }
}

class RedisTlsTest : public RedisTest {
 protected:
  RedisOptions tlsOptions(const std::string& url, const std::string& caFile) {
    auto options = optionsFor(url);
    options.caFile = kj::str(caFile.c_str());
    return options;
  }
  testing::TestAuthority authority{"localhost"};
  testing::PrivateRedis server{{.tls = &authority, .password = "word"}};
};

TEST_F(RedisTlsTest, TrustedServerIsSpokenToEncrypted) {
  connect(tlsOptions(server.tlsUrl(), authority.caFile()));
  kj::Vector<kj::Promise<void>> writes;
  for (uint64_t n = 0; n < 500; n++) {
    writes.add(store->put(sampleId(n), {1, n}, sampleBytes(SHARE_ENVELOPE_BYTES, n), 50 * kj::SECONDS));
  }
  for (auto& w : writes) w.wait(io.waitScope);
  kj::Vector<kj::Promise<ShareHash>> reads;
  for (uint64_t n = 0; n < 500; n++) reads.add(store->shares(sampleId(n)));
  for (uint64_t n = 0; n < 500; n++) {
    auto fields = reads[n].wait(io.waitScope);
    ASSERT_EQ(fields.fields.size(), 1u);
    EXPECT_EQ(fields.fields[0].version.tag, n);
  }
}

TEST_F(RedisTlsTest, BundleOfManyAuthoritiesIsUnderstood) {
  testing::TemporaryFolder folder;
  testing::TestAuthority other("localhost");
  auto bundle = folder / "bundle.pem";
  testing::runProgram({"sh", "-c",
                       "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do cat " + other.caFile() + "; done > " + bundle +
                           "; cat " + authority.caFile() + " >> " + bundle});
  connect(tlsOptions(server.tlsUrl(), bundle));
  EXPECT_EQ(codeOf(store->shares(sampleId(1))), -1);
}

TEST_F(RedisTlsTest, ServerOfAnotherAuthorityIsRefused) {
  testing::TestAuthority other("localhost");
  expectRefused(tlsOptions(server.tlsUrl(), other.caFile()), "TLS peer's certificate is not trusted");
}

TEST_F(RedisTlsTest, SystemsAuthoritiesDoNotVouchForAPrivateOne) {
  expectRefused(optionsFor(server.tlsUrl()), "TLS peer's certificate is not trusted");
}

TEST_F(RedisTlsTest, ServerOfAnotherNameIsRefused) {
  expectRefused(tlsOptions(server.tlsUrl("127.0.0.1"), authority.caFile()), "ostname");
}

TEST_F(RedisTlsTest, OldProtocolVersionsAreRefused) {
  testing::PrivateRedis old(
      {.tls = &authority, .settings = {"tls-protocols \"TLSv1.1\"", "tls-ciphers DEFAULT@SECLEVEL=0"}});
  connectWithoutWaiting(tlsOptions(old.tlsUrl(), authority.caFile()));
  turnUntil([&] { return observer.lost >= 1; }, "an old version is not refused");
  EXPECT_EQ(observer.connected, 0);
}

TEST_F(RedisTlsTest, MissingCaFileIsRefusedAtTheStart) {
  EXPECT_ANY_THROW(connectWithoutWaiting(tlsOptions(server.tlsUrl(), "/nonexistent")));
  testing::TemporaryFolder folder;
  testing::runProgram({"sh", "-c", "echo nonsense > " + folder / "ca"});
  EXPECT_ANY_THROW(connectWithoutWaiting(tlsOptions(server.tlsUrl(), folder / "ca")));
}

}  // namespace
}  // namespace waas::broker
